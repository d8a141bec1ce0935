package main

import (
	"cmp"
	"context"
	"os"

	"github.com/bare-go/bare"
)

// docs:start info
// loadSettings has a handler put what the others need into the Info.
func loadSettings(info *bare.Info) bare.LifespanHandler {
	return func(context.Context) error {
		info.Set("name", cmp.Or(os.Getenv("GREETER_NAME"), "World"))
		return nil
	}
}

func greet(request *bare.HttpRequest) bare.HttpResponse {
	name, _ := request.Info.Get("name").(string)
	return bare.TextResponse(200, "Hello, "+name+"!\n")
}

// docs:end info

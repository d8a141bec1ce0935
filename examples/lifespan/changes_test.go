package main

import (
	"cmp"
	"context"
	"os"

	"github.com/bare-go/bare"
)

// newSettingsApp is newApp after the change that the chapter shows.

// docs:start settings
func newSettingsApp(path string) *bare.Application {
	l := lock{path}
	app := bare.NewApplication()
	app.OnStartup(loadSettings(app.Info))
	app.OnStartup(l.take)
	app.OnShutdown(l.giveBack)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", greet)
	return app
}

// docs:end settings

// docs:start info
// loadSettings returns a handler that puts what the others need into the Info.
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

// Simple_rest keeps some information that clients read with GET and change with POST.
// Run it with
//
//	go run ./examples/simple_rest
//
// and ask it:
//
//	curl http://localhost:9009/info

// docs:start program
package main

import (
	"maps"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.OnError = problem
	app.Info.Set("name", "Michael Caine")
	app.HttpRouter.Add(bare.Methods{"GET"}, "/info", getInfo)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/info", setInfo)
	return app
}

func getInfo(request *bare.HttpRequest) bare.HttpResponse {
	return bare.JSONResponse(200, maps.Collect(request.Info.All()))
}

func setInfo(request *bare.HttpRequest) bare.HttpResponse {
	var changes map[string]any
	if err := request.JSON(&changes); err != nil {
		return bare.ErrorResponse(err)
	}
	for key, value := range changes {
		request.Info.Set(key, value)
	}
	return bare.HttpResponse{Status: 204}
}

// problem tells clients in JSON what went wrong, as all of them are programs.
func problem(_ *bare.HttpRequest, err error) bare.HttpResponse {
	return bare.ProblemResponse(err)
}

// docs:end program

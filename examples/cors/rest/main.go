// Rest keeps some information, and sends the time, to the pages of one other origin: that
// of the page's server beside it. Run it with
//
//	go run ./examples/cors/rest

// docs:start program
package main

import (
	"maps"
	"time"

	"github.com/rs/cors"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/sse"
)

func main() {
	bare.Main(newApp(), "localhost:9010")
}

func newApp() *bare.Application {
	shared := cors.New(cors.Options{AllowedOrigins: []string{"http://localhost:9009"}})
	app := bare.NewApplication()
	app.Wrap(shared.Handler)
	app.Info.Set("name", "Michael Caine")
	api := app.Group("/api")
	api.Add(bare.Methods{"GET"}, "/info", getInfo)
	api.Add(bare.Methods{"POST"}, "/info", setInfo)
	api.Add(bare.Methods{"GET"}, "/clock", clock)
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

func clock(request *bare.HttpRequest) bare.HttpResponse {
	return sse.Response(request, func(yield func(sse.Event) bool) {
		for now := range request.Every(time.Second) {
			if !yield(sse.Event{Data: []byte(now.Format(time.TimeOnly))}) {
				return
			}
		}
	}, sse.Options{})
}

// docs:end program

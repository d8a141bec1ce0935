package main

import (
	"github.com/rs/cors"

	"github.com/bare-go/bare"
)

// The function here is newApp after the change that the chapter shows.

// docs:start group
func newGroupApp() *bare.Application {
	shared := cors.New(cors.Options{AllowedOrigins: []string{"http://localhost:9009"}})
	app := bare.NewApplication()
	app.Info.Set("name", "Michael Caine")
	api := app.Group("/api", bare.FromHTTPMiddleware(shared.Handler))
	api.Add(bare.Methods{"GET"}, "/info", getInfo)
	api.Add(bare.Methods{"POST"}, "/info", setInfo)
	api.Add(bare.Methods{"GET"}, "/clock", clock)
	return app
}

// docs:end group

// Local_middleware has middlewares around some routes only: a rate limit around a
// login, a key around a group, and limits of its own around an upload.
//
//	go run ./examples/local_middleware
//	curl -d name=ada http://localhost:9009/login
//	curl -i http://localhost:9009/admin/events
//	curl -N -H 'X-Key: secret' http://localhost:9009/admin/events
//	head -c 2000000 /dev/zero | curl -H 'X-Key: secret' -T - http://localhost:9009/admin/upload
package main

import (
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/middleware"
)

// key is what /admin asks for. A program that is in use reads it from its environment.
const key = "secret"

func main() { bare.Main(newApp(), "localhost:9009") }

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.BodyLimit = 1 << 20 // 1 MiB, for all routes but one

	// Around one route: at most five attempts a minute from one address.
	attempts := middleware.RateLimit{Requests: 5, Per: time.Minute}.Middleware()
	app.HttpRouter.Add(bare.Methods{"POST"}, "/login", bare.Chain(login, attempts))

	// Around a group, and so around all paths below /admin, also those that are not
	// there.
	admin := app.Group("/admin", requireKey)
	admin.Add(bare.Methods{"GET"}, "/events", events)

	// Around a route of the group, inside the group's own: up to 1 GiB.
	large := middleware.BodyLimits{Body: 1 << 30}.Middleware()
	admin.Add(bare.Methods{"PUT"}, "/upload", bare.Chain(upload, large))
	return app
}

// requireKey is a middleware that answers by itself when the key is missing.
func requireKey(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	given := request.Scope.Header.Get("X-Key")
	if subtle.ConstantTimeCompare([]byte(given), []byte(key)) == 0 {
		return bare.ErrorResponse(&bare.HttpError{Status: 403, Message: "The key is missing or wrong."})
	}
	return handler(request)
}

func login(request *bare.HttpRequest) bare.HttpResponse {
	form, err := request.Form()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.TextResponse(200, "Hello, "+form.Get("name")+"!\n")
}

// events sends the time each second.
func events(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			for now := range request.Every(time.Second) {
				if !yield(now.UTC().AppendFormat(nil, "data: 15:04:05\n\n")) {
					return
				}
			}
		},
	}
}

// upload counts what it is sent, as it comes.
func upload(request *bare.HttpRequest) bare.HttpResponse {
	size := 0
	for chunk, err := range request.Body {
		if err != nil {
			return bare.ErrorResponse(err)
		}
		size += len(chunk)
	}
	return bare.TextResponse(200, fmt.Sprintln(size, "bytes"))
}

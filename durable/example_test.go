package durable_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/durable"
)

func ExampleNew() {
	app := bare.NewApplication()
	durable.New(durable.Options{
		Authorize: func(request *bare.HttpRequest, action durable.Action, stream string) error {
			user, _, _ := request.Scope.BasicAuth() // which a middleware has checked
			if action == durable.Read || user != "" && strings.HasPrefix(stream, user+"/") {
				return nil // everybody may read, and write what is their own
			}
			return &bare.HttpError{Status: http.StatusForbidden, Message: "This stream is somebody else's."}
		},
	}).Register(app.Group("/v1/stream"))

	handler, matches := app.HttpRouter.Resolve("PUT", "/v1/stream/ada/notes")
	for _, user := range []string{"ada", "bob"} {
		request := baretest.NewRequest("PUT", "/v1/stream/ada/notes", nil)
		request.Matches = matches
		request.Scope.SetBasicAuth(user, "")
		fmt.Println(user, handler(request).Status)
	}

	// Output:
	// ada 201
	// bob 403
}

func ExampleHandler_Append() {
	streams := durable.New(durable.Options{})
	app := bare.NewApplication()
	streams.Register(app.Group("/v1/stream"))

	// The program writes, and clients read, at the same time or later.
	ctx := context.Background()
	if err := streams.Create(ctx, "answers/1", "text/plain"); err != nil {
		fmt.Println(err)
	}
	for _, token := range []string{"Hello, ", "streams", "!"} {
		if _, err := streams.Append(ctx, "answers/1", []byte(token)); err != nil {
			fmt.Println(err)
		}
	}
	if _, err := streams.Close(ctx, "answers/1", nil); err != nil {
		fmt.Println(err)
	}

	handler, matches := app.HttpRouter.Resolve("GET", "/v1/stream/answers/1")
	request := baretest.NewRequest("GET", "/v1/stream/answers/1", nil)
	request.Matches = matches
	response := handler(request)
	fmt.Println(strings.Join(baretest.Chunks(response.Body, -1), ""))
	fmt.Println("closed:", response.Headers.Get("Stream-Closed"))

	// Output:
	// Hello, streams!
	// closed: true
}

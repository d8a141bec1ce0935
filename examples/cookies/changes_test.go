package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/templates"
)

// What is before the tests is what the chapter adds to the program.

// docs:start accept
func showName(request *bare.HttpRequest) bare.HttpResponse {
	name := readCookie(request, "first_name", "Michael")
	var response bare.HttpResponse
	switch request.Accepts("text/plain", "application/json") {
	case "text/plain":
		response = bare.TextResponse(200, name+"\n")
	case "application/json":
		response = bare.JSONResponse(200, map[string]string{"first_name": name})
	default:
		response = bare.ErrorResponse(&bare.HttpError{Status: 406})
	}
	return response.AddHeader("vary", "Accept").WithHeader("cache-control", "no-store")
}

// docs:end accept

func TestTheRouteOfTheChapter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := baretest.NewServer(t, newRoutesApp()).Get("/name").Rest(); got != "Michael\n" {
			t.Errorf("got %q", got)
		}
	})
}

func TestTheNameIsSentAsTheClientLikes(t *testing.T) {
	tests := []struct {
		name    string
		headers http.Header
		status  int
		text    string
	}{
		{"anything", bare.Headers("accept", "*/*"), 200, "Michael\n"},
		{"JSON", bare.Headers("accept", "text/plain;q=0.5, application/json", "cookie", "first_name=Ada"), 200, `{"first_name":"Ada"}` + "\n"},
		{"a picture", bare.Headers("accept", "image/*"), 406, "Not Acceptable"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := baretest.NewRequest("GET", "/", nil)
			request.Scope.Header = test.headers
			response := showName(request)
			if got := strings.Join(baretest.Chunks(response.Body, -1), ""); response.Status != test.status || got != test.text {
				t.Errorf("got %d and %q, want %d and %q", response.Status, got, test.status, test.text)
			}
			if !slices.Contains(response.Headers["Vary"], "Accept") {
				t.Errorf("it varies by %q", response.Headers["Vary"])
			}
		})
	}
}

// newRoutesApp is newApp after the change that the chapter shows.

// docs:start routes
func newRoutesApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/name", showName)
	s := &site{pages: templates.New(app, templates.Config{FS: files})}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/get_form", s.getForm)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/post_form", postForm)
	return app
}

// docs:end routes

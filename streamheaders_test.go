package bare_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAStreamHasTheHeadersThatItNeeds(t *testing.T) {
	t.Parallel()
	set := bare.Headers
	tests := []struct {
		name                           string
		headers                        http.Header
		cache, accelerator, increments string // each as "|" joins its values
	}{
		{"an event stream", set("content-type", "text/event-stream"), "no-cache", "no", "?1"},
		{"one with a parameter", set("content-type", "text/event-stream; charset=utf-8"), "no-cache", "no", "?1"},
		{"one in capitals", set("content-type", "Text/Event-Stream"), "no-cache", "no", "?1"},
		{"names in any case", http.Header{"content-type": {"text/event-stream"}, "cache-CONTROL": {"no-store"}}, "no-store", "no", "?1"},
		{"JSON lines", set("content-type", "application/x-ndjson"), "", "no", "?1"},
		{"JSON lines by another name", set("content-type", "application/jsonl"), "", "no", "?1"},
		{"what the handler sets itself", set("content-type", "text/event-stream", "cache-control", "no-store", "x-accel-buffering", "yes", "incremental", "?0"), "no-store", "yes", "?0"},
		{"an empty value is one as well", set("content-type", "text/event-stream", "cache-control", ""), "", "no", "?1"},
		{"no value leaves the header out", http.Header{"Content-Type": {"text/event-stream"}, "X-Accel-Buffering": nil, "Incremental": {}}, "no-cache", "", ""},
		{"two values", set("content-type", "text/event-stream", "cache-control", "no-store", "cache-control", "private"), "no-store|private", "no", "?1"},
		{"no stream", set("content-type", "application/json"), "", "", ""},
		{"no type", nil, "", "", ""},
		{"a type that only begins like one", set("content-type", "text/event-streams"), "", "", ""},
	}
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		for _, test := range tests {
			before := test.headers.Clone()
			app, log := respond(bare.HttpResponse{Headers: test.headers, Body: bare.TextWriter(":\n\n")})
			server := serve(t, protocol, app)
			for _, method := range []string{"GET", "HEAD"} {
				header := ask(t, server, method, "/").Response.Header
				for name, want := range map[string]string{"Cache-Control": test.cache, "X-Accel-Buffering": test.accelerator, "Incremental": test.increments} {
					if got := strings.Join(header[name], "|"); got != want {
						t.Errorf("%s: %s: %s is %q, want %q", test.name, method, name, got, want)
					}
				}
			}
			if len(test.headers) != len(before) {
				t.Errorf("%s: the handler's map became %v", test.name, test.headers)
			}
			wantLogged(t, log)
		}
	})
}

func TestAMiddlewareDecidesAboutTheHeadersOfAStream(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := respond(bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: bare.TextWriter(":\n\n")})
		app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			response := handler(request)
			if got := len(response.Headers); got != 1 {
				t.Errorf("the middleware sees %v", response.Headers)
			}
			return response.WithHeader("cache-control", "no-store")
		}}
		outer := bare.NewApplication() // a handler of net/http around the application
		outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Incremental", "?0")
			app.ServeHTTP(w, r)
		}))
		header := serve(t, protocol, outer).Get("/").Response.Header
		if header.Get("Cache-Control") != "no-store" || header.Get("X-Accel-Buffering") != "no" || header.Get("Incremental") != "?0" {
			t.Errorf("the headers are %v", header)
		}
	})
}

func TestAStreamThatFailsAtOnceHasNoHeadersOfAStream(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			response := failAtOnce(func() error { return errSecret })
			return response.WithHeader("content-type", "text/event-stream")
		})
		header := serve(t, protocol, app).Get("/").Response.Header
		if header.Get("Cache-Control") != "" || header.Get("X-Accel-Buffering") != "" || header.Get("Incremental") != "" {
			t.Errorf("the headers are %v", header)
		}
	})
}

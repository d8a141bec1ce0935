package main

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// silent changes the session in the handler, and again in the body, when the head has
// gone. The body says nothing for an hour: the head is flushed, and nothing was written.
func silent(sessions *scs.SessionManager) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		ctx := request.Context()
		before := sessions.GetString(ctx, "said")
		sessions.Put(ctx, "said", "in the handler")
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			if before == "" {
				request.Sleep(time.Second)
				sessions.Put(ctx, "said", "in the body") // too late
				request.Sleep(time.Hour)
			}
			yield([]byte(before))
		}}
	}
}

// Each way that leads through the middleware's writer calls its WriteHeader before the
// first flush, which that writer does not see.
func TestASilentStreamHasItsSessionSavedWithItsHead(t *testing.T) {
	add := func(app *bare.Application, handler bare.HttpHandler, middlewares ...bare.HttpMiddleware) *bare.Application {
		app.HttpRouter.Add(bare.Methods{"GET"}, "/", bare.Chain(handler, middlewares...))
		return app
	}
	ways := map[string]func(sessions *scs.SessionManager, app *bare.Application) http.Handler{
		"Wrap": func(sessions *scs.SessionManager, app *bare.Application) http.Handler {
			app.Wrap(sessions.LoadAndSave)
			return add(app, silent(sessions))
		},
		"FromHTTPMiddleware": func(sessions *scs.SessionManager, app *bare.Application) http.Handler {
			return add(app, silent(sessions), bare.FromHTTPMiddleware(sessions.LoadAndSave))
		},
		"around ServeHTTP": func(sessions *scs.SessionManager, app *bare.Application) http.Handler {
			return sessions.LoadAndSave(add(app, silent(sessions)))
		},
		"around ToHTTPHandler": func(sessions *scs.SessionManager, app *bare.Application) http.Handler {
			return sessions.LoadAndSave(app.ToHTTPHandler(silent(sessions)))
		},
		"inside FromHTTPHandler": func(sessions *scs.SessionManager, app *bare.Application) http.Handler {
			return add(app, bare.FromHTTPHandler(sessions.LoadAndSave(app.ToHTTPHandler(silent(sessions)))))
		},
	}
	for name, way := range ways {
		for _, protocol := range baretest.Protocols() {
			t.Run(name+" over "+protocol.String(), func(t *testing.T) {
				sessions := newSessions()
				synctest.Test(t, func(t *testing.T) {
					app := bare.NewApplication()
					server := baretest.Config{Protocol: protocol}.NewHandlerServer(t, way(sessions, app), app)
					start := time.Now()
					head := server.Get("/").Response
					if took := time.Since(start); took > time.Millisecond {
						t.Errorf("the head took %v", took)
					}
					if len(head.Cookies()) != 1 {
						t.Fatalf("the head is %v", head.Header)
					}
					time.Sleep(time.Minute) // the body has said its own
					request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					request.AddCookie(head.Cookies()[0])
					if got := server.Do(request).Rest(); got != "in the handler" {
						t.Errorf("saved is what was said %q", got)
					}
				})
			})
		}
	}
}

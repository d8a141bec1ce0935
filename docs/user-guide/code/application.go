package code

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/bare-go/bare"
)

// docs:start info
func newShop() *bare.Application {
	app := bare.NewApplication()
	app.Info.Set("name", "Michael Caine")
	app.HttpRouter.Add(bare.Methods{"GET"}, "/name", showName)
	return app
}

func showName(request *bare.HttpRequest) bare.HttpResponse {
	name, _ := request.Info.Get("name").(string)
	return bare.TextResponse(200, "My name is "+name+".\n")
}

// docs:end info

// docs:start closure
type shop struct{ name string }

func (s *shop) showName(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, "My name is "+s.name+".\n")
}

func newShopOf(s *shop) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/name", s.showName)
	return app
}

// docs:end closure

// docs:start middleware
// identify answers 401 to unknown users, and tells the handler who a known one is.
func identify(users map[string]string) bare.HttpMiddleware {
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		user, known := users[request.Scope.Header.Get("authorization")]
		if !known {
			return bare.TextResponse(401, "Who are you?\n").WithHeader("www-authenticate", "Bearer")
		}
		request.Locals["user"] = user
		return handler(request)
	}
}

// noStore adds a header to what the handler answers.
func noStore(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	response := handler(request)
	response.Headers.Set("cache-control", "no-store")
	return response
}

func greetUser(request *bare.HttpRequest) bare.HttpResponse {
	user, _ := request.Locals["user"].(string)
	return bare.TextResponse(200, "Hello, "+user+".\n")
}

// docs:end middleware

// docs:start withcontext
type traceKey struct{}

// trace gives each request an id that everything it calls can log.
func trace(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	id := request.Scope.Header.Get("x-request-id")
	ctx := context.WithValue(request.Context(), traceKey{}, id)
	return handler(request.WithContext(ctx))
}

// docs:end withcontext

// docs:start chain
func newMembersApp(users map[string]string) *bare.Application {
	app := bare.NewApplication()
	app.Middlewares = append(app.Middlewares, noStore) // around everything
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", greeting)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/members", bare.Chain(greetUser, identify(users))) // around one route
	return app
}

// docs:end chain

// docs:start httpmiddleware
// newPublicApp has two net/http middlewares: trace (for example otelhttp) is around
// everything, and cors (for example rs/cors) around two routes. cors answers their
// preflights, which are OPTIONS.
func newPublicApp(trace, cors func(http.Handler) http.Handler) *bare.Application {
	app := bare.NewApplication()
	app.Wrap(trace)
	public := bare.FromHTTPMiddleware(cors)
	app.HttpRouter.Add(bare.Methods{"GET", "OPTIONS"}, "/greeting", bare.Chain(greeting, public))
	app.HttpRouter.Add(bare.Methods{"GET", "OPTIONS"}, "/ticks", bare.Chain(clock, public))
	return app
}

// docs:end httpmiddleware

// docs:start errors
var errNoStock = errors.New("no stock")

func buy(stock func(item string) error) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		err := stock(request.Query().Get("item"))
		if errors.Is(err, errNoStock) {
			err = &bare.HttpError{Status: 409, Message: "That is sold out.", Err: err}
		}
		if err != nil {
			return bare.ErrorResponse(err) // 409 and the message, or a plain 500
		}
		return bare.TextResponse(200, "It is yours.\n")
	}
}

// docs:end errors

// docs:start safeerror
// A quotaError chooses its own response.
type quotaError struct{ wait time.Duration }

func (e *quotaError) Error() string       { return fmt.Sprintf("the quota is used up for %v", e.wait) }
func (e *quotaError) StatusCode() int     { return http.StatusTooManyRequests }
func (e *quotaError) SafeMessage() string { return "Too much at once. Try again later." }

// docs:end safeerror

// docs:start onerror
func newAppWithErrors() *bare.Application {
	app := bare.NewApplication()
	app.OnError = func(request *bare.HttpRequest, err error) bare.HttpResponse {
		if strings.HasPrefix(request.Scope.URL.Path, "/api/") {
			return bare.ProblemResponse(err) // JSON, whatever the client accepts
		}
		return bare.ErrorResponse(err) // the default form
	}
	return app
}

// docs:end onerror

// docs:start ownform
// showError makes errors of a form of your own: it is for OnError.
func showError(_ *bare.HttpRequest, err error) bare.HttpResponse {
	known, ok := errors.AsType[*bare.HttpError](err)
	if !ok {
		known = new(bare.HttpError) // a 500 that says no more
	}
	return bare.JSONResponse(known.StatusCode(), map[string]any{"message": known.SafeMessage(), "more": known.Members})
}

// docs:end ownform

// docs:start members
func register(request *bare.HttpRequest) bare.HttpResponse {
	wrong := make(map[string]string)
	if request.Query().Get("email") == "" {
		wrong["email"] = "is missing"
	}
	if len(wrong) > 0 {
		return bare.ErrorResponse(&bare.HttpError{
			Status:  422,
			Message: "Some fields are wrong.",
			Members: map[string]any{"fields": wrong},
		})
	}
	return bare.TextResponse(201, "Welcome!\n")
}

// docs:end members

// docs:start notfound
func newAppWithPage() *bare.Application {
	app := bare.NewApplication()
	app.NotFound = func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(404, "text/html; charset=utf-8", []byte("<h1>There is no such page</h1>"))
	}
	return app
}

// docs:end notfound

// docs:start lifespan
// A store is opened when the application starts and closed when it stops.
type store interface {
	Open(ctx context.Context) error
	Close(ctx context.Context) error
	Refresh(ctx context.Context) error
}

func newAppWithStore(data store) *bare.Application {
	app := bare.NewApplication()
	app.OnStartup(data.Open)
	app.OnShutdown(data.Close)
	app.Go(func(ctx context.Context) error {
		ticker := time.NewTicker(time.Minute)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
				if err := data.Refresh(ctx); err != nil {
					return err // logged, and the task has ended
				}
			}
		}
	})
	return app
}

// docs:end lifespan

// docs:start longpoll
// newNewsApp answers /news: it holds a request until there is news.
func newNewsApp(news <-chan string) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/news", func(request *bare.HttpRequest) bare.HttpResponse {
		select {
		case text := <-news:
			return bare.TextResponse(200, text)
		case <-request.Stopping(): // the server stops: the page asks again
			return bare.HttpResponse{Status: 204}
		case <-request.Context().Done(): // the client has left
			return bare.HttpResponse{}
		}
	})
	return app
}

// docs:end longpoll

// docs:start starttask
func newAppWithWarmStore(data store) *bare.Application {
	app := bare.NewApplication()
	app.OnStartup(func(context.Context) error {
		filled := make(chan error, 1)
		app.Go(func(ctx context.Context) error { // ctx ends when the application stops
			filled <- data.Refresh(ctx)
			<-ctx.Done()
			return data.Close(context.WithoutCancel(ctx))
		})
		return <-filled // the server listens when the store is filled
	})
	return app
}

// docs:end starttask

// docs:start logger
func newLoggedApp(handler slog.Handler) *bare.Application {
	app := bare.NewApplication()
	app.Logger = slog.New(handler)
	return app
}

// docs:end logger

//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"syscall"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gofiber/fiber/v2"
	"github.com/julienschmidt/httprouter"
	"github.com/labstack/echo/v4"

	"github.com/bare-go/bare"
)

const (
	plainText = "text/plain; charset=utf-8"
	helloText = "Hello, World!"
	// The names of the contenders that the tables speak of.
	raw  = "net/http"
	ours = "bare"
	fast = "fiber"
	// alone is bare as any [http.Handler], without the timeouts of its own server,
	// which none of the others has.
	alone = "bare, in an `http.Server`"
)

// A contender serves /hello and /users/{name}; those that stream serve what
// streams.go lists, too.
type contender struct {
	name    string
	serve   func(net.Listener) error
	streams bool
}

// contenders are all of them; the first is what the others are measured against.
func contenders() []contender {
	return []contender{
		{raw, serveHandler(rawHandler()), true},
		{"httprouter", serveHandler(httprouterHandler()), false},
		{"chi", serveHandler(chiHandler()), false},
		{"gin", serveHandler(ginHandler()), false},
		{"echo", serveHandler(echoHandler()), false},
		{fast, serveFiber, true},
		{alone, serveHandler(bareApplication()), false},
		{ours, serveBare, true},
	}
}

func contenderNamed(name string) (contender, error) {
	for _, c := range contenders() {
		if c.name == name {
			return c, nil
		}
	}
	return contender{}, fmt.Errorf("there is no contender %q", name)
}

func serveHandler(handler http.Handler) func(net.Listener) error {
	return func(listener net.Listener) error {
		server := &http.Server{Handler: handler} //nolint:gosec // no timeouts: it serves this program only
		return server.Serve(listener)
	}
}

// rawHandler is net/http with as little on top as can be: even without a mux.
func rawHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{name}", func(w http.ResponseWriter, r *http.Request) {
		writeText(w, r.PathValue("name"))
	})
	addRawStreams(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hello" {
			writeText(w, helloText)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", plainText)
	_, _ = w.Write([]byte(text)) //nolint:gosec // plain text, and a client that has left is none of its business
}

func httprouterHandler() http.Handler {
	router := httprouter.New()
	router.GET("/hello", func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) {
		writeText(w, helloText)
	})
	router.GET("/users/:name", func(w http.ResponseWriter, _ *http.Request, params httprouter.Params) {
		writeText(w, params.ByName("name"))
	})
	return router
}

func chiHandler() http.Handler {
	router := chi.NewRouter()
	router.Get("/hello", func(w http.ResponseWriter, _ *http.Request) { writeText(w, helloText) })
	router.Get("/users/{name}", func(w http.ResponseWriter, r *http.Request) {
		writeText(w, chi.URLParam(r, "name"))
	})
	return router
}

func ginHandler() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/hello", func(c *gin.Context) { c.String(http.StatusOK, helloText) })
	engine.GET("/users/:name", func(c *gin.Context) { c.String(http.StatusOK, c.Param("name")) })
	return engine
}

func echoHandler() http.Handler {
	router := echo.New()
	router.GET("/hello", func(c echo.Context) error {
		return c.Blob(http.StatusOK, plainText, []byte(helloText))
	})
	router.GET("/users/:name", func(c echo.Context) error {
		return c.Blob(http.StatusOK, plainText, []byte(c.Param("name")))
	})
	return router
}

func serveFiber(listener net.Listener) error {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/hello", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, plainText)
		return c.SendString(helloText)
	})
	app.Get("/users/:name", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, plainText)
		return c.SendString(c.Params("name"))
	})
	addFiberStreams(app)
	return app.Listener(listener)
}

// serveBare stops at SIGTERM, as bare.Main does.
func serveBare(listener net.Listener) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := bare.Server{Listener: listener}.Run(ctx, bareApplication())
	if err == nil {
		return errStopped
	}
	return err
}

// errStopped says that a contender has stopped because it was told to.
var errStopped = errors.New("stopped")

func bareApplication() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/hello", bareHello)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/users/{name}", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("Content-Type", plainText),
			Body:    bare.TextWriter(request.Matches.String("name")),
		}
	})
	addBareStreams(app)
	return app
}

// docs:start hello
func bareHello(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("Content-Type", plainText),
		Body:    bare.TextWriter(helloText),
	}
}

// docs:end hello

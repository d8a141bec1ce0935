//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"strings"
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
	mux  = "net/http, `ServeMux`"
	ours = "bare"
	fast = "fiber"
	// alone is bare as any [http.Handler], without the timeouts of its own server,
	// which none of the others has.
	alone = "bare, in an `http.Server`"
)

// A contender serves /hello and /hello/{name}; those that stream serve what
// streams.go lists, too.
type contender struct {
	name    string
	serve   func(net.Listener, *service) error
	streams bool
}

// contenders are all of them; the first is what the others are measured against.
func contenders() []contender {
	return []contender{
		{raw, serveHandler(rawHandler), true},
		{mux, serveHandler(func(*service) http.Handler { return muxHandler() }), false},
		{"httprouter", serveHandler(func(*service) http.Handler { return httprouterHandler() }), false},
		{"chi", serveHandler(func(*service) http.Handler { return chiHandler() }), false},
		{"gin", serveHandler(func(*service) http.Handler { return ginHandler() }), false},
		{"echo", serveHandler(func(*service) http.Handler { return echoHandler() }), false},
		{fast, serveFiber, true},
		{alone, serveHandler(func(s *service) http.Handler { return bareApplication(s) }), false},
		{ours, serveBare, true},
	}
}

func contenderNamed(name string) (contender, error) {
	for _, c := range append(contenders(), watched()...) {
		if c.name == name {
			return c, nil
		}
	}
	return contender{}, fmt.Errorf("there is no contender %q", name)
}

func serveHandler(handler func(*service) http.Handler) func(net.Listener, *service) error {
	return func(listener net.Listener, s *service) error {
		config, err := s.tlsConfig()
		if err != nil {
			return err
		}
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(true)
		protocols.SetUnencryptedHTTP2(s.h2c)
		server := &http.Server{Handler: handler(s), Protocols: protocols, TLSConfig: config} //nolint:gosec // no timeouts: it serves this program only
		if s.secure {
			return server.ServeTLS(listener, "", "")
		}
		return server.Serve(listener)
	}
}

// rawHandler is net/http with as little on top as can be: it has no mux, and cuts
// the name out of the path by hand.
func rawHandler(s *service) http.Handler {
	streams := http.NewServeMux()
	addRawStreams(streams, s)
	addRawFiles(streams, s)
	addRawSockets(streams)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hello" {
			writeText(w, helloText)
			return
		}
		if name, ok := strings.CutPrefix(r.URL.Path, "/hello/"); ok {
			writeText(w, name)
			return
		}
		streams.ServeHTTP(w, r)
	})
}

func muxHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /hello", func(w http.ResponseWriter, _ *http.Request) { writeText(w, helloText) })
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		writeText(w, r.PathValue("name"))
	})
	return mux
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
	router.GET("/hello/:name", func(w http.ResponseWriter, _ *http.Request, params httprouter.Params) {
		writeText(w, params.ByName("name"))
	})
	return router
}

func chiHandler() http.Handler {
	router := chi.NewRouter()
	router.Get("/hello", func(w http.ResponseWriter, _ *http.Request) { writeText(w, helloText) })
	router.Get("/hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		writeText(w, chi.URLParam(r, "name"))
	})
	return router
}

func ginHandler() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/hello", func(c *gin.Context) { c.String(http.StatusOK, helloText) })
	engine.GET("/hello/:name", func(c *gin.Context) { c.String(http.StatusOK, c.Param("name")) })
	return engine
}

func echoHandler() http.Handler {
	router := echo.New()
	router.GET("/hello", func(c echo.Context) error {
		return c.Blob(http.StatusOK, plainText, []byte(helloText))
	})
	router.GET("/hello/:name", func(c echo.Context) error {
		return c.Blob(http.StatusOK, plainText, []byte(c.Param("name")))
	})
	return router
}

func serveFiber(listener net.Listener, _ *service) error {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/hello", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, plainText)
		return c.SendString(helloText)
	})
	app.Get("/hello/:name", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, plainText)
		return c.SendString(c.Params("name"))
	})
	addFiberStreams(app)
	return app.Listener(listener)
}

// serveBare stops at SIGTERM, as bare.Main does.
func serveBare(listener net.Listener, s *service) error {
	return runBare(bareApplication(s), s, listener)
}

func runBare(app *bare.Application, s *service, listener net.Listener) error {
	config, err := s.tlsConfig()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err = bare.Server{Listener: listener, TLSConfig: config, H2C: s.h2c}.Run(ctx, app)
	if err == nil {
		return errStopped
	}
	return err
}

// errStopped says that a contender has stopped because it was told to.
var errStopped = errors.New("stopped")

func bareApplication(s *service) *bare.Application {
	app := bare.NewApplication()
	app.StallTimeout = s.stall
	app.HttpRouter.Add(bare.Methods{"GET"}, "/hello", bareHello)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/hello/{name}", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("Content-Type", plainText),
			Body:    bare.TextWriter(request.Matches.String("name")),
		}
	})
	addBareStreams(app, s)
	addBareFiles(app, s)
	addBareSockets(app)
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

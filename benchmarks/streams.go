//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/bare-go/bare"
)

// What a contender that streams serves:
//
//	/stream?n=&size=   n chunks of size bytes
//	/unflushed?...     the same, with no flush where flushes are asked for: net/http only
//	/stamps?n=         n lines, one in stampGap, each the time at which it was made
//	/events            one event, and then silence until the client leaves
const (
	stampGap  = 5 * time.Millisecond
	firstLine = "data: hello\n\n"
	eventType = "text/event-stream"
	bytesType = "application/octet-stream"
)

func stamp() []byte { return append(strconv.AppendInt(nil, time.Now().UnixNano(), 10), '\n') }

func chunkOf(size int) []byte { return bytes.Repeat([]byte{'x'}, size) }

func number(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return 0
	}
	return n
}

func addRawStreams(mux *http.ServeMux) {
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) { rawStream(w, r, true) })
	mux.HandleFunc("GET /unflushed", func(w http.ResponseWriter, r *http.Request) { rawStream(w, r, false) })
	mux.HandleFunc("GET /stamps", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", bytesType)
		control := http.NewResponseController(w)
		ticker := time.NewTicker(stampGap)
		defer ticker.Stop()
		for range number(r, "n") {
			if _, err := w.Write(stamp()); err != nil || control.Flush() != nil {
				return
			}
			<-ticker.C
		}
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", eventType)
		if _, err := io.WriteString(w, firstLine); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		<-r.Context().Done()
	})
}

func rawStream(w http.ResponseWriter, r *http.Request, flush bool) {
	w.Header().Set("Content-Type", bytesType)
	control := http.NewResponseController(w)
	chunk := chunkOf(number(r, "size"))
	for range number(r, "n") {
		if _, err := w.Write(chunk); err != nil { //nolint:gosec // equal bytes, none of them the request's
			return
		}
		if flush && control.Flush() != nil {
			return
		}
	}
}

func addFiberStreams(app *fiber.App) {
	app.Get("/stream", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, bytesType)
		n, chunk := c.QueryInt("n"), chunkOf(c.QueryInt("size"))
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			for range n {
				if _, err := w.Write(chunk); err != nil || w.Flush() != nil {
					return
				}
			}
		})
		return nil
	})
	app.Get("/stamps", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, bytesType)
		n := c.QueryInt("n")
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			ticker := time.NewTicker(stampGap)
			defer ticker.Stop()
			for range n {
				if _, err := w.Write(stamp()); err != nil || w.Flush() != nil {
					return
				}
				<-ticker.C
			}
		})
		return nil
	})
	app.Get("/events", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, eventType)
		stopped := c.Context().Done()
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			if _, err := w.WriteString(firstLine); err != nil || w.Flush() != nil {
				return
			}
			<-stopped // of the server: a client that leaves is not seen
		})
		return nil
	})
}

func addBareStreams(app *bare.Application) {
	app.HttpRouter.Add(bare.Methods{"GET"}, "/stream", func(request *bare.HttpRequest) bare.HttpResponse {
		n, chunk := number(request.Scope, "n"), chunkOf(number(request.Scope, "size"))
		return bare.HttpResponse{Headers: bare.Headers("Content-Type", bytesType), Body: func(yield func([]byte) bool) {
			for range n {
				if !yield(chunk) {
					return
				}
			}
		}}
	})
	app.HttpRouter.Add(bare.Methods{"GET"}, "/stamps", func(request *bare.HttpRequest) bare.HttpResponse {
		n := number(request.Scope, "n")
		return bare.HttpResponse{Headers: bare.Headers("Content-Type", bytesType), Body: func(yield func([]byte) bool) {
			for range request.Every(stampGap) {
				if n == 0 || !yield(stamp()) {
					return
				}
				n--
			}
		}}
	})
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Headers: bare.Headers("Content-Type", eventType), Body: func(yield func([]byte) bool) {
			if yield([]byte(firstLine)) {
				<-request.Context().Done()
			}
		}}
	})
}

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
//	/records           the same, of one record of NDJSON
//	/silent?id=        silence after the head, until the client leaves: not by fiber
//	/endless?id=       chunks for as long as there is somebody to take them: not by fiber
const (
	stampGap    = 5 * time.Millisecond
	firstEvent  = "data: hello\n\n"
	firstRecord = `{"text":"hello"}` + "\n"
	eventType   = "text/event-stream"
	recordType  = "application/x-ndjson"
	bytesType   = "application/octet-stream"
	endlessSize = 16 << 10
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

func addRawStreams(mux *http.ServeMux, s *service) {
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
	mux.HandleFunc("GET /events", rawOpen(eventType, firstEvent))
	mux.HandleFunc("GET /records", rawOpen(recordType, firstRecord))
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) {
		defer s.ends.begin(r.URL.Query().Get("id"))()
		rawOpen(bytesType, "")(w, r)
	})
	mux.HandleFunc("GET /endless", func(w http.ResponseWriter, r *http.Request) {
		defer s.ends.begin(r.URL.Query().Get("id"))()
		w.Header().Set("Content-Type", bytesType)
		for chunk := chunkOf(endlessSize); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
}

// rawOpen sends one line, and then nothing until the client leaves.
func rawOpen(contentType, line string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if _, err := io.WriteString(w, line); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		<-r.Context().Done()
	}
}

func rawStream(w http.ResponseWriter, r *http.Request, flush bool) {
	w.Header().Set("Content-Type", bytesType)
	control := http.NewResponseController(w)
	chunk := chunkOf(number(r, "size"))
	for range number(r, "n") {
		if _, err := w.Write(chunk); err != nil {
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
	app.Get("/events", fiberOpen(eventType, firstEvent))
	app.Get("/records", fiberOpen(recordType, firstRecord))
}

func fiberOpen(contentType, line string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, contentType)
		stopped := c.Context().Done()
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			if _, err := w.WriteString(line); err != nil || w.Flush() != nil {
				return
			}
			<-stopped // of the server: a client that leaves is not seen
		})
		return nil
	}
}

func addBareStreams(app *bare.Application, s *service) {
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
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", bareOpen(eventType, firstEvent))
	app.HttpRouter.Add(bare.Methods{"GET"}, "/records", bareOpen(recordType, firstRecord))
	app.HttpRouter.Add(bare.Methods{"GET", "POST"}, "/silent", func(request *bare.HttpRequest) bare.HttpResponse {
		noteEnd(request, s)
		return bareOpen(bytesType, "")(request)
	})
	app.HttpRouter.Add(bare.Methods{"GET"}, "/endless", func(request *bare.HttpRequest) bare.HttpResponse {
		noteEnd(request, s)
		chunk := chunkOf(endlessSize)
		return bare.HttpResponse{Headers: bare.Headers("Content-Type", bytesType), Body: func(yield func([]byte) bool) {
			for yield(chunk) {
			}
		}}
	})
}

func noteEnd(request *bare.HttpRequest, s *service) {
	end := s.ends.begin(request.Query().Get("id"))
	request.OnEnd(func(bare.End) { end() })
}

// bareOpen yields one line, and then nothing until the client leaves.
func bareOpen(contentType, line string) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Headers: bare.Headers("Content-Type", contentType), Body: func(yield func([]byte) bool) {
			if yield([]byte(line)) {
				<-request.Context().Done()
			}
		}}
	}
}

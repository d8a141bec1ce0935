package browsertest

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bare-go/bare"
)

// A replay answers each request with the next of its responses, and every further
// one with the last.
type replay struct {
	responses []bare.HttpHandler

	mutex    sync.Mutex
	requests []string
	unseen   int // items that were sent, and that the page has not told of
}

func (r *replay) handle(request *bare.HttpRequest) bare.HttpResponse {
	body, err := request.Text()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	said := request.Scope.Method
	if after := request.Query().Get("last-event-id"); after != "" {
		said += " after " + after
	}
	for _, name := range []string{"Authorization", "Last-Event-Id"} {
		if value := request.Scope.Header.Get(name); value != "" {
			said += ", " + name + " " + value
		}
	}
	if body != "" {
		said += ", " + body
	}
	request.Locals["replay"] = r
	return r.next(said)(request)
}

func (r *replay) next(request string) bare.HttpHandler {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.requests = append(r.requests, request)
	return r.responses[min(len(r.requests), len(r.responses))-1]
}

func (r *replay) heard() []string {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return slices.Clone(r.requests)
}

// add counts items that the page has not told of, and returns how many there are.
func (r *replay) add(items int) int {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.unseen += items
	return r.unseen
}

// seen is told of each item by the page.
func (r *replay) seen(*bare.HttpRequest) bare.HttpResponse {
	r.add(-1)
	return bare.HttpResponse{Status: 204}
}

var errOnPurpose = errors.New("on purpose")

// stream sends a text, and then ends or is cut. A busy browser throws away what came
// just before a cut, so that waits until the page has told of each item.
func stream(contentType, text string, items int, err error) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", contentType),
			Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				replay, told := request.Locals["replay"].(*replay)
				if told {
					replay.add(items)
				}
				if text != "" && !yield([]byte(text)) {
					return nil
				}
				for told && err != nil && replay.add(0) > 0 && request.Sleep(10*time.Millisecond) {
				}
				return err
			}),
		}
	}
}

func eventsOf(text string, err error) bare.HttpHandler {
	items := 0
	for block := range strings.SplitAfterSeq(text, "\n\n") {
		if strings.HasSuffix(block, "\n\n") && strings.Contains("\n"+block, "\ndata") {
			items++
		}
	}
	return stream("text/event-stream", text, items, err)
}

func recordsOf(text string, err error) bare.HttpHandler {
	items := 0
	for line := range strings.Lines(text) {
		if strings.HasSuffix(line, "\n") && strings.TrimSpace(line) != "" {
			items++
		}
	}
	return stream("application/x-ndjson; charset=utf-8", text, items, err)
}

func text(status int, text string) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(status, text) }
}

func html(status int, text string) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(status, "text/html", []byte(text))
	}
}

// untyped is a response without a content type.
func untyped(status int, text string) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Status: status, Body: bare.TextWriter(text)}
	}
}

func noContent(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{Status: 204} }

package code

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare"
)

// docs:start complete
func greeting(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, "Hello, World!\n")
}

func greetingByHand(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Status:  200,
		Headers: bare.Headers("content-type", "text/plain; charset=utf-8"),
		Body:    bare.TextWriter("Hello, World!\n"),
	}
}

// docs:end complete

// docs:start endless
func clock(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain; charset=utf-8"),
		Body: func(yield func([]byte) bool) {
			var line []byte
			for now := range request.Every(time.Second) {
				line = now.UTC().AppendFormat(line[:0], "15:04:05\n")
				if !yield(line) {
					return
				}
			}
		},
	}
}

// docs:end endless

// docs:start database
// rows are the result of a query, as database/sql has them.
type rows interface {
	Next() bool
	Scan(fields ...any) error
	Err() error
	Close() error
}

type query func(ctx context.Context) (rows, error)

func exportItems(find query) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		found, err := find(request.Context())
		if err != nil {
			return bare.ErrorResponse(err) // nothing is sent yet: there is still a 500
		}
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "text/csv; charset=utf-8"),
			Body: bare.StreamWriter(func(yield func([]byte) bool) (err error) {
				defer func() { err = errors.Join(err, found.Close()) }()
				return writeItems(found, yield)
			}),
		}
	}
}

func writeItems(found rows, yield func([]byte) bool) error {
	var line []byte
	for found.Next() {
		var item string
		if err := found.Scan(&item); err != nil {
			return err
		}
		line = append(append(line[:0], item...), "\r\n"...)
		if !yield(line) {
			return nil
		}
	}
	return found.Err()
}

// docs:end database

// docs:start toosoon
func exportItemsWrong(find query) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		found, err := find(request.Context())
		if err != nil {
			return bare.ErrorResponse(err)
		}
		defer found.Close() // wrong: closed before the body reads the first row
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "text/csv; charset=utf-8"),
			Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				return writeItems(found, yield)
			}),
		}
	}
}

// docs:end toosoon

// docs:start file
func download(root *os.Root, name string) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		file, err := root.Open(name)
		if err != nil {
			return bare.ErrorResponse(&bare.HttpError{Status: 404, Err: err})
		}
		info, err := file.Stat()
		if err != nil {
			return bare.ErrorResponse(errors.Join(err, file.Close()))
		}
		return bare.HttpResponse{
			Headers: bare.Headers(
				"content-type", "application/octet-stream",
				"content-length", strconv.FormatInt(info.Size(), 10),
			),
			Body: bare.ReaderWriter(request.Context(), file),
		}
	}
}

// docs:end file

// docs:start lines
func listOrders(orders []order) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "application/x-ndjson"),
			Body:    bare.JSONLinesWriter(slices.Values(orders)),
		}
	}
}

// docs:end lines

// docs:start linesfail
// loadOrders yields orders until they end or their source fails.
type loadOrders func(ctx context.Context) iter.Seq2[order, error]

func streamOrders(load loadOrders) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		write := func(yield func(order) bool) error {
			for wanted, err := range load(request.Context()) {
				if err != nil {
					return err // the response is cut
				}
				if !yield(wanted) {
					return nil // the client has left
				}
			}
			return nil // the response is complete
		}
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "application/x-ndjson"),
			Body:    bare.JSONLinesStreamWriter(write),
		}
	}
}

// docs:end linesfail

// docs:start channel
func search(shelves []func() []byte) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		ctx := request.Context()
		found := make(chan []byte)
		go func() {
			for _, look := range shelves {
				select {
				case found <- look():
				case <-ctx.Done():
					return // without close: the result is not complete
				}
			}
			close(found)
		}()
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "text/plain; charset=utf-8"),
			Body:    bare.ChannelWriter(ctx, found),
		}
	}
}

// docs:end channel

// docs:start duplex
func echo(request *bare.HttpRequest) bare.HttpResponse {
	request.Duplex()
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "application/octet-stream"),
		Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			for chunk, err := range request.Body {
				if err != nil {
					return err
				}
				if !yield(chunk) {
					return nil
				}
			}
			return nil
		}),
	}
}

// docs:end duplex

// docs:start onend
// A counter counts the responses that were sent to their end.
type counter struct{ complete, cut atomic.Int64 }

func (c *counter) count(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	request.OnEnd(func(end bare.End) {
		if end.Err == nil && end.Status == http.StatusOK {
			c.complete.Add(1)
		} else {
			c.cut.Add(1)
		}
	})
	return handler(request)
}

// docs:end onend

// docs:start cut
// An audience has the requests whose responses are open, and the user of each.
type audience struct {
	mutex sync.Mutex
	users map[*bare.HttpRequest]string
}

var errLoggedOut = errors.New("logged out")

// admit is a middleware.
func (a *audience) admit(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	a.mutex.Lock()
	a.users[request] = request.Query().Get("user") // in earnest, from the session
	a.mutex.Unlock()
	request.OnEnd(func(bare.End) {
		a.mutex.Lock()
		defer a.mutex.Unlock()
		delete(a.users, request)
	})
	return handler(request)
}

// logOut ends the streams of a user.
func (a *audience) logOut(user string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for request, name := range a.users {
		if name == user {
			request.Cut(errLoggedOut)
		}
	}
}

// docs:end cut

// docs:start runbody
// render runs a body into memory, as a cache would.
func render(response bare.HttpResponse) (string, error) {
	var page strings.Builder
	err := bare.RunBody(response.Body, func(chunk []byte) bool {
		page.Write(chunk)
		return page.Len() < 1<<20 // enough is enough
	})
	return page.String(), err
}

// renderLater calls a handler for nobody: its request ends with ctx, and not with a
// connection.
func renderLater(ctx context.Context, handler bare.HttpHandler, path string) (string, error) {
	scope, err := http.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	if err != nil {
		return "", err
	}
	request := bare.NewHttpRequest(scope)
	page, err := render(handler(request))
	request.Finish(bare.End{Bytes: int64(len(page)), Err: err})
	return page, err
}

// docs:end runbody

// docs:start fanin
// merge sends what several sources have, as it comes.
func merge(sources ...iter.Seq[string]) bare.HttpResponse {
	return bare.HttpResponse{Body: func(yield func([]byte) bool) {
		var running sync.WaitGroup
		defer running.Wait() // no source outlives the body
		for _, source := range sources {
			running.Go(func() {
				for text := range source {
					if !yield([]byte(text)) {
						return
					}
				}
			})
		}
	}}
}

// docs:end fanin

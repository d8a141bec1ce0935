package code

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// newServer serves one handler at /, silently.
func newServer(t *testing.T, handler bare.HttpHandler, middlewares ...bare.HttpMiddleware) *baretest.Server {
	t.Helper()
	app := bare.NewApplication()
	app.Logger = slog.New(slog.DiscardHandler)
	app.Middlewares = middlewares
	app.HttpRouter.Add(bare.Methods{"GET", "POST"}, "/", handler)
	return baretest.NewServer(t, app)
}

// fakeRows are three rows, the last of which may fail.
type fakeRows struct {
	left    []string
	failure error
	closed  bool
	item    string
}

func (r *fakeRows) Next() bool {
	if r.closed || len(r.left) == 0 {
		return false
	}
	r.item, r.left = r.left[0], r.left[1:]
	return true
}

func (r *fakeRows) Scan(fields ...any) error {
	target, ok := fields[0].(*string)
	if !ok {
		return errors.New("not a string")
	}
	*target = r.item
	return nil
}

func (r *fakeRows) Err() error   { return r.failure }
func (r *fakeRows) Close() error { r.closed = true; return nil }

func (r *fakeRows) find(context.Context) (rows, error) { return r, nil }

func newRows() *fakeRows { return &fakeRows{left: []string{"tea", "milk", "sugar"}} }

func TestTheGreetingsAreOneAndTheSame(t *testing.T) {
	request := baretest.NewRequest("GET", "/", nil)
	if got, want := text(greeting(request)), text(greetingByHand(request)); got != want {
		t.Errorf("%q by hand, %q by constructor", got, want)
	}
}

// docs:start testclock
func TestTheClockTicksEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		response := clock(baretest.NewRequest("GET", "/", nil))
		got := baretest.Chunks(response.Body, 3)
		if want := "00:00:00\n00:00:01\n00:00:02\n"; strings.Join(got, "") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// docs:end testclock

func TestRowsAreClosedWhenTheBodyEnds(t *testing.T) {
	found := newRows()
	response := exportItems(found.find)(baretest.NewRequest("GET", "/", nil))
	if found.closed {
		t.Error("the rows were closed before the body ran")
	}
	if got, want := text(response), "tea\r\nmilk\r\nsugar\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !found.closed {
		t.Error("the rows are still open")
	}
}

func TestRowsAreClosedWhenTheClientLeaves(t *testing.T) {
	found := newRows()
	baretest.Chunks(exportItems(found.find)(baretest.NewRequest("GET", "/", nil)).Body, 1)
	if !found.closed {
		t.Error("the rows are still open")
	}
}

func TestADeferInTheHandlerComesTooSoon(t *testing.T) {
	response := exportItemsWrong(newRows().find)(baretest.NewRequest("GET", "/", nil))
	if got := text(response); got != "" {
		t.Errorf("got %q, although the rows were closed", got)
	}
}

func TestRowsThatFailCutTheResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found := newRows()
		found.failure = errors.New("the database is gone")
		slow := func(request *bare.HttpRequest) bare.HttpResponse {
			response := exportItems(found.find)(request)
			body := response.Body
			response.Body = func(yield func([]byte) bool) {
				body(func(chunk []byte) bool { return yield(chunk) && request.Sleep(time.Second) })
			}
			return response
		}
		stream := newServer(t, slow).Get("/")
		if got, want := stream.Rest(), "tea\r\nmilk\r\nsugar\r\n"; got != want || stream.Err() == nil {
			t.Errorf("got %q and %v, want %q and a cut", got, stream.Err(), want)
		}
	})
}

func TestAQueryThatFailsIsAPlain500(t *testing.T) {
	fail := func(context.Context) (rows, error) { return nil, errors.New("secret: the password is wrong") }
	for _, handler := range []bare.HttpHandler{exportItems(fail), exportItemsWrong(fail)} {
		response := handler(baretest.NewRequest("GET", "/", nil))
		if got := text(response); response.Status != 500 || got != "Internal Server Error" {
			t.Errorf("got %d %q", response.Status, got)
		}
	}
}

func TestAFileIsDownloadedWithItsLength(t *testing.T) {
	directory := t.TempDir()
	content := strings.Repeat("x", 100_000)
	if err := os.WriteFile(filepath.Join(directory, "a.bin"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	stream := newServer(t, download(root, "a.bin")).Get("/")
	if got := stream.Rest(); got != content || stream.Response.ContentLength != int64(len(content)) {
		t.Errorf("got %d bytes of %d declared, want %d", len(got), stream.Response.ContentLength, len(content))
	}
	if got := newServer(t, download(root, "../b.bin")).Get("/").Response.StatusCode; got != http.StatusNotFound {
		t.Errorf("a file outside the root: status %d, want 404", got)
	}
}

func TestOrdersAreALineEach(t *testing.T) {
	orders := []order{{"tea", 1}, {"milk", 2}}
	const want = `{"item":"tea","count":1}` + "\n" + `{"item":"milk","count":2}` + "\n"
	request := baretest.NewRequest("GET", "/", nil)
	if got := text(listOrders(orders)(request)); got != want {
		t.Errorf("a list: got %q, want %q", got, want)
	}
	load := func(context.Context) iter.Seq2[order, error] {
		return func(yield func(order, error) bool) {
			for _, wanted := range orders {
				if !yield(wanted, nil) {
					return
				}
			}
		}
	}
	if got := text(streamOrders(load)(request)); got != want {
		t.Errorf("a source: got %q, want %q", got, want)
	}
}

func TestOrdersThatFailBeforeTheFirstByteAreA500(t *testing.T) {
	load := func(context.Context) iter.Seq2[order, error] {
		return func(yield func(order, error) bool) { yield(order{}, errors.New("gone")) }
	}
	synctest.Test(t, func(t *testing.T) {
		if got := newServer(t, streamOrders(load)).Get("/").Response.StatusCode; got != 500 {
			t.Errorf("status %d, want 500", got)
		}
	})
}

func TestASearchIsCompleteWhenItsChannelIsClosed(t *testing.T) {
	upper := func() []byte { return []byte("a book\n") }
	lower := func() []byte { return []byte("a map\n") }
	synctest.Test(t, func(t *testing.T) {
		server := newServer(t, search([]func() []byte{upper, lower}))
		stream := server.Get("/")
		if got := stream.Rest(); got != "a book\na map\n" || stream.Err() != nil {
			t.Errorf("got %q, %v", got, stream.Err())
		}
	})
}

func TestASearchLeavesNoGoroutineBehind(t *testing.T) {
	slow := func() []byte { time.Sleep(time.Second); return []byte("found\n") }
	for _, method := range []string{"HEAD", "GET"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // it fails when a goroutine is left
				server := newServer(t, search([]func() []byte{slow, slow, slow}))
				request, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				server.Do(request).Close()
				time.Sleep(2 * time.Second)
			})
		})
	}
}

func TestAnEchoAnswersWhileTheRequestGoesOn(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := bare.NewApplication()
				app.HttpRouter.Add(bare.Methods{"POST"}, "/", echo)
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				body, out := io.Pipe()
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/", body)
				if err != nil {
					t.Fatal(err)
				}
				stream := server.Do(request)
				for _, word := range []string{"one", "two"} {
					if _, err := io.WriteString(out, word); err != nil {
						t.Fatal(err)
					}
					if got := stream.Next(); got != word {
						t.Errorf("the echo of %q is %q", word, got)
					}
				}
				if err := out.Close(); err != nil {
					t.Fatal(err)
				}
				if rest := stream.Rest(); rest != "" || stream.Err() != nil {
					t.Errorf("after the end came %q, %v", rest, stream.Err())
				}
			})
		})
	}
}

func TestACounterSeesEveryEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := new(counter)
		server := newServer(t, clock, ends.count)
		stream := server.Get("/")
		stream.Next()
		stream.Close()
		server.Get("/nowhere").Rest()
		synctest.Wait()
		if complete, cut := ends.complete.Load(), ends.cut.Load(); complete != 0 || cut != 2 {
			t.Errorf("%d complete, %d cut, want 0 and 2", complete, cut)
		}
	})
}

func TestAUserWhoIsLoggedOutGetsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ends []error
		here := &audience{users: make(map[*bare.HttpRequest]string)}
		server := newServer(t, clock, here.admit, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ends = append(ends, end.Err) })
			return handler(request)
		})
		ann, bob := server.Get("/?user=ann"), server.Get("/?user=bob")
		ann.Next()
		bob.Next()
		here.logOut("ann")
		if ann.Rest(); ann.Err() == nil {
			t.Error("the response looks complete")
		}
		if bob.Next() == "" || len(here.users) != 1 || len(ends) != 1 || !errors.Is(ends[0], errLoggedOut) {
			t.Errorf("%d users are left, and OnEnd was told %v", len(here.users), ends)
		}
	})
}

func TestABodyIsRunWithoutAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var end bare.End
		page, err := renderLater(t.Context(), func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return merge(slices.Values([]string{"one;", "one;"}), slices.Values([]string{"two;"}))
		}, "/page")
		if err != nil || len(page) != 12 || strings.Count(page, "one;") != 2 || end.Bytes != 12 {
			t.Errorf("got %q (%v), and OnEnd was told %+v", page, err, end)
		}
		broken := errors.New("broken")
		failing := bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error { return broken })}
		if _, err := render(failing); !errors.Is(err, broken) {
			t.Errorf("the body failed with %v", err)
		}
	})
}

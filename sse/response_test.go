package sse_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/sse"
)

// logged is what an application has logged above the debug level. It is safe for
// concurrent use.
type logged struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.buffer.Write(p)
}

func (l *logged) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.buffer.String()
}

// serve runs an application with a handler at "/".
func serve(t *testing.T, protocol baretest.Protocol, handler bare.HttpHandler) (*baretest.Server, *logged) {
	t.Helper()
	log := new(logged)
	app := bare.NewApplication()
	app.Logger = slog.New(slog.NewTextHandler(log, nil))
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", handler)
	return baretest.Config{Protocol: protocol}.NewServer(t, app), log
}

// stream is a handler of a stream without an end.
func stream(options sse.Options, events func(request *bare.HttpRequest, yield func(sse.Event) bool)) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		return sse.Response(request, func(yield func(sse.Event) bool) { events(request, yield) }, options)
	}
}

// finite is a handler of a stream that has an end.
func finite(write func(request *bare.HttpRequest, yield func(sse.Event) bool) error) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		return sse.StreamResponse(request, func(yield func(sse.Event) bool) error { return write(request, yield) }, sse.Options{})
	}
}

// silent yields nothing for an hour.
func silent(request *bare.HttpRequest, _ func(sse.Event) bool) { request.Sleep(time.Hour) }

func data(text string) sse.Event { return sse.Event{Data: []byte(text)} }

// wantNext fails the test unless the next record is want, and comes after the given
// time.
func wantNext(t *testing.T, s *baretest.Stream, after time.Duration, want string) {
	t.Helper()
	start := time.Now()
	if got := s.Event(); got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	if took := time.Since(start).Round(time.Millisecond); took != after {
		t.Fatalf("%q came after %v, want %v", want, took, after)
	}
}

func TestAStreamBeginsAtOnce(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server, _ := serve(t, protocol, stream(sse.Options{}, func(request *bare.HttpRequest, yield func(sse.Event) bool) {
			for i := range 3 {
				request.Sleep(10 * time.Second)
				yield(sse.Event{ID: fmt.Sprint(i), Type: "count", Data: []byte("a\nb")})
			}
		}))
		s := server.Get("/")
		for name, want := range map[string]string{
			"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no", "Incremental": "?1",
		} {
			if got := s.Response.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		wantNext(t, s, 0, ":\n\n")
		for i := range 3 {
			wantNext(t, s, 10*time.Second, fmt.Sprintf("event: count\nid: %d\ndata: a\ndata: b\n\n", i))
		}
		if rest, err := s.Rest(), s.Err(); rest != "" || err != nil {
			t.Errorf("the stream ends with %q, %v", rest, err)
		}
	})
}

func TestASilenceIsKeptAlive(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server, _ := serve(t, protocol, stream(sse.Options{}, func(request *bare.HttpRequest, yield func(sse.Event) bool) {
			for _, pause := range []int{40, 14, 14, 16} {
				request.Sleep(time.Duration(pause) * time.Second)
				yield(data(fmt.Sprint(pause)))
			}
			request.Sleep(time.Hour)
		}))
		s := server.Get("/")
		wantNext(t, s, 0, ":\n\n")
		wantNext(t, s, 15*time.Second, ":\n\n")
		wantNext(t, s, 15*time.Second, ":\n\n")
		wantNext(t, s, 10*time.Second, "data: 40\n\n")
		wantNext(t, s, 14*time.Second, "data: 14\n\n") // 15 seconds are counted from the last event
		wantNext(t, s, 14*time.Second, "data: 14\n\n")
		wantNext(t, s, 15*time.Second, ":\n\n")
		wantNext(t, s, 1*time.Second, "data: 16\n\n")
		wantNext(t, s, 15*time.Second, ":\n\n")
	})
}

func TestAStreamChoosesItsOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options sse.Options
		first   string
		second  time.Duration // when the next comment comes; 0 means never
	}{
		{"none", sse.Options{}, ":\n\n", 15 * time.Second},
		{"a silence of its own", sse.Options{KeepAlive: 5 * time.Second}, ":\n\n", 5 * time.Second},
		{"no comments", sse.Options{KeepAlive: -1}, ":\n\n", 0},
		{"retry is sent once", sse.Options{Retry: 2 * time.Second}, "retry: 2000\n\n", 15 * time.Second},
		{"a negative retry is none", sse.Options{Retry: -1}, ":\n\n", 15 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, _ := serve(t, baretest.HTTP1, stream(test.options, silent))
				s := server.Get("/")
				wantNext(t, s, 0, test.first)
				if test.second > 0 {
					wantNext(t, s, test.second, ":\n\n")
					wantNext(t, s, test.second, ":\n\n")
					return
				}
				if rest := s.Rest(); rest != "" || s.Err() != nil {
					t.Errorf("got %q, %v", rest, s.Err())
				}
			})
		})
	}
}

func TestAStopEndsAnEndlessStreamCleanly(t *testing.T) {
	t.Parallel()
	for name, events := range map[string]func(request *bare.HttpRequest, yield func(sse.Event) bool){
		"whose producer waits": func(request *bare.HttpRequest, yield func(sse.Event) bool) {
			for range request.Every(time.Second) {
				yield(data("x"))
			}
		},
		"whose producer only yields": func(_ *bare.HttpRequest, yield func(sse.Event) bool) {
			for yield(data("x")) {
				time.Sleep(time.Second)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				server, log := serve(t, protocol, stream(sse.Options{}, events))
				s := server.Get("/")
				s.Event()
				go func() {
					time.Sleep(10 * time.Second)
					_ = server.Stop()
				}()
				got := s.Rest()
				if !strings.HasSuffix(got, "data: x\n\n") || s.Err() != nil || log.String() != "" {
					t.Errorf("got %q, %v, logged %s", got, s.Err(), log)
				}
			})
		})
	}
}

func TestAStreamThatReachesItsEndSaysSo(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		runs := 0
		server, log := serve(t, protocol, finite(func(_ *bare.HttpRequest, yield func(sse.Event) bool) error {
			runs++
			yield(sse.Event{ID: "1", Data: []byte("half")})
			return nil
		}))
		s := server.Get("/")
		if got, want := s.Rest(), ":\n\nid: 1\ndata: half\n\nevent: done\nid: done\ndata:\n\n"; got != want || s.Err() != nil {
			t.Errorf("got %q, %v, want %q", got, s.Err(), want)
		}
		for _, again := range []struct{ path, header string }{{"/", "done"}, {"/?last-event-id=done", ""}} {
			request, _ := http.NewRequest(http.MethodGet, server.URL+again.path, http.NoBody)
			if again.header != "" {
				request.Header.Set("Last-Event-ID", again.header)
			}
			s := server.Do(request)
			if got := s.Response; got.StatusCode != http.StatusNoContent || got.Header.Get("Cache-Control") != "no-store" || s.Rest() != "" {
				t.Errorf("%v: got %d, %v", again, got.StatusCode, got.Header)
			}
		}
		if runs != 1 || log.String() != "" {
			t.Errorf("%d runs, want 1; logged %s", runs, log)
		}
	})
}

func TestAStreamThatFailsSaysSoAndIsCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"with an error that is not for clients", errors.New("password wrong"), "Internal Server Error"},
		{"with one that is", &bare.HttpError{Status: 503, Message: "The printer\nis out of paper.", Err: errors.New("lp0")}, "The printer\ndata: is out of paper."},
		{"with one that is no error's status", &bare.HttpError{Status: 200, Message: "fine"}, "Internal Server Error"},
		{"with one that has only a text of its own", half{}, "Internal Server Error"},
	}
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		for _, test := range tests {
			server, log := serve(t, protocol, finite(func(_ *bare.HttpRequest, yield func(sse.Event) bool) error {
				yield(data("x"))
				return fmt.Errorf("printing: %w", test.err)
			}))
			s := server.Get("/")
			if got, want := s.Rest(), ":\n\ndata: x\n\nevent: failed\ndata: "+test.want+"\n\n"; got != want || s.Err() == nil {
				t.Errorf("%s: got %q, %v, want %q and a cut", test.name, got, s.Err(), want)
			}
			if !strings.Contains(log.String(), "printing: ") {
				t.Errorf("%s: logged %q", test.name, log)
			}
		}
	})
}

// half is an error with a text that it calls safe, but without a status.
type half struct{}

func (half) Error() string       { return "half" }
func (half) SafeMessage() string { return "not for clients" }

func TestAStreamThatIsInterruptedIsNotDone(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]error{"nil": nil, "an error": errors.New("interrupted")} {
		t.Run("and whose function returns "+name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				server, _ := serve(t, protocol, finite(func(request *bare.HttpRequest, yield func(sse.Event) bool) error {
					for range request.Every(time.Second) {
						yield(data("x"))
					}
					return result
				}))
				s := server.Get("/")
				s.Event()
				go func() {
					time.Sleep(10 * time.Second)
					_ = server.Stop()
				}()
				if got := s.Rest(); !strings.HasSuffix(got, "data: x\n\n") || s.Err() == nil {
					t.Errorf("got %q, %v, want a cut after an event", got, s.Err())
				}
			})
		})
	}
}

func TestAnEventThatCannotBeEncodedEndsTheStream(t *testing.T) {
	t.Parallel()
	bad := sse.Event{ID: "1\n2", Data: []byte("x")}
	produce := func(yield func(sse.Event) bool) {
		if !yield(data("x")) || yield(bad) || yield(data("y")) {
			panic("an event that cannot be encoded was taken")
		}
	}
	for name, test := range map[string]struct {
		handler bare.HttpHandler
		want    string
	}{
		"without an end": {stream(sse.Options{}, func(_ *bare.HttpRequest, yield func(sse.Event) bool) { produce(yield) }), ""},
		"with an end": {finite(func(_ *bare.HttpRequest, yield func(sse.Event) bool) error {
			produce(yield)
			return nil
		}), "event: failed\ndata: Internal Server Error\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				server, log := serve(t, protocol, test.handler)
				s := server.Get("/")
				if got, want := s.Rest(), ":\n\ndata: x\n\n"+test.want; got != want || s.Err() == nil {
					t.Errorf("got %q, %v, want %q and a cut", got, s.Err(), want)
				}
				if !strings.Contains(log.String(), "the event's ID has a line break") {
					t.Errorf("logged %q", log)
				}
			})
		})
	}
}

func TestHeadAsksForNoEvents(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server, _ := serve(t, protocol, stream(sse.Options{}, func(*bare.HttpRequest, func(sse.Event) bool) {
			t.Error("the iterator ran")
		}))
		request, _ := http.NewRequest(http.MethodHead, server.URL+"/", http.NoBody)
		if s := server.Do(request); s.Response.Header.Get("Content-Type") != "text/event-stream" || s.Rest() != "" {
			t.Errorf("got %v", s.Response.Header)
		}
	})
}

func TestAMiddlewaresDeadlineEndsTheStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := serve(t, baretest.HTTP1, func(request *bare.HttpRequest) bare.HttpResponse {
			ctx, cancel := context.WithTimeout(request.Context(), 10*time.Second)
			request.OnEnd(func(bare.End) { cancel() })
			return sse.Response(request.WithContext(ctx), func(yield func(sse.Event) bool) {
				for yield(data("x")) {
					time.Sleep(3 * time.Second)
				}
			}, sse.Options{})
		})
		s := server.Get("/")
		if got, want := s.Rest(), ":\n\n"+strings.Repeat("data: x\n\n", 4); got != want || s.Err() != nil {
			t.Errorf("got %q, %v, want %q", got, s.Err(), want)
		}
	})
}

func TestAClientNamesTheLastEventThatItHad(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, query, header, want string }{
		{"none", "", "", ""},
		{"by the header", "", "7", "7"},
		{"by the query", "?last-event-id=7", "", "7"},
		{"by the query, whose name is escaped", "?last%2Devent%2did=7", "", "7"},
		{"by the query, behind another one", "?live=1&last-event-id=7", "", "7"},
		{"the header is newer", "?last-event-id=7", "8", "8"},
		{"other parameters are none", "?lastEventId=7&Last-Event-ID=7", "", ""},
		{"in UTF-8", "?last-event-id=%C3%A9", "", "é"},
		{"up to a length", "?last-event-id=" + strings.Repeat("7", 2000), "", strings.Repeat("7", 1024)},
		{"up to a line break", "?last-event-id=7%0Adata:+x", "", "7"},
		{"up to a NUL", "?last-event-id=7%00", "", "7"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := baretest.NewRequest(http.MethodGet, "/"+test.query, nil)
			if test.header != "" {
				request.Scope.Header.Set("Last-Event-ID", test.header)
			}
			if got := sse.LastEventID(request); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if got := sse.LastEventID(new(bare.HttpRequest)); got != "" {
		t.Errorf("a request by hand has %q", got)
	}
}

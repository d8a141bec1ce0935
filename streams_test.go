package bare_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// only is the one stream of an application.
func only(t *testing.T, app *bare.Application) bare.Stream {
	t.Helper()
	streams := slices.Collect(app.Streams())
	if len(streams) != 1 {
		t.Fatalf("there are %d streams, want one: %+v", len(streams), streams)
	}
	return streams[0]
}

func TestAStreamCanBeLookedAt(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := bare.NewApplication()
		app.OnHttpRequest(bare.Methods{"GET"}, "/orders/{id:int}", func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(time.Second)
			return body(func(yield func([]byte) bool) {
				for _, chunk := range []string{"one", "", "two"} {
					yield([]byte(chunk))
				}
				request.Sleep(time.Hour)
			})
		})
		server := serve(t, protocol, app)
		stream := server.Get("/orders/7?token=secret")
		stream.Next()
		time.Sleep(5 * time.Second)
		got := only(t, app)
		if got.Method != http.MethodGet || got.Path != "/orders/7" || got.Route != "/orders/{id:int}" || got.Peer == "" {
			t.Errorf("the request is %+v", got)
		}
		if want := stream.Response.Proto; got.Protocol != want {
			t.Errorf("the protocol is %q, want %q", got.Protocol, want)
		}
		if got.Chunks != 2 || got.Bytes != 6 || got.Blocked != 0 || got.ID == 0 {
			t.Errorf("the stream is %+v", got)
		}
		if got.Age.Round(time.Second) != 6*time.Second || got.Idle.Round(time.Second) != 5*time.Second {
			t.Errorf("it is %v old, and its last chunk %v", got.Age, got.Idle)
		}
		stream.Close()
		synctest.Wait()
		if left := slices.Collect(app.Streams()); len(left) != 0 {
			t.Errorf("when the client has left there is %+v", left)
		}
	})
}

func TestWhatDoesNotStreamIsNotAmongTheStreams(t *testing.T) {
	t.Parallel()
	wait := func(request *bare.HttpRequest) bare.HttpResponse {
		request.Sleep(time.Hour)
		return bare.TextResponse(200, "late")
	}
	silent := func(request *bare.HttpRequest) bare.HttpResponse {
		return body(func(func([]byte) bool) { request.Sleep(time.Hour) })
	}
	for name, test := range map[string]struct {
		handler bare.HttpHandler
		method  string
		streams int
	}{
		"a handler that has not returned":   {wait, "GET", 0},
		"the head of a stream":              {silent, "HEAD", 0},
		"a body that has not yielded is":    {silent, "GET", 1},
		"a response that was sent whole":    {func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "x") }, "GET", 0},
		"a body that has panicked":          {func(*bare.HttpRequest) bare.HttpResponse { return body(func(func([]byte) bool) { panic("oh") }) }, "GET", 0},
		"a request whose client has left":   {func(*bare.HttpRequest) bare.HttpResponse { panic(http.ErrAbortHandler) }, "GET", 0},
		"one to be answered without a body": {func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{Status: 204} }, "GET", 0},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(test.handler)
				connection := serve(t, baretest.HTTP1, app).Dial()
				defer connection.Close()
				send(t, connection, test.method+" / HTTP/1.1\r\nHost: x\r\n\r\n")
				time.Sleep(time.Minute)
				if streams := slices.Collect(app.Streams()); len(streams) != test.streams {
					t.Errorf("the streams are %+v, want %d", streams, test.streams)
				}
			})
		})
	}
}

// A client that does not read: its stream waits in a write of a large chunk, in a write
// of many small ones, or in a flush. Whoever looks must neither wait nor be told nothing.
func TestAStalledStreamSaysForHowLong(t *testing.T) {
	t.Parallel()
	for name, stalling := range map[string]struct {
		size  int
		pause time.Duration
	}{
		"in the write of a large chunk": {32 << 10, 0},
		"in the write of a small chunk": {100, 0},
		"in a flush":                    {700, 400 * time.Microsecond},
		"in the flush of a lone chunk":  {2000, 10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				testStalled(t, protocol, stalling.size, stalling.pause)
			})
		})
	}
}

func testStalled(t *testing.T, protocol baretest.Protocol, size int, pause time.Duration) {
	t.Helper()
	var end bare.End
	app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
		request.OnEnd(func(e bare.End) { end = e })
		time.Sleep(time.Second)
		for chunk := make([]byte, size); yield(chunk); {
			if pause > 0 {
				time.Sleep(pause)
			}
		}
	})
	app.StallTimeout = time.Hour
	server := serve(t, protocol, app)
	stream := server.Get("/")
	time.Sleep(time.Minute)
	before := only(t, app)
	if before.Blocked < 30*time.Second || before.Blocked > 59*time.Second+10*time.Millisecond {
		t.Errorf("after a minute the stream is blocked for %v", before.Blocked)
	}
	if before.Bytes < 32<<10 || before.Chunks < before.Bytes/int64(size) {
		t.Errorf("it has sent %d bytes in %d chunks", before.Bytes, before.Chunks)
	}
	time.Sleep(time.Minute)
	if after := only(t, app); after.Blocked-before.Blocked != time.Minute || after.Bytes != before.Bytes {
		t.Errorf("a minute later it is %+v, and was %+v", after, before)
	}
	stream.Close()
	synctest.Wait()
	if end.Blocked < time.Minute || end.Blocked > 2*time.Minute || !end.Stream {
		t.Errorf("OnEnd was told %+v", end)
	}
}

func TestAStreamThatWasBlockedGoesOn(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var end bare.End
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			request.OnEnd(func(e bare.End) { end = e })
			for range 10_000 {
				yield(make([]byte, 1000))
			}
			request.Sleep(10 * time.Second)
		})
		stream := serve(t, protocol, app).Get("/")
		time.Sleep(time.Second)
		if blocked := only(t, app).Blocked; blocked < 900*time.Millisecond {
			t.Errorf("it is blocked for %v", blocked)
		}
		go stream.Rest()
		time.Sleep(time.Second)
		if got := only(t, app); got.Blocked != 0 || got.Chunks != 10_000 || got.Bytes != 10_000_000 {
			t.Errorf("when the client has read it is %+v", got)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if end.Chunks != 10_000 || end.Blocked < 900*time.Millisecond || end.Blocked > 1100*time.Millisecond {
			t.Errorf("OnEnd was told %+v", end)
		}
	})
}

func TestAStreamIsCutByItsID(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ends := make(map[string]error)
		app := bare.NewApplication()
		app.OnHttpRequest(bare.Methods{"GET"}, "/{name}", func(request *bare.HttpRequest) bare.HttpResponse {
			return body(func(yield func([]byte) bool) { _ = yield([]byte("x")) && request.Sleep(time.Hour) })
		})
		app.OnEnd(func(request *bare.HttpRequest, end bare.End) { ends[request.Matches.String("name")] = end.Err })
		server := serve(t, protocol, app)
		streams := map[string]*baretest.Stream{"/one": server.Get("/one"), "/two": server.Get("/two")}
		time.Sleep(time.Second)
		var ids []uint64
		for stream := range app.Streams() {
			if ids = append(ids, stream.ID); stream.Path == "/one" && !app.CutStream(stream.ID, errKicked) {
				t.Error("the stream was not cut")
			}
		}
		if len(ids) != 2 || ids[0] == ids[1] {
			t.Errorf("the ids are %v", ids)
		}
		streams["/one"].Rest()
		synctest.Wait()
		if err := streams["/one"].Err(); err == nil || !errors.Is(ends["one"], errKicked) || len(ends) != 1 {
			t.Errorf("the client saw %v, OnEnd %v", err, ends)
		}
		for stream := range app.Streams() {
			if stream.Path != "/two" {
				t.Errorf("%q is still there", stream.Path)
			}
			app.CutStream(stream.ID, nil)
			if app.CutStream(stream.ID, errKicked) {
				t.Error("a stream was cut twice")
			}
		}
		streams["/two"].Rest()
		synctest.Wait()
		if !errors.Is(ends["two"], bare.ErrCut) || app.CutStream(ids[0], nil) || app.CutStream(0, nil) {
			t.Errorf("the ends are %v", ends)
		}
	})
}

func TestAStreamIsDescribedWhenSomebodyLooks(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		asked := 0
		app, log := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			request.Describe(func() []slog.Attr { asked++; return []slog.Attr{slog.Int("lag", asked)} })
			request.Describe(func() []slog.Attr { return []slog.Attr{slog.String("topic", "prices")} })
			yield([]byte("x"))
			request.Sleep(time.Minute)
			request.Describe(func() []slog.Attr { panic("oh") })
			request.Sleep(time.Minute)
		})
		stream := serve(t, baretest.HTTP1, app).Get("/")
		time.Sleep(time.Second)
		looked := only(t, app)
		if asked != 0 {
			t.Error("it was asked before anybody wanted to know")
		}
		for i, want := range []string{"[lag=1 topic=prices]", "[lag=2 topic=prices]"} {
			if got := attrs(looked.Describe()); got != want {
				t.Errorf("look %d sees %s, want %s", i, got, want)
			}
		}
		time.Sleep(time.Minute)
		for range 3 {
			_ = looked.Describe()
		}
		wantLogged(t, log, "ERROR bare: a function given to Describe panicked")
		stream.Rest()
		if got := (bare.Stream{}).Describe(); got != nil {
			t.Errorf("a stream made by hand says %v", got)
		}
	})
}

func attrs(all []slog.Attr) string {
	texts := make([]string, 0, len(all))
	for _, attr := range all {
		texts = append(texts, attr.String())
	}
	return "[" + strings.Join(texts, " ") + "]"
}

// Streams of all kinds begin, yield from several goroutines, stall, end and are cut,
// while others look: it is the race detector that judges.
func TestManyLookWhileStreamsComeAndGo(t *testing.T) {
	t.Parallel()
	app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
		request.Describe(func() []slog.Attr { return []slog.Attr{slog.String("kind", "busy")} })
		var group sync.WaitGroup
		for size := range 4 {
			group.Go(func() {
				for chunk := make([]byte, 1+size*1500); yield(chunk); {
					if request.Context().Err() != nil {
						return
					}
				}
			})
		}
		group.Wait()
	})
	app.OnStream(func(*bare.HttpRequest, bare.Head) {
		for range app.Streams() { // even here it waits for nothing
		}
	})
	server := baretest.Config{Protocol: baretest.H2C}.NewServer(t, app)
	var clients, lookers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		lookers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				for stream := range app.Streams() {
					if stream.Bytes < 0 || len(stream.Describe()) > 1 {
						t.Errorf("a look saw %+v", stream)
					}
					if stream.Bytes > 1<<20 {
						app.CutStream(stream.ID, nil)
					}
				}
			}
		})
	}
	for range 4 {
		clients.Go(func() {
			for range 4 {
				stream := server.Get("/")
				_, _ = io.Copy(io.Discard, stream.Response.Body) // it is cut in the end
				stream.Close()
			}
		})
	}
	clients.Wait()
	close(done)
	lookers.Wait()
}

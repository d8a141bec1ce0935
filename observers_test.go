package bare_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// observed is what the hooks of an application were told, in order.
type observed struct{ heads, ends []string }

func observe(app *bare.Application) *observed {
	o := new(observed)
	app.OnStream(func(request *bare.HttpRequest, head bare.Head) {
		o.heads = append(o.heads, fmt.Sprintf("%s %s %d", request.Scope.Method, request.Matches.Route(), head.Status))
		if head.ID == 0 {
			o.heads = append(o.heads, "without an id")
		}
	})
	app.OnEnd(func(request *bare.HttpRequest, end bare.End) {
		o.ends = append(o.ends, fmt.Sprintf("%s %s %d %dB stream=%v %s",
			request.Scope.Method, request.Matches.Route(), end.Status, end.Bytes, end.Stream, end.Reason()))
	})
	return o
}

func TestAnApplicationIsToldOfEveryResponse(t *testing.T) {
	t.Parallel()
	text := func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "hello") }
	events := func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) { yield([]byte("data: 1\n\n")) }}
	}
	slow := func(request *bare.HttpRequest) bare.HttpResponse {
		return body(func(yield func([]byte) bool) {
			_ = yield([]byte("a")) && request.Sleep(time.Second) && yield([]byte("b"))
		})
	}
	silent := func(request *bare.HttpRequest) bare.HttpResponse {
		return body(func(func([]byte) bool) { request.Sleep(time.Second) })
	}
	fails := func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			yield([]byte("a"))
			time.Sleep(time.Second)
			return errKicked
		})}
	}
	failsAtOnce := func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error { return errKicked })}
	}
	panics := func(*bare.HttpRequest) bare.HttpResponse { panic("oh") }
	for name, test := range map[string]struct {
		method, path string
		handler      bare.HttpHandler
		head, end    string
	}{
		"a small one":                     {"GET", "/r", text, "", "GET /r 200 5B stream=false complete"},
		"a HEAD":                          {"HEAD", "/r", events, "", "HEAD /r 200 0B stream=false complete"},
		"a 404":                           {"GET", "/nowhere", text, "", "GET  404 9B stream=false complete"},
		"an event stream that ends soon":  {"GET", "/r", events, "GET /r 200", "GET /r 200 9B stream=true complete"},
		"one that takes a second":         {"GET", "/r", slow, "GET /r 200", "GET /r 200 2B stream=true complete"},
		"one that is silent":              {"GET", "/r", silent, "GET /r 200", "GET /r 200 0B stream=true complete"},
		"one that fails":                  {"GET", "/r", fails, "GET /r 200", "GET /r 200 1B stream=true failed"},
		"one that fails before its head":  {"GET", "/r", failsAtOnce, "", "GET /r 500 21B stream=false failed"},
		"a handler that panics":           {"GET", "/r", panics, "", "GET /r 500 21B stream=false complete"},
		"one that is sent in large parts": {"GET", "/r", large, "", "GET /r 200 1048576B stream=false complete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := newApp(text)
				app.OnHttpRequest(bare.Methods{"GET"}, "/r", test.handler)
				o := observe(app)
				server := serve(t, protocol, app)
				request, err := http.NewRequest(test.method, server.URL+test.path, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				server.Do(request).Rest()
				synctest.Wait()
				if got := strings.Join(o.heads, ", "); got != test.head {
					t.Errorf("OnStream was told %q, want %q", got, test.head)
				}
				if got := strings.Join(o.ends, ", "); got != test.end {
					t.Errorf("OnEnd was told %q, want %q", got, test.end)
				}
			})
		})
	}
}

// large is a response whose client takes it as fast as it comes.
func large(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{Body: bare.ChunkWriter(make([]byte, 1<<20), 32<<10)}
}

func TestALargeResponseToASlowClientIsAStream(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.ChunkWriter(make([]byte, 8<<20), 32<<10)}
		})
		o := observe(app)
		stream := serve(t, protocol, app).Get("/")
		time.Sleep(time.Second) // it has filled all buffers meanwhile
		stream.Rest()
		synctest.Wait()
		if want := "GET / 200 8388608B stream=true complete"; !slices.Equal(o.ends, []string{want}) || len(o.heads) != 1 {
			t.Errorf("told %q", *o)
		}
	})
}

// Its first write never ends: nothing is flushed, and no chunk comes after it.
func TestAResponseThatIsBlockedAtOnceIsAStream(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.BytesResponse(200, "text/plain", make([]byte, 16<<20))
		})
		o := observe(app)
		stream := serve(t, protocol, app).Get("/")
		time.Sleep(time.Second)
		synctest.Wait()
		if got := only(t, app); len(o.heads) != 1 || got.Blocked < 900*time.Millisecond || got.Bytes < 32<<10 || got.Idle != got.Age {
			t.Errorf("told %q, and the stream is %+v", o.heads, got)
		}
		stream.Close()
		synctest.Wait()
		if len(o.ends) != 1 || !strings.Contains(o.ends[0], "stream=true client gone") {
			t.Errorf("told %q", o.ends)
		}
	})
}

func TestTheHeadsOfStreamsAreTimed(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var head bare.Head
		var end bare.End
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(2 * time.Second)
			return body(func(yield func([]byte) bool) {
				_ = request.Sleep(3*time.Second) && yield([]byte("x")) && request.Sleep(5*time.Second)
			})
		})
		app.OnStream(func(_ *bare.HttpRequest, h bare.Head) { head = h })
		app.OnEnd(func(_ *bare.HttpRequest, e bare.End) { end = e })
		serve(t, protocol, app).Get("/").Rest()
		synctest.Wait()
		if head.Duration.Round(10*time.Millisecond) != 2*time.Second || head.Status != 200 {
			t.Errorf("OnStream was told %+v", head)
		}
		if end.FirstByte != 5*time.Second || end.Duration != 10*time.Second || end.Chunks != 1 {
			t.Errorf("OnEnd was told %+v", end)
		}
	})
}

func TestAFirstByteIsTimedForTheApplicationAlone(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var end bare.End
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(time.Second)
			return bare.TextResponse(200, "hello")
		})
		app.OnEnd(func(_ *bare.HttpRequest, e bare.End) { end = e })
		response := serve(t, baretest.HTTP1, app).Get("/")
		response.Rest()
		if end.FirstByte != time.Second || response.Response.ContentLength != 5 {
			t.Errorf("OnEnd was told %+v, and the length is %d", end, response.Response.ContentLength)
		}
	})
}

func TestAHookThatPanicsIsLoggedAndHarmsNobody(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("one ")) && request.Sleep(time.Second) && yield([]byte("two"))
		})
		app.OnStream(func(*bare.HttpRequest, bare.Head) { panic("head") })
		app.OnEnd(func(*bare.HttpRequest, bare.End) { panic("end") })
		o := observe(app)
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "one two" || stream.Err() != nil {
			t.Errorf("the client got %q, and then %v", got, stream.Err())
		}
		synctest.Wait()
		if len(o.heads) != 1 || len(o.ends) != 1 {
			t.Errorf("the others were told %+v", *o)
		}
		wantLogged(t, log,
			"ERROR bare: a function given to OnStream panicked method=GET route=/ panic=head",
			"ERROR bare: a function given to OnEnd panicked method=GET route=/ panic=end")
	})
}

func TestAHookMayCutTheStreamItIsToldOf(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var end bare.End
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("one ")) && request.Sleep(time.Second) && yield([]byte("two"))
		})
		app.OnStream(func(_ *bare.HttpRequest, head bare.Head) { app.CutStream(head.ID, errKicked) })
		app.OnEnd(func(_ *bare.HttpRequest, e bare.End) { end = e })
		stream := serve(t, protocol, app).Get("/")
		stream.Rest()
		synctest.Wait()
		if !errors.Is(end.Err, errKicked) || end.Reason() != "cut" || stream.Err() == nil {
			t.Errorf("OnEnd was told %+v, and the client %v", end, stream.Err())
		}
	})
}

func TestHooksAreRegisteredBeforeTheApplicationServes(t *testing.T) {
	t.Parallel()
	register := map[string]func(*bare.Application, bool){
		"OnStream": func(app *bare.Application, missing bool) {
			if missing {
				app.OnStream(nil)
			}
			app.OnStream(func(*bare.HttpRequest, bare.Head) {})
		},
		"OnEnd": func(app *bare.Application, missing bool) {
			if missing {
				app.OnEnd(nil)
			}
			app.OnEnd(func(*bare.HttpRequest, bare.End) {})
		},
	}
	for name, add := range register {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })
				if fault := faultOf(func() { add(app, true) }); fault != "bare: "+name+": the function is nil" {
					t.Errorf("nil is refused with %v", fault)
				}
				add(app, false)
				serve(t, baretest.HTTP1, app).Get("/").Rest()
				if fault := faultOf(func() { add(app, false) }); fault != "bare: "+name+": the application serves already" {
					t.Errorf("it is too late, with %v", fault)
				}
			})
		})
	}
}

func faultOf(do func()) (fault any) {
	defer func() { fault = recover() }()
	do()
	return nil
}

func TestAReasonIsTheSameForAllErrorsOfItsKind(t *testing.T) {
	t.Parallel()
	for want, end := range map[string]bare.End{
		"complete":    {},
		"client gone": {Err: bare.ErrClientGone},
		"shutdown":    {Err: bare.ErrShutdown},
		"stalled":     {Err: fmt.Errorf("wrapped: %w", bare.ErrStalled)},
		"aborted":     {Err: http.ErrAbortHandler},
		"failed":      {Err: bare.ErrContentLength},
		"cut":         {Err: bare.ErrShutdown, Cut: true},
	} {
		if got := end.Reason(); got != want {
			t.Errorf("%+v has the reason %q, want %q", end, got, want)
		}
	}
}

// nowhere is a writer that takes everything.
type nowhere struct{ header http.Header }

func (w nowhere) Header() http.Header         { return w.header }
func (w nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (w nowhere) WriteHeader(int)             {}
func (w nowhere) Flush()                      {}

// What is no stream costs no allocation for those who look, and neither do hooks.
//
//nolint:paralleltest // others would allocate meanwhile
func TestAResponseAtOnceAllocatesNothingForThoseWhoLook(t *testing.T) {
	allocations := func(size int, prepare func(app *bare.Application)) float64 {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.ChunkWriter(make([]byte, size), 1000)}
		})
		prepare(app)
		request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		w := nowhere{http.Header{}}
		return testing.AllocsPerRun(100, func() { app.ServeHTTP(w, request) })
	}
	plain := allocations(10, func(*bare.Application) {})
	hooked := allocations(10, func(app *bare.Application) {
		app.OnStream(func(*bare.HttpRequest, bare.Head) {})
		app.OnEnd(func(*bare.HttpRequest, bare.End) {})
	})
	if hooked != plain {
		t.Errorf("%v allocations become %v with hooks", plain, hooked)
	}
	if long := allocations(10_000, func(*bare.Application) {}); long != plain {
		t.Errorf("%v allocations become %v for a longer response", plain, long)
	}
}

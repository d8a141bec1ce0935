package bare_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

const styleLink = "</style.css>; rel=preload; as=style"

// hints asks for a path, and returns what came before the response, each in one line.
func hints(t *testing.T, server *baretest.Server) ([]string, *baretest.Stream) {
	t.Helper()
	var got []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, header textproto.MIMEHeader) error {
		got = append(got, fmt.Sprint(status, " ", map[string][]string(header)))
		return nil
	}}
	request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, server.URL, http.NoBody)
	must(t, err)
	stream := server.Do(request)
	return got, stream
}

func TestEarlyHintsComeBeforeTheResponseOverHTTP2(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var sent []bool
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			sent = []bool{
				request.EarlyHints(styleLink, "<https://cdn.example>; rel=preconnect"),
				request.EarlyHints("</late.js>; rel=preload; as=script"),
			}
			return bare.TextResponse(200, "page").WithHeader("x-page", "yes")
		})
		got, stream := hints(t, serve(t, protocol, app))
		two := protocol != baretest.HTTP1
		want := []string{
			"103 map[Link:[" + styleLink + " <https://cdn.example>; rel=preconnect]]",
			"103 map[Link:[</late.js>; rel=preload; as=script]]",
		}
		if !two {
			want = nil
		}
		if !slices.Equal(got, want) || !slices.Equal(sent, []bool{two, two}) {
			t.Errorf("got %q, and EarlyHints returned %v, want %q", got, sent, want)
		}
		header := stream.Response.Header
		if body := stream.Rest(); body != "page" || stream.Err() != nil || header.Get("Link") != "" || header.Get("X-Page") != "yes" || stream.Response.ContentLength != 4 {
			t.Errorf("the response is %v %q (%v)", stream.Response, body, stream.Err())
		}
		wantLogged(t, log)
	})
}

// A browser is to use the time that the handler takes.
func TestEarlyHintsDoNotWaitForTheHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.EarlyHints(styleLink)
			request.Sleep(time.Minute)
			return bare.TextResponse(200, "page")
		})
		server := serve(t, baretest.H2C, app)
		start := time.Now()
		var came time.Duration
		trace := &httptrace.ClientTrace{Got1xxResponse: func(int, textproto.MIMEHeader) error {
			came = time.Since(start)
			return nil
		}}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, server.URL, http.NoBody)
		must(t, err)
		server.Do(request)
		if came > time.Millisecond || time.Since(start) < time.Minute {
			t.Errorf("the hints came after %v, the response after %v", came, time.Since(start))
		}
	})
}

func TestLinksThatAreNoneAreNotSent(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]string{
		"a line of its own":      styleLink + "\r\nSet-Cookie: a=b",
		"a line feed":            styleLink + "\n",
		"a NUL":                  styleLink + "\x00",
		"no address":             "rel=preload",
		"an address without end": "</style.css",
		"nothing":                "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if request.EarlyHints(styleLink, link) || request.EarlyHints() {
						t.Error("EarlyHints says that they were sent")
					}
					return bare.TextResponse(200, "page")
				})
				got, stream := hints(t, serve(t, baretest.HTTP2, app))
				if body := stream.Rest(); got != nil || body != "page" {
					t.Errorf("got %q and then %q", got, body)
				}
				wantLogged(t, log, "ERROR bare: the early hints were refused method=GET route=/ error=bare: the link ")
			})
		})
	}
}

func TestThereAreNoHintsWhenTheResponseHasBegun(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var kept *bare.HttpRequest
		late := []bool{}
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			kept = request
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				late = append(late, request.EarlyHints(styleLink))
				yield([]byte("page"))
				late = append(late, request.EarlyHints(styleLink))
			}}
		})
		app.OnHttpRequest(bare.Methods{"GET"}, "/aborted", func(request *bare.HttpRequest) bare.HttpResponse {
			kept = request
			panic(http.ErrAbortHandler)
		})
		server := serve(t, protocol, app)
		got, stream := hints(t, server)
		if body := stream.Rest(); got != nil || body != "page" {
			t.Errorf("got %q and then %q", got, body)
		}
		late = append(late, kept.EarlyHints(styleLink))
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/aborted", http.NoBody)
		must(t, err)
		request.Method = http.MethodGet
		if _, err := server.Client().Do(request); err == nil {
			t.Error("the response was not aborted")
		}
		synctest.Wait()
		late = append(late, kept.EarlyHints(styleLink)) // net/http would bring the process down
		if slices.Contains(late, true) {
			t.Errorf("EarlyHints returned %v", late)
		}
		wantLogged(t, log)
	})
}

func TestARequestThatNoServerMadeHasNoHints(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]*bare.HttpRequest{
		"by hand":        {Scope: httptest.NewRequest(http.MethodGet, "/", http.NoBody)},
		"NewHttpRequest": baretest.NewRequest("GET", "/", nil),
	} {
		if request.EarlyHints(styleLink) {
			t.Errorf("%s: EarlyHints says that they were sent", name)
		}
	}
}

// A recorder is what many middlewares of net/http have: the first status counts.
type recorder struct {
	http.ResponseWriter

	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
		r.ResponseWriter.WriteHeader(status)
	}
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func TestEarlyHintsLeaveMiddlewaresAlone(t *testing.T) {
	var seen int
	record := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header()["Content-Length"] = []string{"4"}
			recorder := &recorder{ResponseWriter: w}
			next.ServeHTTP(recorder, r)
			seen = recorder.status
		})
	}
	limited := func(next http.Handler) http.Handler { return http.TimeoutHandler(next, time.Minute, "") }
	for name, c := range map[string]struct {
		wrap, around func(http.Handler) http.Handler
		hinted       bool
	}{
		"wrapped":                      {record, same, true},
		"around the route":             {same, record, true},
		"around both":                  {record, record, true},
		"with a writer of its own":     {limited, same, false},
		"with a writer of its own too": {record, limited, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, log, _ := through(c.around, func(request *bare.HttpRequest) bare.HttpResponse {
					if got := request.EarlyHints(styleLink); got != c.hinted {
						t.Errorf("EarlyHints returned %v", got)
					}
					return bare.TextResponse(201, "page")
				})
				app.Wrap(c.wrap)
				got, stream := hints(t, serve(t, baretest.HTTP2, app))
				want := []string(nil)
				if c.hinted {
					want = []string{"103 map[Link:[" + styleLink + "]]"}
				}
				body := stream.Rest()
				if !slices.Equal(got, want) || body != "page" || stream.Response.StatusCode != http.StatusCreated {
					t.Errorf("got %q, and then %s %q", got, stream.Response.Status, body)
				}
				synctest.Wait()
				if name != "with a writer of its own" && (stream.Response.Header.Get("Access-Control-Allow-Origin") != "*" || seen != 201) {
					t.Errorf("the middleware saw %d, and left %v", seen, stream.Response.Header)
				}
				wantLogged(t, log)
			})
		})
	}
}

// The handler inside runs beside the response then.
func TestAMiddlewareOfNetHTTPMayAnswerWhileItsHandlerHints(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, _, _ := through(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Early", "yes")
				w.WriteHeader(http.StatusOK)
				next.ServeHTTP(w, r)
			})
		}, func(request *bare.HttpRequest) bare.HttpResponse {
			for range 100 {
				request.EarlyHints(styleLink)
			}
			return bare.TextResponse(200, "page")
		})
		_, stream := hints(t, serve(t, baretest.H2C, app))
		if body := stream.Rest(); body != "page" || stream.Response.Header.Get("X-Early") != "yes" || stream.Response.Header.Get("Link") != "" {
			t.Errorf("got %v %q", stream.Response.Header, body)
		}
	})
}

// When the client has left, net/http may yet read the headers that it was given.
func TestHintsForAClientThatLeavesShareNothingWithTheResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			for range 50 {
				request.EarlyHints(styleLink)
			}
			return bare.TextResponse(200, "page").WithHeader("x-a", "b")
		})
		server := serve(t, baretest.H2C, app)
		for stream := range uint32(20) {
			client := dialHTTP2(t, server, 1<<16)
			client.get(1, "/")
			reset := binary.BigEndian.AppendUint32(nil, 8)
			client.send(frame{resetFrame, 0, 1, reset})
			if stream%2 == 0 {
				_ = client.conn.Close()
			} else {
				go func() {
					for {
						if _, err := client.next(); err != nil {
							return
						}
					}
				}()
			}
		}
		synctest.Wait()
	})
}

// A writer under a server that is not ours: its headers are as before.
type ownHinter struct {
	*httptest.ResponseRecorder

	hinted http.Header
}

func (*ownHinter) SetWriteDeadline(time.Time) error { return nil }

func (h *ownHinter) WriteHeader(status int) {
	if status == http.StatusEarlyHints {
		h.hinted = h.Header().Clone()
		return
	}
	h.ResponseRecorder.WriteHeader(status)
}

func TestTheHeadersAreRestoredAfterHints(t *testing.T) {
	t.Parallel()
	app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
		request.EarlyHints(styleLink)
		return bare.TextResponse(200, "page")
	})
	w := &ownHinter{ResponseRecorder: httptest.NewRecorder()}
	before := http.Header{"Link": {"</other>; rel=preload"}, "Vary": {"Origin"}, "X-Empty": nil}
	maps.Copy(w.Header(), before)
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.ProtoMajor, r.Proto = 2, "HTTP/2.0"
	app.ServeHTTP(w, r)
	if got := w.hinted["Link"]; !slices.Equal(got, []string{styleLink}) || w.hinted.Get("Vary") != "" {
		t.Errorf("the hints are %v", w.hinted)
	}
	for name, values := range before {
		if got, ok := w.Header()[name]; !ok || !slices.Equal(got, values) {
			t.Errorf("the response has %s: %q", name, got)
		}
	}
}

package bare_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/wsclient"
)

// never is a WebSocket's handler that must not be called.
func never(t *testing.T) bare.WebSocketHandler {
	t.Helper()
	return func(*bare.WebSocketRequest) { t.Error("the handler was called") }
}

func TestAHandshakeThatIsNoneIsAnErrorForOnError(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		headers http.Header
		status  int
		upgrade string
	}{
		"another version":          {http.Header{"Sec-Websocket-Version": {"8"}}, 426, "websocket"},
		"no version":               {http.Header{"Sec-Websocket-Version": nil}, 426, "websocket"},
		"no key":                   {http.Header{"Sec-Websocket-Key": nil}, 400, ""},
		"two keys":                 {http.Header{"Sec-Websocket-Key": {wsclient.Key, wsclient.Key}}, 400, ""},
		"a key that is too short":  {http.Header{"Sec-Websocket-Key": {"c2hvcnQ="}}, 400, ""},
		"a key that is no base64":  {http.Header{"Sec-Websocket-Key": {"!"}}, 400, ""},
		"no upgrade":               {http.Header{"Upgrade": nil}, 426, "websocket"},
		"another protocol":         {http.Header{"Upgrade": {"h2c"}}, 426, "websocket"},
		"no upgrade in Connection": {http.Header{"Connection": {"keep-alive"}}, 426, "websocket"},
		"a foreign origin":         {http.Header{"Origin": {"https://evil.example"}}, 403, ""},
		"an origin that hides":     {http.Header{"Origin": {"null"}}, 403, ""},
		"an origin that is none":   {http.Header{"Origin": {"http://%zz"}}, 403, ""},
		"two origins":              {http.Header{"Origin": {"http://in.memory", "http://evil.example"}}, 403, ""},
		"a host that begins alike": {http.Header{"Origin": {"http://in.memory.evil.example"}}, 403, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				var seen error
				app, _ := socketApp(never(t))
				app.OnError = func(_ *bare.HttpRequest, err error) bare.HttpResponse {
					seen = err
					return bare.TextResponse(0, "ours")
				}
				socket := serve(t, baretest.HTTP1, app).WebSocket("/", c.headers)
				if got := socket.Response.StatusCode; got != c.status {
					t.Errorf("answered with %d, want %d", got, c.status)
				}
				if got := socket.Response.Header.Get("Upgrade"); got != c.upgrade {
					t.Errorf("Upgrade is %q, want %q", got, c.upgrade)
				}
				var fault *bare.HttpError
				if !errors.As(seen, &fault) || fault.Status != c.status {
					t.Errorf("OnError was given %v", seen)
				}
				if body, err := io.ReadAll(io.LimitReader(socket.Response.Body, 4)); string(body) != "ours" {
					t.Errorf("the body is %q (%v)", body, err)
				}
			})
		})
	}
}

func TestAHandshakeWithABodyIsRefused(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(never(t))
		conn := serve(t, baretest.HTTP1, app).Dial()
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: in.memory\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "+wsclient.Key+"\r\nContent-Length: 3\r\n\r\nabc")
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || response.StatusCode != http.StatusBadRequest {
			t.Errorf("answered with %+v (%v)", response, err)
		}
	})
}

func TestAnOriginMayConnectWhenItIsOursOrAllowed(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		origin  string
		allowed []string
	}{
		"of this host":                 {"http://in.memory", nil},
		"of this host, in other case":  {"http://IN.Memory", nil},
		"a host that is allowed":       {"https://app.example.com", []string{"app.example.com"}},
		"a host that a pattern allows": {"https://app.example.com:8443", []string{"nowhere", "*.example.com:*"}},
		"a scheme and a host":          {"https://app.example.com", []string{"https://app.example.com"}},
		"any":                          {"null", []string{"*"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := socketApp(echo)
				app.WebSocketOptions.Origins = c.allowed
				socket := serve(t, baretest.HTTP1, app).WebSocket("/", http.Header{"Origin": {c.origin}})
				socket.SendText("a")
				if got := socket.Text(); got != "a" {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

func TestASchemeThatIsNotAllowedIsForeign(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(never(t))
		app.WebSocketOptions.Origins = []string{"https://app.example.com"}
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", http.Header{"Origin": {"http://app.example.com"}})
		if got := socket.Response.StatusCode; got != http.StatusForbidden {
			t.Errorf("answered with %d", got)
		}
	})
}

func TestTheAnswerToAHandshakeIsThatOfTheRFC(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(func(request *bare.WebSocketRequest) {
			chosen := request.WebSocket.Offers("v2", "v1")
			_ = request.WebSocket.Accept(chosen, bare.Headers("set-cookie", "a=b", "sec-websocket-accept", "nonsense"))
		})
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", http.Header{"Sec-Websocket-Protocol": {"v0, v1", "v3"}})
		want := http.Header{
			"Upgrade":                {"websocket"},
			"Connection":             {"Upgrade"},
			"Sec-Websocket-Accept":   {wsclient.Accept},
			"Sec-Websocket-Protocol": {"v1"},
			"Set-Cookie":             {"a=b"},
		}
		got := socket.Response.Header.Clone()
		got.Del("Date")
		if !equalHeaders(got, want) {
			t.Errorf("the headers are %v, want %v", got, want)
		}
		if code := socket.Code(); code != bare.CloseNormal {
			t.Errorf("a handler that returns closes with %d", code)
		}
	})
}

func equalHeaders(got, want http.Header) bool {
	if len(got) != len(want) {
		return false
	}
	for name, values := range want {
		if !slices.Equal(got[name], values) {
			return false
		}
	}
	return true
}

func TestAHandlerMayRefuse(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		handler bare.WebSocketHandler
		status  int
		logged  []string
	}{
		"by returning": {func(*bare.WebSocketRequest) {}, 403, nil},
		"by a close": {func(request *bare.WebSocketRequest) {
			if err := request.WebSocket.Close(bare.ClosePolicyViolation, ""); err != nil {
				panic(err)
			}
		}, 403, nil},
		"by a response": {func(request *bare.WebSocketRequest) {
			request.WebSocket.Refuse(bare.ErrorResponse(&bare.HttpError{Status: http.StatusUnauthorized}))
			if request.WebSocket.Accept("", nil) == nil {
				panic("accepted after a refusal")
			}
		}, 401, nil},
		"by a panic": {func(*bare.WebSocketRequest) { panic("oops") }, 500, []string{"ERROR bare: the handler panicked"}},
		"by a subprotocol that was not offered": {func(request *bare.WebSocketRequest) {
			if request.WebSocket.Accept("v9", nil) == nil {
				panic("accepted")
			}
		}, 500, []string{"ERROR bare: the request failed"}},
		"by a header that is none": {func(request *bare.WebSocketRequest) {
			if request.WebSocket.Accept("", bare.Headers("a", "b\r\nc: d")) == nil {
				panic("accepted")
			}
		}, 500, []string{"ERROR bare: the response was refused"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := socketApp(c.handler)
				socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
				if got := socket.Response.StatusCode; got != c.status {
					t.Errorf("answered with %d, want %d", got, c.status)
				}
				synctest.Wait()
				wantLogged(t, log, c.logged...)
			})
		})
	}
}

func TestNothingWorksBeforeAccept(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(func(request *bare.WebSocketRequest) {
			if _, err := request.WebSocket.Receive(); err == nil {
				t.Error("received before accept")
			}
			if request.WebSocket.SendText("") == nil || request.WebSocket.SendBytes(nil) == nil {
				t.Error("sent before accept")
			}
			echo(request)
		})
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		socket.SendText("a")
		if got := socket.Text(); got != "a" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAMiddlewareSeesTheHandshakeAsAResponse(t *testing.T) {
	t.Parallel()
	wrappers := map[string]func(bare.HttpMiddleware) bare.HttpMiddleware{
		"of bare":                func(middleware bare.HttpMiddleware) bare.HttpMiddleware { return middleware },
		"around one of net/http": aroundForeign,
	}
	for name, wrapper := range wrappers {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := socketApp(echo)
				app.Middlewares = []bare.HttpMiddleware{wrapper(func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
					response := handler(request)
					if response.Status != 101 || response.Headers.Get("Sec-WebSocket-Accept") == "" {
						t.Errorf("the middleware sees %d %v", response.Status, response.Headers)
					}
					return response.WithHeader("x-seen", "yes")
				})}
				socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
				if got := socket.Response.Header.Get("X-Seen"); got != "yes" {
					t.Errorf("the header is %q", got)
				}
				socket.SendText("a")
				if got := socket.Text(); got != "a" {
					t.Errorf("got %q", got)
				}
				if code := socket.Close(0, ""); code != bare.CloseNoStatus {
					t.Errorf("closed with %d", code)
				}
				synctest.Wait()
				wantLogged(t, log)
			})
		})
	}
}

// aroundForeign puts a middleware of net/http inside another one.
func aroundForeign(middleware bare.HttpMiddleware) bare.HttpMiddleware {
	foreign := bare.FromHTTPMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Foreign", "yes")
			next.ServeHTTP(w, r)
		})
	})
	return func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		return middleware(request, func(request *bare.HttpRequest) bare.HttpResponse { return foreign(request, handler) })
	}
}

func TestAMiddlewareOfNetHTTPReturnsWhenTheSessionHasEnded(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		returned := make(chan struct{})
		app := bare.NewApplication()
		foreign := bare.FromHTTPMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(returned)
				next.ServeHTTP(w, r)
			})
		})
		app.OnHttpRequest(bare.Methods{"GET"}, "/", bare.Chain(bare.FromWebSocketHandler(echo, bare.WebSocketOptions{}), foreign))
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		socket.SendText("a")
		socket.Text()
		synctest.Wait()
		select {
		case <-returned:
			t.Error("the middleware returned in mid-session")
		default:
		}
		socket.Close(0, "")
		<-returned
	})
}

func TestAMiddlewareOfNetHTTPThatHoldsTheHeadBackGetsA500(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := socketApp(func(request *bare.WebSocketRequest) {
			if request.WebSocket.Accept("", nil) == nil {
				t.Error("accepted")
			}
		})
		app.Middlewares = []bare.HttpMiddleware{bare.FromHTTPMiddleware(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				recorder := httptest.NewRecorder()
				next.ServeHTTP(recorder, r)
				w.WriteHeader(http.StatusInternalServerError)
			})
		})}
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		if got := socket.Response.StatusCode; got != 500 {
			t.Errorf("answered with %d", got)
		}
		synctest.Wait()
		wantLogged(t, log, "WARN bare: a middleware of net/http has held back the head of a WebSocket")
	})
}

func TestAMiddlewareMayAnswerInThePlaceOfA101(t *testing.T) {
	t.Parallel()
	cases := map[string]func(response bare.HttpResponse) bare.HttpResponse{
		"with another response": func(bare.HttpResponse) bare.HttpResponse { return bare.TextResponse(429, "later") },
		"with another status": func(response bare.HttpResponse) bare.HttpResponse {
			response.Status = 429
			return response
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				accepted := make(chan error, 1)
				app, _ := socketApp(func(request *bare.WebSocketRequest) {
					accepted <- request.WebSocket.Accept("", nil)
				})
				app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
					return change(handler(request))
				}}
				socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
				if got := socket.Response.StatusCode; got != 429 {
					t.Errorf("answered with %d", got)
				}
				if err := <-accepted; err == nil {
					t.Error("Accept returned nil")
				}
			})
		})
	}
}

func TestAWriterThatCannotBeHijackedIsA500(t *testing.T) {
	app, log := socketApp(never(t))
	request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	request.Header = wsclient.Headers()
	recorder := httptest.NewRecorder()
	app.ServeHTTP(recorder, request)
	if recorder.Code != 500 {
		t.Errorf("answered with %d", recorder.Code)
	}
	wantLogged(t, log, "ERROR bare: the request failed")
}

func TestARequestThatNoServerMadeHasNoWebSocket(t *testing.T) {
	response := baretest.NewRequest("GET", "/", nil).WebSocket(never(t), bare.WebSocketOptions{})
	if response.Status != 500 {
		t.Errorf("answered with %d", response.Status)
	}
}

func TestAHandshakeIsWhatAMiddlewareHasMadeOfIt(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		sent   http.Header
		change func(headers http.Header)
	}{
		"without the offer to compress": {
			http.Header{"Sec-Websocket-Extensions": {"permessage-deflate"}},
			func(headers http.Header) { headers.Del("Sec-WebSocket-Extensions") },
		},
		"with the upgrade that a proxy has lost": {
			http.Header{"Connection": {"keep-alive"}},
			func(headers http.Header) { headers.Set("Connection", "Upgrade") },
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := socketApp(never(t))
				app.HttpRouter.Add(bare.Methods{"GET"}, "/changed", bare.FromWebSocketHandler(echo, bare.WebSocketOptions{Compression: true}))
				app.Middlewares = []bare.HttpMiddleware{bare.FromHTTPMiddleware(func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						r = r.Clone(r.Context())
						c.change(r.Header)
						next.ServeHTTP(w, r)
					})
				})}
				socket := serve(t, baretest.HTTP1, app).WebSocket("/changed", c.sent)
				if got := socket.Response; got.StatusCode != http.StatusSwitchingProtocols || got.Header["Sec-Websocket-Extensions"] != nil {
					t.Fatalf("answered with %s and %v", got.Status, got.Header)
				}
				socket.SendText("hello")
				if got := socket.Text(); got != "hello" {
					t.Errorf("got %q", got)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestARefusalDoesNotWaitForItsHandler(t *testing.T) {
	t.Parallel()
	cases := map[string]func(socket *bare.WebSocket){
		"of Refuse": func(socket *bare.WebSocket) { socket.Refuse(bare.TextResponse(403, "no")) },
		"of Close":  func(socket *bare.WebSocket) { _ = socket.Close(1000, "") },
		"of an offer that was not made": func(socket *bare.WebSocket) {
			if socket.Accept("chat", nil) == nil {
				t.Error("accepted")
			}
		},
	}
	for name, refuse := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := socketApp(func(request *bare.WebSocketRequest) {
					refuse(request.WebSocket)
					time.Sleep(5 * time.Second) // it notes who it was
				})
				start := time.Now()
				response := serve(t, baretest.HTTP1, app).WebSocket("/", nil).Response
				if body, err := io.ReadAll(response.Body); len(body) == 0 || err != nil {
					t.Errorf("got %q (%v)", body, err)
				}
				if took := time.Since(start); took > 0 {
					t.Errorf("%s came after %v", response.Status, took)
				}
			})
		})
	}
}

func TestAResponseOfAnotherWebSocketRefusesThisOne(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(func(request *bare.WebSocketRequest) {
			request.WebSocket.Refuse(request.HttpRequest.WebSocket(func(request *bare.WebSocketRequest) {
				_ = request.WebSocket.Accept("", nil)
			}, bare.WebSocketOptions{}))
		})
		if got := serve(t, baretest.HTTP1, app).WebSocket("/", nil).Response.StatusCode; got == 101 {
			t.Error("accepted")
		}
	})
}

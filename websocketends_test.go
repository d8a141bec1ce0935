package bare_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/wsclient"
)

// ending is an application whose WebSocket tells how it ended.
func ending(handler bare.WebSocketHandler) (*bare.Application, *logbook, <-chan bare.End) {
	ends := make(chan bare.End, 1)
	app, log := socketApp(func(request *bare.WebSocketRequest) {
		request.OnEnd(func(end bare.End) { ends <- end })
		handler(request)
	})
	return app, log, ends
}

// accepted is a handler that begins when the WebSocket is open.
func accepted(handler bare.WebSocketHandler) bare.WebSocketHandler {
	return func(request *bare.WebSocketRequest) {
		if request.WebSocket.Accept("", nil) == nil {
			handler(request)
		}
	}
}

func TestAClientThatLeavesEndsTheWebSocket(t *testing.T) {
	t.Parallel()
	leaving := map[string]func(t *testing.T, client *wsclient.Client){
		"by closing the connection": func(_ *testing.T, client *wsclient.Client) { _ = client.Close() },
		"by closing its side of the connection": func(_ *testing.T, client *wsclient.Client) {
			if half, ok := client.Conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
		},
		"by a reset in mid-message": func(t *testing.T, client *wsclient.Client) {
			sendFrames(t, client, wsclient.Frame{Final: true, Opcode: wsclient.Text, Payload: []byte("half"), Longer: 4})
			if conn, ok := client.Conn.(interface{ SetLinger(int) error }); ok {
				_ = conn.SetLinger(0)
			}
			_ = client.Close()
		},
		"in mid-fragment": func(t *testing.T, client *wsclient.Client) {
			sendFrames(t, client, wsclient.Frame{Opcode: wsclient.Text, Payload: []byte("half")})
			_ = client.Close()
		},
	}
	for name, leave := range leaving {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
					<-request.Context().Done() // which ends although nobody receives
					if _, err := request.WebSocket.Receive(); !errors.Is(err, bare.ErrClientGone) {
						t.Errorf("Receive fails with %v", err)
					}
					if err := request.WebSocket.SendText("anybody?"); !errors.Is(err, bare.ErrClientGone) {
						t.Errorf("SendText fails with %v", err)
					}
					if code := request.WebSocket.Code(); code != bare.CloseAbnormal {
						t.Errorf("the code is %d", code)
					}
				}))
				start := time.Now()
				leave(t, rawClient(t, serve(t, baretest.HTTP1, app), nil))
				if end := <-ends; !errors.Is(end.Err, bare.ErrClientGone) || end.Status != 101 {
					t.Errorf("ended with %+v", end)
				}
				if late := time.Since(start); late > 0 {
					t.Errorf("it took %v", late)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestTheEndCountsWhatWentOverTheWire(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			request.Sleep(3 * time.Second)
			_ = request.WebSocket.SendText("hello")
			request.Sleep(time.Second)
		}))
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		if code := socket.Code(); code != bare.CloseNormal {
			t.Errorf("closed with %d", code)
		}
		const message, closing = 2 + len("hello"), 2 + 2
		want := bare.End{Status: 101, Bytes: int64(message + closing), FirstByte: 3 * time.Second, Duration: 4 * time.Second, Chunks: 2, Stream: true}
		if end := <-ends; end != want {
			t.Errorf("ended with %+v, want %+v", end, want)
		}
	})
}

func TestAHandlerThatOnlySendsIsToldThatTheClientHasClosed(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		values := make(chan int)
		app, _, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			for range bare.Receive(request.HttpRequest, values) {
				_ = request.WebSocket.SendText("value")
			}
		}))
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		values <- 1
		if got := socket.Text(); got != "value" {
			t.Errorf("got %q", got)
		}
		if code := socket.Close(1000, ""); code != 1000 {
			t.Errorf("closed with %d", code)
		}
		if end := <-ends; end.Err != nil {
			t.Errorf("ended with %v", end.Err)
		}
	})
}

func TestPingsAreAnsweredWhateverTheHandlerDoes(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) { <-request.Context().Done() }))
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		sendFrames(t, client, wsclient.Frame{Final: true, Opcode: wsclient.Ping, Payload: []byte("1")})
		wantFrame(t, client, wsclient.Pong, "1")
	})
}

func TestAPingWaitsForTheMessageThatIsBeingSent(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		const size = 300 << 10 // more than the connection holds
		app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) {
			_ = request.WebSocket.SendBytes(make([]byte, size))
			for message := range request.WebSocket.Messages() {
				_ = request.WebSocket.SendText(message.Text)
			}
		}))
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		synctest.Wait() // the message waits for us
		for _, payload := range []string{"1", "2"} {
			sendFrames(t, client, wsclient.Frame{Final: true, Opcode: wsclient.Ping, Payload: []byte(payload)})
		}
		sendFrames(t, client, text("read meanwhile"))
		time.Sleep(20 * time.Second) // longer than the library would wait
		frame, err := client.Receive()
		if err != nil || len(frame.Payload) != size {
			t.Fatalf("got %d bytes (%v)", len(frame.Payload), err)
		}
		wantFrame(t, client, wsclient.Pong, "2") // the latest will do
		wantFrame(t, client, wsclient.Text, "read meanwhile")
	})
}

func TestAPingIsSentInEachInterval(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		interval, first time.Duration
	}{
		"by default":   {0, bare.DefaultWebSocketPingInterval},
		"as was asked": {7 * time.Second, 7 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := socketApp(echo)
				app.WebSocketOptions.PingInterval = c.interval
				client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
				start := time.Now()
				for i := range 3 {
					wantFrame(t, client, wsclient.Ping, "")
					if got, want := time.Since(start), time.Duration(i+1)*c.first; got != want {
						t.Errorf("a ping came after %v, want %v", got, want)
					}
				}
			})
		})
	}
}

func TestNoPingIsSentWhereNoneIsWanted(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) {
			request.Sleep(24 * time.Hour)
			_ = request.WebSocket.SendText("a day")
		}))
		app.WebSocketOptions.PingInterval = -1
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		wantFrame(t, client, wsclient.Text, "a day")
	})
}

func TestAClientThatTakesNothingIsCutOffAfterTheStallTimeout(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			for {
				if err := request.WebSocket.SendBytes(make([]byte, 64<<10)); err != nil {
					if !errors.Is(err, bare.ErrStalled) {
						t.Errorf("SendBytes fails with %v", err)
					}
					return
				}
			}
		}))
		app.StallTimeout = 8 * time.Second
		start := time.Now()
		socket := serve(t, protocol, app).WebSocket("/", nil)
		end := <-ends
		if !errors.Is(end.Err, bare.ErrStalled) {
			t.Errorf("ended with %v", end.Err)
		}
		if took := time.Since(start); took < 8*time.Second || took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		socket.Leave()
		wantLogged(t, log)
	})
}

func TestASlowClientIsServed(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		const size = 1 << 20
		app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			if err := request.WebSocket.SendBytes(make([]byte, size)); err != nil {
				t.Error(err)
			}
		}))
		app.StallTimeout = 8 * time.Second
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		buffer := make([]byte, 16<<10)
		for taken := 0; taken < size; {
			time.Sleep(4 * time.Second) // minutes in all
			n, err := client.Read(buffer)
			if taken += n; err != nil {
				t.Fatal(err)
			}
		}
		if end := <-ends; end.Err != nil || end.Bytes < size {
			t.Errorf("ended with %+v", end)
		}
		wantLogged(t, log)
	})
}

func TestAClientThatIsSilentDoesNotStall(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(echo)
		app.StallTimeout = 8 * time.Second
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		time.Sleep(24 * time.Hour)
		socket.SendText("still here")
		if got := socket.Text(); got != "still here" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAPanicIsLoggedOnceAndClosesWith1011(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log, ends := ending(accepted(func(*bare.WebSocketRequest) { panic("oops") }))
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		if code := socket.Code(); code != bare.CloseInternalError || socket.Reason() != "" {
			t.Errorf("closed with %d %q", code, socket.Reason())
		}
		if end := <-ends; end.Err == nil {
			t.Error("ended well")
		}
		wantLogged(t, log, "ERROR bare: the WebSocket's handler panicked method=GET route=/ panic=oops")
	})
}

func TestAHandlerThatAbortsDropsTheConnection(t *testing.T) {
	t.Parallel()
	for name, abort := range map[string]func(){
		"by its panic":            func() { panic(http.ErrAbortHandler) },
		"by ending its goroutine": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log, ends := ending(accepted(func(*bare.WebSocketRequest) { abort() }))
				socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
				if code := socket.Code(); code != bare.CloseAbnormal {
					t.Errorf("closed with %d", code)
				}
				if end := <-ends; !errors.Is(end.Err, http.ErrAbortHandler) {
					t.Errorf("ended with %v", end.Err)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestSeveralGoroutinesMaySend(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) {
			var senders sync.WaitGroup
			for _, letter := range []string{"a", "b", "c"} {
				senders.Go(func() {
					for range 10 {
						_ = request.WebSocket.SendText(strings.Repeat(letter, 40<<10))
					}
				})
			}
			senders.Wait()
		}))
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		for range 30 {
			if got := socket.Text(); got != strings.Repeat(got[:1], 40<<10) {
				t.Fatalf("a message is mixed")
			}
		}
		if code := socket.Code(); code != bare.CloseNormal {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestACutBreaksTheConnectionOff(t *testing.T) {
	t.Parallel()
	loggedOut := errors.New("logged out")
	for name, busy := range map[string]bool{"while it is silent": false, "while a message waits for the client": true} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				requests := make(chan *bare.WebSocketRequest, 1)
				app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
					_ = request.WebSocket.SendText("hello")
					requests <- request
					if busy {
						_ = request.WebSocket.SendBytes(make([]byte, 1<<20))
					}
					if _, err := request.WebSocket.Receive(); !errors.Is(err, loggedOut) {
						t.Errorf("Receive fails with %v", err)
					}
					if cause := context.Cause(request.Context()); !errors.Is(cause, loggedOut) {
						t.Errorf("the context ends with %v", cause)
					}
				}))
				client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
				request := <-requests
				wantFrame(t, client, wsclient.Text, "hello")
				synctest.Wait()
				start := time.Now()
				request.Cut(loggedOut)
				if end := <-ends; !errors.Is(end.Err, loggedOut) {
					t.Errorf("ended with %v", end.Err)
				}
				if took := time.Since(start); took > 200*time.Millisecond {
					t.Errorf("it took %v", took)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestACutBeforeAcceptSendsNo101(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _, ends := ending(func(request *bare.WebSocketRequest) {
			request.Cut(nil)
			if request.WebSocket.Accept("", nil) == nil {
				t.Error("accepted")
			}
		})
		_, err := wsclient.Open(serve(t, baretest.HTTP1, app).Dial(), "in.memory", "/", nil)
		if err == nil {
			t.Error("the handshake was answered")
		}
		if end := <-ends; !errors.Is(end.Err, bare.ErrCut) {
			t.Errorf("ended with %v", end.Err)
		}
	})
}

func TestTheLocalsOfAMiddlewareComeToTheHandler(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(func(request *bare.WebSocketRequest) {
			_ = request.WebSocket.Accept("", nil)
			name := request.Info.Get("name")
			_ = request.WebSocket.SendText(fmt.Sprint(request.Locals["user"], name, request.Query().Get("q")))
		})
		app.Info.Set("name", " of bare ")
		app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			request.Locals["user"] = "fred"
			return handler(request)
		}}
		if got := serve(t, baretest.HTTP1, app).WebSocket("/?q=1", nil).Text(); got != "fred of bare 1" {
			t.Errorf("got %q", got)
		}
	})
}

func TestACutAfterTheClientHasLeftIsWhatReceiveFailsWith(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		loggedOut := errors.New("logged out")
		requests := make(chan *bare.WebSocketRequest, 1)
		app, _, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			requests <- request
			<-request.Context().Done()
			time.Sleep(10 * time.Second)
			for range request.WebSocket.Messages() {
			}
			if err := request.WebSocket.Err(); !errors.Is(err, loggedOut) {
				t.Errorf("the WebSocket ended with %v", err)
			}
		}))
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		sendFrames(t, client, text("a"), text("b"))
		request := <-requests
		if half, ok := client.Conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		<-request.Context().Done()
		time.Sleep(time.Second)
		request.Cut(loggedOut)
		if end := <-ends; !errors.Is(end.Err, loggedOut) {
			t.Errorf("ended with %v", end.Err)
		}
	})
}

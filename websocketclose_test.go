package bare_test

import (
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/wsclient"
)

func TestACloseReachesAClientThatIsSlow(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		size    int
		handler func(socket *bare.WebSocket, content []byte)
		code    int
	}{
		"behind the message that is being sent": {300 << 10, func(socket *bare.WebSocket, content []byte) {
			go func() { _ = socket.SendBytes(content) }()
			synctest.Wait()
			_ = socket.Close(4000, "")
		}, 4000},
		"behind a message that fills the connection": {fills, func(socket *bare.WebSocket, content []byte) {
			_ = socket.SendBytes(content)
		}, 1000},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
					c.handler(request.WebSocket, make([]byte, c.size))
				}))
				client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
				time.Sleep(12 * time.Second) // less than the StallTimeout, more than the library waits
				if frame, err := client.Receive(); err != nil || len(frame.Payload) != c.size {
					t.Fatalf("got %d bytes (%v)", len(frame.Payload), err)
				}
				frame, err := client.Receive()
				if code, _ := wsclient.CloseCode(frame.Payload); err != nil || code != c.code {
					t.Errorf("closed with %d (%v)", code, err)
				}
				time.Sleep(4 * time.Second) // of the five for the answer
				if err := client.SendClose(c.code, ""); err != nil {
					t.Error(err)
				}
				if end := <-ends; end.Err != nil {
					t.Errorf("ended with %v", end.Err)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestAStopWithinItsGraceLetsAMessageArrive(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		const size = 300 << 10
		app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) {
			_ = request.WebSocket.SendBytes(make([]byte, size))
		}))
		server := serve(t, baretest.HTTP1, app)
		client := rawClient(t, server, nil)
		synctest.Wait()
		go func() { _ = server.Stop() }()
		time.Sleep(6 * time.Second)
		if frame, err := client.Receive(); err != nil || len(frame.Payload) != size {
			t.Fatalf("got %d bytes (%v)", len(frame.Payload), err)
		}
		wantClose(t, client, bare.CloseGoingAway)
	})
}

func TestACloseThatDoesNotReachTheClientIsNoGoodEnd(t *testing.T) {
	t.Parallel()
	for name, stalls := range map[string]bool{"as the client takes nothing": true, "as the client has left": false} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				codes := make(chan int, 1)
				app, _, ends := ending(accepted(func(request *bare.WebSocketRequest) {
					_ = request.WebSocket.SendBytes(make([]byte, fills))
					_ = request.WebSocket.Close(4000, "")
					codes <- request.WebSocket.Code()
				}))
				app.StallTimeout = 8 * time.Second
				client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
				synctest.Wait()
				want := bare.ErrStalled
				if !stalls {
					want = bare.ErrClientGone
					_ = client.Close()
				}
				if end := <-ends; end.Err != want { //nolint:errorlint // itself
					t.Errorf("ended with %v", end.Err)
				}
				if code := <-codes; code != bare.CloseAbnormal {
					t.Errorf("the code is %d", code)
				}
			})
		})
	}
}

func TestACloseDuringTheHandshakeClosesTheWebSocketWhenItIsOpen(t *testing.T) {
	t.Parallel()
	accept := func(request *bare.WebSocketRequest) { _ = request.WebSocket.Accept("", nil) }
	cases := map[string]struct {
		handler bare.WebSocketHandler
		code    int
	}{
		"by another goroutine": {func(request *bare.WebSocketRequest) {
			time.AfterFunc(time.Second, func() {
				if err := request.WebSocket.Close(4001, "logged out"); err != nil {
					t.Error(err)
				}
			})
			echo(request)
		}, 4001},
		"by the handler's return": {func(request *bare.WebSocketRequest) {
			go accept(request)
			time.Sleep(time.Second)
		}, bare.CloseNormal},
		"by the handler's panic": {func(request *bare.WebSocketRequest) {
			go accept(request)
			time.Sleep(time.Second)
			panic("oops")
		}, bare.CloseInternalError},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := socketApp(c.handler)
				app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
					response := handler(request)
					time.Sleep(2 * time.Second) // it stores something
					return response
				}}
				socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
				time.AfterFunc(time.Hour, socket.Leave)
				if code := socket.Code(); code != c.code {
					t.Errorf("closed with %d", code)
				}
			})
		})
	}
}

func TestTheConnectionIsReadUpToTheNextMessageWhateverTheHandlerDoes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		frame wsclient.Frame
		want  wsclient.Frame
	}{
		"so that a ping is answered": {ping("1"), wsclient.Frame{Opcode: wsclient.Pong, Payload: []byte("1")}},
		"so that a close is seen": {
			wsclient.Frame{Final: true, Opcode: wsclient.Close, Payload: wsclient.ClosePayload(4000, "")},
			wsclient.Frame{Opcode: wsclient.Close, Payload: wsclient.ClosePayload(4000, "")},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) {
					<-request.Context().Done()
					message, err := request.WebSocket.Receive()
					if err != nil || message.Text != "received late" {
						t.Errorf("got %q (%v)", message.Text, err)
					}
				}))
				app.WebSocketOptions.PingInterval = -1
				client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
				sendFrames(t, client, text("received late"), c.frame)
				time.AfterFunc(time.Hour, func() { _ = client.Close() })
				wantFrame(t, client, c.want.Opcode, string(c.want.Payload))
			})
		})
	}
}

func TestNothingComesAfterTheCloseFrame(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(accepted(func(*bare.WebSocketRequest) {}))
		app.WebSocketOptions.PingInterval = time.Second
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		synctest.Wait()
		sendFrames(t, client, ping("late"))
		time.AfterFunc(4*time.Second, func() { _ = client.SendClose(1000, "") })
		wantFrame(t, client, wsclient.Close, string(wsclient.ClosePayload(1000, "")))
		if rest, err := io.ReadAll(client); len(rest) > 0 || err != nil {
			t.Errorf("%x came after it (%v)", rest, err)
		}
	})
}

func TestACloseThatTheHandlerHasNotAwaitedIsCarriedOut(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		const size = 300 << 10
		app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) {
			go func() { _ = request.WebSocket.SendBytes(make([]byte, size)) }()
			time.Sleep(time.Second)
			go func() { _ = request.WebSocket.Close(4000, "") }() // behind the message
			synctest.Wait()
		}))
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		sendFrames(t, client, text("nobody receives this"), text("nor that"))
		time.Sleep(2 * time.Second)
		if frame, err := client.Receive(); err != nil || len(frame.Payload) != size {
			t.Fatalf("got %d bytes (%v)", len(frame.Payload), err)
		}
		wantFrame(t, client, wsclient.Close, string(wsclient.ClosePayload(4000, "")))
		time.Sleep(time.Second)
		if err := client.SendClose(4000, ""); err != nil {
			t.Errorf("the connection was closed before the answer: %v", err)
		}
	})
}

package bare_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/wsclient"
)

// fills is as many bytes as the connection in memory holds when they have been sent.
const fills = 64<<10 - 4

// wantClosed fails the test unless the error says that the client has closed with 4000.
func wantClosed(t *testing.T, err error) {
	t.Helper()
	if closed, ok := errors.AsType[*bare.WebSocketCloseError](err); !ok || closed.Code != 4000 {
		t.Errorf("the error is %v", err)
	}
}

func TestACloseOfTheClientIsToldToAHandlerThatIsSending(t *testing.T) {
	t.Parallel()
	app, _, ends := ending(accepted(func(request *bare.WebSocketRequest) {
		for {
			if err := request.WebSocket.SendText("tick"); err != nil {
				wantClosed(t, err)
				return
			}
		}
	}))
	addr := serveTCP(t, app)
	for range 100 {
		client, conn := openTCP(t, addr)
		sent := make(chan error, 1)
		go func() { sent <- client.SendClose(4000, "done") }()
		for err := error(nil); err == nil; {
			_, err = client.Receive()
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
		if end := <-ends; end.Err != nil {
			t.Fatalf("ended with %v", end.Err)
		}
		_ = conn.Close()
	}
}

func TestACloseOfASlowClientIsToldToAHandlerThatIsSending(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			wantClosed(t, request.WebSocket.SendBytes(make([]byte, 300<<10)))
		}))
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		synctest.Wait()
		if err := client.SendClose(4000, "done"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		if end := <-ends; end.Err != nil {
			t.Errorf("ended with %v", end.Err)
		}
	})
}

func TestAMessageThatArrivedWasSent(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		const size = 300 << 10
		sent := make(chan error, 1)
		app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) {
			sent <- request.WebSocket.SendBytes(make([]byte, size))
		}))
		server := serve(t, baretest.HTTP1, app)
		client := rawClient(t, server, nil)
		synctest.Wait()
		go func() { _ = server.Stop() }() // while the message waits for the client
		synctest.Wait()
		frame, err := client.Receive()
		if err != nil || len(frame.Payload) != size {
			t.Fatalf("got %d bytes (%v)", len(frame.Payload), err)
		}
		if err := <-sent; err != nil {
			t.Errorf("the client has the whole message, and SendBytes says %v", err)
		}
	})
}

func TestAPingDoesNotKeepMessagesFromBeingRead(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		received := make(chan string, 1)
		app, _ := socketApp(accepted(func(request *bare.WebSocketRequest) {
			_ = request.WebSocket.SendBytes(make([]byte, fills))
			message, err := request.WebSocket.Receive()
			if err != nil {
				t.Error(err)
			}
			received <- message.Text
		}))
		app.WebSocketOptions.PingInterval = -1
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		synctest.Wait()
		sendFrames(t, client, ping("1"), text("read meanwhile"))
		select {
		case <-received:
		case <-time.After(10 * time.Second):
			t.Error("the pong, for which there is no room, keeps the message from being read")
		}
	})
}

func TestAClientThatIsLostIsFoundThoughNobodyReceivesItsMessage(t *testing.T) {
	t.Parallel()
	never := func(request *bare.WebSocketRequest) { <-request.Context().Done() }
	cases := map[string]struct {
		ping    time.Duration
		foreign bool
		handler bare.WebSocketHandler
		leaves  bool
		want    error
	}{
		"that leaves, under a server of net/http": {0, true, never, true, bare.ErrClientGone},
		"that takes nothing": {time.Second, false, func(request *bare.WebSocketRequest) {
			_ = request.WebSocket.SendBytes(make([]byte, fills))
			never(request)
		}, false, bare.ErrStalled},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log, ends := ending(accepted(c.handler))
				app.StallTimeout = 8 * time.Second
				app.WebSocketOptions.PingInterval = c.ping
				var server *baretest.Server
				if c.foreign {
					server = baretest.NewHandlerServer(t, app)
				} else {
					server = serve(t, baretest.HTTP1, app)
				}
				client := rawClient(t, server, nil)
				sendFrames(t, client, text("nobody receives this"), text("nor that"))
				synctest.Wait()
				if c.leaves {
					_ = client.Close()
				}
				select {
				case end := <-ends:
					if !errors.Is(end.Err, c.want) {
						t.Errorf("ended with %v, want %v", end.Err, c.want)
					}
				case <-time.After(24 * time.Hour):
					t.Fatal("the WebSocket is open a day later")
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestAWebSocketWhosePeerHasVanishedIsStalledThoughNobodyReadsOrWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) { <-request.Context().Done() }))
		app.WebSocketOptions.PingInterval = -1
		ctx, cancel := context.WithCancel(t.Context())
		listener := &oneListener{make(chan net.Conn, 1), make(chan struct{})}
		stopped := make(chan error)
		go func() { stopped <- bare.Server{Listener: listener}.Run(ctx, app) }()
		near, far := net.Pipe()
		listener.conns <- vanishing{far}
		client, err := wsclient.Open(near, "in.memory", "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, client) }()
		go func() {
			_ = client.Send(text("nobody receives this"))
			_ = client.Send(text("nor that")) // for which there is no room
		}()
		select {
		case end := <-ends:
			if !errors.Is(end.Err, bare.ErrStalled) {
				t.Errorf("ended with %v", end.Err)
			}
		case <-time.After(10 * time.Minute):
			t.Error("the WebSocket is open ten minutes later")
		}
		_ = near.Close()
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		wantLogged(t, log)
	})
}

package bare_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/internal/wsclient"
)

// WebSockets over real sockets, whose kernels reset connections, and hide from the
// server what a client has read.

// serveTCP runs an application on the loopback interface until the test ends.
func serveTCP(t *testing.T, app *bare.Application) (addr string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	server := bare.Server{Addr: "127.0.0.1:0", OnListen: func(addr net.Addr) { listening <- addr.String() }}
	go func() { ended <- server.Run(ctx, app) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return <-listening
}

func dialTCP(addr string) (*net.TCPConn, error) {
	resolved, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	return net.DialTCP("tcp", nil, resolved)
}

// openTCP opens a WebSocket at "/".
func openTCP(t *testing.T, addr string) (*wsclient.Client, *net.TCPConn) {
	t.Helper()
	conn, err := dialTCP(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client, err := wsclient.Open(conn, addr, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	return client, conn
}

func TestAMessageOf64MiBAgainstALimitOf1MiBIsClosedWith1009(t *testing.T) {
	t.Parallel()
	app, log, ends := ending(echo)
	client, _ := openTCP(t, serveTCP(t, app))
	go func() { // until it is told to stop, as a browser does
		_ = client.Send(wsclient.Frame{Final: true, Opcode: wsclient.Binary, Payload: make([]byte, 64<<20)})
	}()
	frame, err := client.Receive()
	if code, _ := wsclient.CloseCode(frame.Payload); err != nil || frame.Opcode != wsclient.Close || code != 1009 {
		t.Errorf("got %+v (%v)", frame, err)
	}
	_ = client.Close()
	if end := <-ends; end.Bytes > 200 {
		t.Errorf("ended with %+v", end)
	}
	wantLogged(t, log)
}

func TestAClientThatReadsLateIsToldThatItsMessageIsTooBig(t *testing.T) {
	t.Parallel()
	app, log := socketApp(echo)
	client, _ := openTCP(t, serveTCP(t, app))
	// A connection that was closed with bytes unread would be reset, and the close frame
	// lost.
	sendFrames(t, client, wsclient.Frame{Final: true, Opcode: wsclient.Binary, Payload: make([]byte, 8<<20)})
	frame, err := client.Receive()
	if code, _ := wsclient.CloseCode(frame.Payload); err != nil || frame.Opcode != wsclient.Close || code != 1009 {
		t.Errorf("got %+v (%v)", frame, err)
	}
	_ = client.SendClose(1009, "")
	wantLogged(t, log)
}

func TestClientsThatLeaveInEveryWayLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	cycles := 10_000
	if testing.Short() {
		cycles = 1000
	}
	var ended atomic.Int64
	done := make(chan struct{})
	app, log := socketApp(func(request *bare.WebSocketRequest) {
		request.OnEnd(func(bare.End) {
			if ended.Add(1) == int64(cycles) {
				close(done)
			}
		})
		echo(request)
	})
	addr := serveTCP(t, app)
	leave := []func(client *wsclient.Client){
		func(client *wsclient.Client) { // a close that is answered
			_ = client.SendClose(1000, "")
			_, _ = client.Receive()
		},
		func(client *wsclient.Client) { _ = client.SendClose(1001, "") },
		func(*wsclient.Client) {},
		func(client *wsclient.Client) { // in mid-message
			_ = client.Send(wsclient.Frame{Final: true, Opcode: wsclient.Text, Payload: []byte("half"), Longer: 4})
		},
		func(client *wsclient.Client) { // an echo that nobody reads
			_ = client.Send(wsclient.Frame{Final: true, Opcode: wsclient.Text, Payload: []byte("echo")})
		},
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for n := next.Add(1); n <= int64(cycles); n = next.Add(1) {
				if err := visit(addr, leave[n%int64(len(leave))]); err != nil {
					t.Errorf("client %d: %v", n, err)
				}
			}
		})
	}
	workers.Wait()
	<-done
	wantLogged(t, log)
}

// visit opens a WebSocket and leaves it. The connection is reset, as that many which
// are closed would use the machine's ports up.
func visit(addr string, leave func(client *wsclient.Client)) error {
	conn, err := dialTCP(addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetLinger(0); err != nil {
		return err
	}
	client, err := wsclient.Open(conn, addr, "/", nil)
	if err != nil {
		return err
	}
	leave(client)
	return nil
}

func TestAResetOrAHalfCloseInMidMessageEndsTheWebSocket(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(conn *net.TCPConn) error{
		"a reset": func(conn *net.TCPConn) error {
			return errors.Join(conn.SetLinger(0), conn.Close())
		},
		"a half-close": func(conn *net.TCPConn) error { return conn.CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app, log, ends := ending(echo)
			client, conn := openTCP(t, serveTCP(t, app))
			sendFrames(t, client, wsclient.Frame{Final: true, Opcode: wsclient.Text, Payload: []byte("half"), Longer: 4})
			if err := leave(conn); err != nil {
				t.Fatal(err)
			}
			if end := <-ends; !errors.Is(end.Err, bare.ErrClientGone) {
				t.Errorf("ended with %v", end.Err)
			}
			wantLogged(t, log)
		})
	}
}

func TestAClientWhoseKernelIsFullIsCutOff(t *testing.T) {
	t.Parallel()
	app, log, ends := ending(accepted(func(request *bare.WebSocketRequest) {
		for request.WebSocket.SendBytes(make([]byte, 1<<20)) == nil {
		}
	}))
	app.StallTimeout = 400 * time.Millisecond
	_, _ = openTCP(t, serveTCP(t, app))
	if end := <-ends; !errors.Is(end.Err, bare.ErrStalled) {
		t.Errorf("ended with %v", end.Err)
	}
	wantLogged(t, log)
}

func TestManyMessagesAtOnceComeInOrder(t *testing.T) {
	t.Parallel()
	app, log := socketApp(echo)
	client, _ := openTCP(t, serveTCP(t, app))
	const count = 2000
	var batch bytes.Buffer
	for i := range count {
		batch.Write(text(strings.Repeat("a", i%300)).Encode())
	}
	go func() { _, _ = io.Copy(client.Conn, &batch) }()
	for i := range count {
		if frame, err := client.Receive(); err != nil || len(frame.Payload) != i%300 {
			t.Fatalf("message %d has %d bytes (%v)", i, len(frame.Payload), err)
		}
	}
	wantLogged(t, log)
}

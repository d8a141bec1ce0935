//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/internal/wsclient"
)

const (
	echoPath    = "/echo"
	echoRounds  = 9
	leastEchoes = 0.95
)

// addRawSockets is the library alone, with a context that does not end: with one that
// may, as a program has, each message costs it more.
func addRawSockets(mux *http.ServeMux) {
	mux.HandleFunc("GET "+echoPath, func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }() // it has ended
		ctx := context.WithoutCancel(r.Context())
		for {
			kind, message, err := conn.Read(ctx)
			if err != nil || conn.Write(ctx, kind, message) != nil {
				return
			}
		}
	})
}

func addBareSockets(app *bare.Application) {
	app.OnWebSocketRequest(echoPath, func(request *bare.WebSocketRequest) {
		socket := request.WebSocket
		if socket.Accept("", nil) != nil {
			return
		}
		for message := range socket.Messages() {
			if message.Binary {
				_ = socket.SendBytes(message.Bytes)
			} else {
				_ = socket.SendText(message.Text)
			}
		}
	})
}

// echoes has clients send messages to a WebSocket, each after the last one's echo.
func (b *bench) echoes(ctx context.Context) (err error) {
	servers, stop, err := b.startAll(ctx, []string{raw, ours})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	length := 700 * time.Millisecond
	if b.quick {
		length = 100 * time.Millisecond
	}
	s := section{
		title: "The echo of a WebSocket",
		text: fmt.Sprintf("%d clients that send a text message again when its echo has come, medians of %d interleaved rounds of %v. "+
			"The ratios are to coder/websocket under net/http, which is what bare is built on. bare also reads on while a handler is at work, "+
			"and checks that text is UTF-8. The clients have a share of the same cores.", connections, b.rounds(echoRounds), length),
		head: []string{"a message", "coder/websocket, messages/s", "bare, messages/s", "ratio", "server CPU per message, ratio"},
	}
	for _, size := range []int{64, 16 << 10} {
		ratio, row, err := b.echoesOf(ctx, servers, size, length)
		if err != nil {
			return err
		}
		s.rows = append(s.rows, row)
		b.reach(fmt.Sprintf("the echo of a WebSocket, %d bytes, messages/s against coder/websocket", size),
			fmt.Sprintf("at least %.2f", leastEchoes), fmt.Sprintf("%.2f", ratio), ratio >= leastEchoes)
	}
	b.sections = append(b.sections, s)
	return nil
}

func (b *bench) echoesOf(ctx context.Context, servers []*server, size int, length time.Duration) (ratio float64, row []string, err error) {
	var rates, costs [2][]float64
	for round := range b.rounds(echoRounds) + 1 {
		for step := range servers {
			i := (round + step) % len(servers)
			var count int64
			started := time.Now()
			cpu, err := servers[i].cpu(func() (err error) {
				count, err = echoFor(ctx, servers[i].addr, strings.Repeat("a", size), length)
				return err
			})
			if err != nil {
				return 0, nil, fmt.Errorf("%s: %w", servers[i].name, err)
			}
			if round > 0 { // the first one warms up
				rates[i] = append(rates[i], float64(count)/time.Since(started).Seconds())
				costs[i] = append(costs[i], float64(cpu.Microseconds())/float64(count))
			}
		}
	}
	ratio = median(ratios(rates[1], rates[0]))
	return ratio, []string{
		fmt.Sprintf("%d bytes", size), fmt.Sprintf("%.0f", median(rates[0])), fmt.Sprintf("%.0f", median(rates[1])),
		fmt.Sprintf("%.2f", ratio), fmt.Sprintf("%.2f", median(ratios(costs[1], costs[0]))),
	}, nil
}

// echoFor has all clients send and receive for a time, and returns how many messages came
// back.
func echoFor(ctx context.Context, addr, message string, length time.Duration) (int64, error) {
	var (
		clients sync.WaitGroup
		total   atomic.Int64
		faults  = make([]error, connections)
		ready   = make(chan struct{})
		end     atomic.Bool
	)
	for i := range connections {
		client, err := dialEcho(ctx, addr)
		if err != nil {
			return 0, err
		}
		clients.Go(func() {
			defer client.Close()
			<-ready
			faults[i] = repeatEcho(client, message, &end, &total)
		})
	}
	timer := time.AfterFunc(length, func() { end.Store(true) })
	defer timer.Stop()
	close(ready)
	clients.Wait()
	return total.Load(), errors.Join(faults...)
}

func dialEcho(ctx context.Context, addr string) (*wsclient.Client, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	client, err := wsclient.Open(conn, "localhost", echoPath, nil)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if client.Response.StatusCode != http.StatusSwitchingProtocols {
		return nil, errors.Join(fmt.Errorf("the handshake was answered with %s", client.Response.Status), conn.Close())
	}
	return client, nil
}

// repeatEcho parses the first echo, and then compares bytes, as parsing costs more.
func repeatEcho(client *wsclient.Client, message string, end *atomic.Bool, total *atomic.Int64) error {
	frame := wsclient.Frame{Final: true, Opcode: wsclient.Text, Payload: []byte(message)}.Encode()
	var want []byte
	count := int64(0)
	for !end.Load() {
		if _, err := client.Write(frame); err != nil {
			return err
		}
		if want == nil {
			got, err := client.Receive()
			if err != nil || string(got.Payload) != message {
				return fmt.Errorf("the echo is %q: %w", got.Payload, err)
			}
			want = make([]byte, len(frame)-4) // it has no mask
		} else if _, err := io.ReadFull(client, want); err != nil || string(want[len(want)-len(message):]) != message {
			return fmt.Errorf("the echo is %q: %w", want, err)
		}
		count++
	}
	total.Add(count)
	return nil
}

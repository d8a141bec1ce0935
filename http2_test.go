package bare_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// The frames of HTTP/2 that the tests look at (RFC 9113, section 6).
const (
	dataFrame    = 0x0
	resetFrame   = 0x3
	pingFrame    = 0x6
	updateFrame  = 0x8
	endStream    = 0x1
	endHeaders   = 0x4
	ack          = 0x1
	windowOfMost = 1<<31 - 1
)

// A frame is one of HTTP/2.
type frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

// An http2Client speaks HTTP/2 by hand, to do what no real client does.
type http2Client struct {
	t      *testing.T
	conn   net.Conn
	reader io.Reader
}

// dialHTTP2 opens a connection whose streams begin with the given window.
func dialHTTP2(t *testing.T, server *baretest.Server, window uint32) *http2Client {
	t.Helper()
	conn := server.Dial()
	c := &http2Client{t, conn, conn}
	t.Cleanup(func() { _ = c.conn.Close() })
	settings := binary.BigEndian.AppendUint32([]byte{0, 4}, window) // SETTINGS_INITIAL_WINDOW_SIZE
	send(t, c.conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	c.send(frame{kind: 0x4, payload: settings})
	return c
}

func (c *http2Client) send(f frame) {
	c.t.Helper()
	head := []byte{0, byte(len(f.payload) >> 8), byte(len(f.payload)), f.kind, f.flags} // none is longer
	head = binary.BigEndian.AppendUint32(head, f.stream)
	send(c.t, c.conn, string(head)+string(f.payload))
}

// get asks for a path.
func (c *http2Client) get(stream uint32, path string) {
	c.t.Helper()
	// Of HPACK's static table: GET, http; then a literal path and authority.
	head := append([]byte{0x82, 0x86, 0x04, byte(len(path))}, path...)
	c.send(frame{0x1, endStream | endHeaders, stream, append(head, 0x01, 1, 'x')})
}

// open opens the window of a stream, or, for 0, of the connection.
func (c *http2Client) open(stream, size uint32) {
	c.t.Helper()
	c.send(frame{updateFrame, 0, stream, binary.BigEndian.AppendUint32(nil, size)})
}

// next returns the next frame, and answers pings.
func (c *http2Client) next() (frame, error) {
	c.t.Helper()
	head := make([]byte, 9)
	if _, err := io.ReadFull(c.reader, head); err != nil {
		return frame{}, err
	}
	f := frame{head[3], head[4], binary.BigEndian.Uint32(head[5:]), make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))}
	_, err := io.ReadFull(c.reader, f.payload)
	if err == nil && f.kind == pingFrame && f.flags&ack == 0 {
		c.send(frame{kind: pingFrame, flags: ack, payload: f.payload})
	}
	return f, err
}

// until returns the first frame of one kind on a stream.
func (c *http2Client) until(kind byte, stream uint32) (frame, error) {
	c.t.Helper()
	for {
		f, err := c.next()
		if err != nil || f.kind == kind && f.stream == stream {
			return f, err
		}
	}
}

func newSmallApp() *bare.Application {
	app, _ := respond(bare.TextResponse(200, "small"))
	app.StallTimeout = 8 * time.Second
	app.OnHttpRequest(bare.Methods{"GET"}, "/failing", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error { return errors.New("broken") })}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/ticks", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			for range request.Every(time.Second) {
				if !yield([]byte("tick")) {
					return
				}
			}
		}}
	})
	app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "small") }))
	app.OnHttpRequest(bare.Methods{"GET"}, "/observed", func(request *bare.HttpRequest) bare.HttpResponse {
		request.OnEnd(func(bare.End) {})
		return bare.TextResponse(200, "small")
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/event", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(200, "text/event-stream", []byte("data: x\n\n"))
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/text", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, strings.Repeat("long ", 20_000))
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/big", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			for chunk := make([]byte, 32<<10); yield(chunk); {
			}
		}}
	})
	return app
}

// An answer that waits in net/http's buffer when its handler has returned is sent
// by nobody who could be watched.
func TestAStreamWhoseWindowIsNeverOpenedIsReset(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"a small response":                  "/",
		"a large one":                       "/big",
		"an endless one":                    "/ticks",
		"an error in the place of a stream": "/failing",
		"that of a mounted handler":         "/mounted",
		"a large text":                      "/text",
		"a response that is observed":       "/observed",
		"an event that is alone":            "/event",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app := newSmallApp()
				client := dialHTTP2(t, serve(t, baretest.H2C, app), 0)
				start := time.Now()
				client.get(1, path)
				stop := time.AfterFunc(time.Hour, func() { _ = client.conn.Close() })
				_, err := client.until(resetFrame, 1)
				stop.Stop()
				if took := time.Since(start); err != nil || took < app.StallTimeout*3/4 || took > app.StallTimeout*9/8+time.Second {
					t.Errorf("the stream ended after %v (%v)", took, err)
				}
				client.get(3, "/") // the connection goes on
				client.open(3, 100)
				if f, err := client.until(dataFrame, 3); err != nil || string(f.payload) != "small" {
					t.Errorf("the next stream has %q (%v)", f.payload, err)
				}
				synctest.Wait()
				if watched := bare.Watched(app); watched != 0 {
					t.Errorf("%d exchanges are still watched", watched)
				}
			})
		})
	}
}

func TestAStreamWhoseWindowIsNeverOpenedDoesNotFailAStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := newSmallApp()
		app.StallTimeout = time.Minute // longer than the grace
		server := serve(t, baretest.H2C, app)
		client := dialHTTP2(t, server, 0)
		client.get(1, "/")
		client.get(3, "/failing")
		go func() { _, _ = client.until(resetFrame, 1) }()
		time.Sleep(time.Second)
		start := time.Now()
		if err := server.Stop(); err != nil || time.Since(start) > bare.DefaultGrace {
			t.Errorf("after %v the stop returned %v", time.Since(start), err)
		}
	})
}

// A slowReader reads 100 bytes a second until it is told to hurry.
type slowReader struct {
	io.Reader

	hurry *time.Timer
}

func newSlowReader(reader io.Reader, d time.Duration) *slowReader {
	return &slowReader{reader, time.NewTimer(d)}
}

func (r *slowReader) Read(buffer []byte) (int, error) {
	select {
	case <-r.hurry.C:
		r.hurry.Reset(0)
	case <-time.After(time.Second):
		buffer = buffer[:min(len(buffer), 100)]
	}
	return r.Reader.Read(buffer)
}

// The connection makes progress, so that a stream whose turn does not come is no
// stall: the bytes of the others are before its own.
func TestASmallResponseWaitsForTheOthersOfASlowConnection(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"a small response":                  "/",
		"an error in the place of a stream": "/failing",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app := newSmallApp()
				client := dialHTTP2(t, serve(t, baretest.H2C, app), windowOfMost)
				client.reader = newSlowReader(client.conn, 10*app.StallTimeout)
				client.open(0, windowOfMost-1<<16)
				client.get(1, "/big")
				time.AfterFunc(app.StallTimeout/2, func() { client.get(3, path) })
				for {
					f, err := client.next()
					if err != nil || f.stream == 3 && f.kind == resetFrame {
						t.Fatalf("the frame %d of stream %d (%v)", f.kind, f.stream, err)
					}
					if f.stream == 3 && f.flags&endStream != 0 {
						break
					}
				}
			})
		})
	}
}

func TestAPingWhoseAnswerIsBehindOtherBytesEndsNoConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := dialHTTP2(t, serve(t, baretest.H2C, newSmallApp()), windowOfMost)
		client.reader = newSlowReader(client.conn, time.Hour)
		client.open(0, windowOfMost-1<<16)
		client.get(1, "/big")
		// 64 KiB are before the ping: eleven minutes.
		for start := time.Now(); time.Since(start) < 20*time.Minute; {
			if f, err := client.next(); err != nil || f.kind == resetFrame {
				t.Fatalf("after %v: the frame %d (%v)", time.Since(start), f.kind, err)
			}
		}
	})
}

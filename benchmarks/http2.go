//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2Settings are a client's, of HTTP/2. The zero value lets no byte of a body
// through.
type h2Settings struct {
	window uint32 // of a stream, and at least of the connection
	credit int64  // bytes per second by which the windows move on; 0 means that they do not
}

// streamID is the client's first stream, and its only one.
const streamID = 1

// An h2Client is one connection of HTTP/2 with one request.
type h2Client struct {
	settings h2Settings

	mutex  sync.Mutex // of the framer's writes
	framer *http2.Framer

	body  int64         // bytes, the reading goroutine's own
	ended time.Duration // from the request to a reset or the connection's end
	whole bool          // the stream has its END_STREAM
	text  bytes.Buffer  // the beginning of the body
}

// readHTTP2 asks for a path and reads until the response has ended, or until the
// connection's deadline.
func readHTTP2(conn net.Conn, path string, settings h2Settings) (outcome, error) {
	c, err := askHTTP2(conn, path, settings)
	if err != nil {
		return outcome{}, err
	}
	return outcome{bytes: c.body, ended: c.ended, clean: c.whole}, nil
}

func askHTTP2(conn net.Conn, path string, settings h2Settings) (*h2Client, error) {
	c := &h2Client{settings: settings, framer: http2.NewFramer(conn, conn)}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := c.request(conn, path); err != nil {
		return nil, err
	}
	started := time.Now()
	stopped := make(chan struct{})
	var crediting sync.WaitGroup
	crediting.Go(func() { c.giveCredit(stopped) })
	err := c.read()
	close(stopped)
	crediting.Wait()
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		c.ended = time.Since(started)
	}
	return c, nil
}

// request sends the preface, the settings and a GET.
func (c *h2Client) request(conn net.Conn, path string) error {
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return err
	}
	err := c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: c.settings.window})
	if err != nil {
		return err
	}
	const usual = 64<<10 - 1 // the connection's own window, which settings do not change
	if c.settings.window > usual {
		if err := c.framer.WriteWindowUpdate(0, c.settings.window-usual); err != nil {
			return err
		}
	}
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, field := range []hpack.HeaderField{
		{Name: ":method", Value: "GET"},
		{Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: "localhost"},
		{Name: ":path", Value: path},
	} {
		if err := encoder.WriteField(field); err != nil {
			return err
		}
	}
	return c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: streamID, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true,
	})
}

var errEnded = errors.New("the stream has ended")

// read reads frames, and answers those that want it, until the stream's end or the
// connection's deadline.
func (c *h2Client) read() error {
	for {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			return err
		}
		if err := c.take(frame); err != nil {
			return err
		}
	}
}

func (c *h2Client) take(frame http2.Frame) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if frame.IsAck() {
			return nil
		}
		return c.framer.WriteSettingsAck()
	case *http2.PingFrame:
		if frame.IsAck() {
			return nil
		}
		return c.framer.WritePing(true, frame.Data)
	case *http2.RSTStreamFrame:
		return errEnded
	case *http2.DataFrame:
		c.body += int64(len(frame.Data()))
		if c.text.Len() < 1<<10 {
			c.text.Write(frame.Data())
		}
	}
	if end, ok := frame.(interface{ StreamEnded() bool }); ok && end.StreamEnded() {
		c.whole = true
		return errEnded
	}
	return nil
}

// giveCredit moves the windows on, at the rate at which the client takes bytes.
func (c *h2Client) giveCredit(stopped <-chan struct{}) {
	if c.settings.credit <= 0 {
		return
	}
	ticker := time.NewTicker(time.Second / steps)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if c.moveOn(uint32(c.settings.credit/steps)) != nil { //nolint:gosec // a few hundred kilobytes at most
				return // the reading goroutine sees it as well
			}
		case <-stopped:
			return
		}
	}
}

func (c *h2Client) moveOn(n uint32) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return errors.Join(c.framer.WriteWindowUpdate(0, n), c.framer.WriteWindowUpdate(streamID, n))
}

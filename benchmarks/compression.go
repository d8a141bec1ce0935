//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/ext/compress"
)

// An encodingContender is an encoding, to be compared with none.
type encodingContender struct {
	name     string
	encoding *bare.ContentEncoding // nil for none
}

// encodingContenders begin with none. The last one is what gzip would be without an
// encoder made for streams.
func encodingContenders() []encodingContender {
	contenders := []encodingContender{{name: "none"}}
	for _, encoding := range compress.Encodings() {
		contenders = append(contenders, encodingContender{encoding.Name, &encoding})
	}
	library := bare.Gzip()
	library.NewStreamEncoder = nil
	return append(contenders, encodingContender{"`compress/gzip`", &library})
}

// eventsForMemory is how many events a stream has had when its memory is looked at.
const eventsForMemory = 100

// compression measures what compressed event streams come to: how late an event is, how
// short, and what an open stream holds. Server and clients are in this process, as
// encoders hold memory that a server process shares with nothing else.
func (b *bench) compression(ctx context.Context) error {
	events, streams := b.scale(400), b.scale(200)
	late := section{
		title: "Compression: an event, from the yield to the client's decoder",
		text:  fmt.Sprintf("%d events over HTTP/1.1, one every %v, each with the time at which it was made. In this process.", events, stampGap),
		head:  []string{"", "p50", "p99", "slowest"},
	}
	open := section{
		title: "Compression: an open stream",
		text: fmt.Sprintf("%d event streams, each of which has had %d events of about 90 bytes, after a garbage collection: what each holds beyond a plain one. In this process.",
			streams, eventsForMemory),
		head: []string{"", "bytes sent for an event", "held beyond a plain stream"},
	}
	var plain int64
	for _, c := range encodingContenders() {
		waits, err := compressedWaits(ctx, c.encoding, events)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		late.rows = append(late.rows, []string{
			c.name, milliseconds(median(waits)), milliseconds(quantile(waits, 0.99)), milliseconds(quantile(waits, 1)),
		})
		size, held, err := compressedStreams(ctx, c.encoding, streams)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if c.encoding == nil {
			plain = held
			open.rows = append(open.rows, []string{c.name, strconv.FormatInt(size, 10), ""})
			continue
		}
		open.rows = append(open.rows, []string{c.name, strconv.FormatInt(size, 10), fmt.Sprintf("%.0f KB", float64(held-plain)/1000)})
		usual := quantile(waits, 0.99)
		b.reach("an event through "+c.name+", from the yield to the client's decoder, p99", "under 10 ms", milliseconds(usual), usual < 10*time.Millisecond)
	}
	b.sections = append(b.sections, late, open)
	return nil
}

// compressedWaits is how long each of n events has taken.
func compressedWaits(ctx context.Context, encoding *bare.ContentEncoding, n int) (waits []time.Duration, err error) {
	started := time.Now()
	server, err := startCompressed(ctx, encoding, stampedEvents(started)) //nolint:contextcheck // each request has its own
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	body, err := server.open(ctx, encoding)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	plain := io.Reader(body)
	if encoding != nil {
		if plain, err = encoding.NewDecoder(body); err != nil {
			return nil, err
		}
	}
	for lines := bufio.NewReader(plain); len(waits) < n; {
		line, err := lines.ReadString('\n')
		now := time.Since(started)
		if err != nil {
			return nil, err
		}
		if stamp, ok := strings.CutPrefix(strings.TrimSpace(line), "data: "); ok {
			made, err := strconv.ParseInt(stamp, 10, 64)
			if err != nil {
				return nil, err
			}
			waits = append(waits, now-time.Duration(made))
		}
	}
	return waits, nil
}

// stampedEvents are events with the time since the start.
func stampedEvents(started time.Time) func(request *bare.HttpRequest, yield func([]byte) bool) {
	return func(request *bare.HttpRequest, yield func([]byte) bool) {
		for range request.Every(stampGap) {
			if !yield(fmt.Appendf(nil, "data: %d\n\n", time.Since(started))) {
				return
			}
		}
	}
}

// pricesThenSilence are events as a program might send them, each flushed by itself.
func pricesThenSilence(request *bare.HttpRequest, yield func([]byte) bool) {
	for i := range eventsForMemory {
		event := fmt.Appendf(nil, "event: price\ndata: {\"symbol\":\"ACME\",\"price\":%d,\"time\":\"12:00:%02d\",\"note\":\"%s\"}\n\n",
			i*37%101, i%60, strings.Repeat("ab", i%7))
		if !yield(event) || !yield(nil) {
			return
		}
	}
	request.Sleep(time.Hour)
}

// compressedStreams opens n streams, and returns how many bytes of each event were sent,
// and what each stream and its client hold.
func compressedStreams(ctx context.Context, encoding *bare.ContentEncoding, n int) (size, held int64, err error) {
	server, err := startCompressed(ctx, encoding, pricesThenSilence)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	before := heapInUse()
	bodies := make([]io.ReadCloser, 0, n)
	defer func() {
		for _, body := range bodies {
			err = errors.Join(err, body.Close())
		}
	}()
	var sent int64
	for range n {
		body, err := server.open(ctx, encoding)
		if err != nil {
			return 0, 0, err
		}
		bodies = append(bodies, body)
		length, err := drainSilent(body)
		if err != nil {
			return 0, 0, err
		}
		sent += length
	}
	return sent / int64(n) / eventsForMemory, (heapInUse() - before) / int64(n), nil
}

// drainSilent reads until nothing comes for a while, and returns how much has come.
func drainSilent(body io.Reader) (length int64, err error) {
	read := make(chan int)
	failed := make(chan error, 1)
	go func() {
		buffer := make([]byte, 16<<10)
		for {
			n, err := body.Read(buffer)
			if err != nil {
				failed <- err // or nobody wants to know any more
				return
			}
			read <- n
		}
	}()
	silence := time.NewTimer(time.Second)
	defer silence.Stop()
	for {
		select {
		case n := <-read:
			length += int64(n)
			silence.Reset(50 * time.Millisecond)
		case err := <-failed:
			return length, err
		case <-silence.C:
			return length, nil
		}
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC() // what pools have kept
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc) //nolint:gosec // no machine has as much
}

// A compressedServer is an application with one encoding, in this process.
type compressedServer struct {
	url    string
	client *http.Client
	cancel context.CancelFunc
	ended  chan error
}

func startCompressed(ctx context.Context, encoding *bare.ContentEncoding, events func(request *bare.HttpRequest, yield func([]byte) bool)) (*compressedServer, error) {
	app := bare.NewApplication()
	if encoding != nil {
		app.Compression = &bare.Compression{Encodings: []bare.ContentEncoding{*encoding}, MaxMemory: -1}
	}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", eventType),
			Body:    func(yield func([]byte) bool) { events(request, yield) },
		}
	})
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "localhost:0")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &compressedServer{
		url:    "http://" + listener.Addr().String(),
		client: &http.Client{Transport: &http.Transport{DisableCompression: true}},
		cancel: cancel,
		ended:  make(chan error, 1),
	}
	server := bare.Server{Listener: listener}
	go func() { s.ended <- server.Run(ctx, app) }()
	return s, nil
}

// open opens a stream in an encoding.
func (s *compressedServer) open(ctx context.Context, encoding *bare.ContentEncoding) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, http.NoBody)
	if err != nil {
		return nil, err
	}
	if encoding != nil {
		request.Header.Set("Accept-Encoding", encoding.Name)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	if got := response.Header.Get("Content-Encoding"); encoding != nil && got != encoding.Name {
		return nil, errors.Join(fmt.Errorf("the encoding is %q", got), response.Body.Close())
	}
	return response.Body, nil
}

func (s *compressedServer) stop() error {
	s.cancel()
	s.client.CloseIdleConnections()
	return <-s.ended
}

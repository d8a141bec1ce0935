//go:build unix

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/static"
)

const (
	fileSize    = 1 << 20
	fileName    = "file.bin"
	fileClients = 4
	fileRounds  = 9
	leastFiles  = 0.95
)

func addRawFiles(mux *http.ServeMux, s *service) {
	if s.files != "" {
		mux.Handle("GET /files/", http.StripPrefix("/files/", http.FileServerFS(os.DirFS(s.files))))
	}
}

func addBareFiles(app *bare.Application, s *service) {
	if s.files != "" {
		static.Files{Folder: s.files}.Serve(app, "/files")
	}
}

// files has clients download a file of 1 MiB, from package static and from
// [http.FileServerFS].
func (b *bench) files(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "bare-files-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := os.WriteFile(filepath.Join(folder, fileName), chunkOf(fileSize), 0o600); err != nil {
		return err
	}
	s := section{
		title: "A file of 1 MiB",
		text: fmt.Sprintf("`static.Files` against `http.FileServerFS`, %d clients that download a file from disk again and again, medians of %d "+
			"interleaved rounds. The clients have a share of the same cores.", fileClients, b.rounds(fileRounds)),
		head: []string{"", "net/http, files/s", "bare, files/s", "ratio", "server CPU per file, ratio"},
	}
	for _, way := range []struct {
		name, flag string
		http2      bool
		goal       bool
	}{
		{"HTTP/1.1, cleartext", "-h2c", false, false},
		{"HTTP/1.1, TLS", "-tls", false, true},
		{"HTTP/2, TLS", "-tls", true, true},
	} {
		rate, row, err := b.downloads(ctx, way.name, way.http2, way.flag, "-files", folder)
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		s.rows = append(s.rows, row)
		if way.goal {
			b.reach("a file of 1 MiB over "+way.name+", files/s against `http.FileServerFS`",
				fmt.Sprintf("at least %.2f", leastFiles), fmt.Sprintf("%.2f", rate), rate >= leastFiles)
		}
	}
	b.sections = append(b.sections, s)
	return nil
}

// downloads measures one protocol, and returns what ours came to against net/http.
func (b *bench) downloads(ctx context.Context, name string, http2 bool, flags ...string) (rate float64, row []string, err error) {
	servers, stop, err := b.startAll(ctx, []string{raw, ours}, flags...)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	length := 700 * time.Millisecond
	if b.quick {
		length = 100 * time.Millisecond
	}
	var rates, costs [2][]float64
	for round := range b.rounds(fileRounds) + 1 {
		for step := range servers {
			i := (round + step) % len(servers)
			count, cost, err := downloadFor(ctx, servers[i], http2, flags[0] == "-tls", length)
			if err != nil {
				return 0, nil, fmt.Errorf("%s: %w", servers[i].name, err)
			}
			if round > 0 { // the first one warms up
				rates[i], costs[i] = append(rates[i], count), append(costs[i], cost)
			}
		}
	}
	rate = median(ratios(rates[1], rates[0]))
	return rate, []string{
		name, fmt.Sprintf("%.0f", median(rates[0])), fmt.Sprintf("%.0f", median(rates[1])),
		fmt.Sprintf("%.2f", rate), fmt.Sprintf("%.2f", median(ratios(costs[1], costs[0]))),
	}, nil
}

// downloadFor returns files a second, and microseconds of the server's CPU time a file.
func downloadFor(ctx context.Context, s *server, http2, secure bool, length time.Duration) (rate, cost float64, err error) {
	transport := &http.Transport{
		Protocols:           new(http.Protocols),
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the certificate is this program's own
		MaxIdleConnsPerHost: fileClients,
		DisableCompression:  true,
	}
	defer transport.CloseIdleConnections()
	transport.Protocols.SetHTTP1(!http2)
	transport.Protocols.SetHTTP2(http2)
	address := "http://" + s.addr
	if secure {
		address = "https://" + s.addr
	}
	var count atomic.Int64
	started := time.Now()
	cpu, err := s.cpu(func() error {
		return downloadAll(ctx, &http.Client{Transport: transport}, address+"/files/"+fileName, started.Add(length), &count)
	})
	if err != nil {
		return 0, 0, err
	}
	n := float64(count.Load())
	return n / time.Since(started).Seconds(), float64(cpu.Microseconds()) / n, nil
}

// downloadAll has all clients download until the end.
func downloadAll(ctx context.Context, client *http.Client, address string, end time.Time, count *atomic.Int64) error {
	var clients sync.WaitGroup
	faults := make([]error, fileClients)
	for i := range fileClients {
		clients.Go(func() {
			for faults[i] == nil && time.Now().Before(end) {
				if faults[i] = download(ctx, client, address); faults[i] == nil {
					count.Add(1)
				}
			}
		})
	}
	clients.Wait()
	return errors.Join(faults...)
}

func download(ctx context.Context, client *http.Client, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it has been read
	n, err := io.Copy(io.Discard, response.Body)
	if err == nil && (n != fileSize || response.StatusCode != http.StatusOK) {
		err = fmt.Errorf("the answer is %s with %d bytes", response.Status, n)
	}
	return err
}

//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// What BenchmarkTransports measures: so many clients, told the time once a second,
// for so long. The clients are another process on the same machine.
const (
	costClients = 500
	costWindow  = 10 * time.Second
	costChild   = "BARE_COST_CLIENTS_OF"
)

func TestMain(m *testing.M) {
	if target := os.Getenv(costChild); target != "" {
		if err := runCostClients(target); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// BenchmarkTransports says what each way of telling the time costs the server:
//
//	go test ./examples/polling -run '^$' -bench Transports -benchtime 1x
func BenchmarkTransports(b *testing.B) {
	for _, transport := range []string{"GET /time", "GET /wait", "GET /events", "POST /lines"} {
		b.Run(strings.ReplaceAll(transport, " ", ""), func(b *testing.B) {
			for b.Loop() {
				measureTransport(b, transport)
			}
		})
	}
}

func measureTransport(b *testing.B, transport string) {
	b.Helper()
	messages := new(atomic.Int64)
	counted := &countingListener{Listener: listen(b)}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- bare.Server{Listener: counted}.Run(ctx, newCostApp(messages)) }() //nolint:contextcheck // a request has its own

	before := usageNow()
	stop := startCostClients(b, transport, counted.Addr().String())
	<-time.After(2 * time.Second) // the last client's second request, too, is behind us
	open := usageNow()
	in, out, told := counted.in.Load(), counted.out.Load(), messages.Load()
	cpu, start := processorTime(b), time.Now()
	<-time.After(costWindow)
	seconds := time.Since(start).Seconds()
	cpu = processorTime(b) - cpu
	in, out, told = counted.in.Load()-in, counted.out.Load()-out, messages.Load()-told

	stop()
	cancel()
	if err := <-served; err != nil {
		b.Error(err)
	}
	if told == 0 {
		b.Fatal("nobody was told the time")
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(told)/seconds, "messages/s")
	b.ReportMetric(float64(open.goroutines-before.goroutines)/costClients, "goroutines/client")
	b.ReportMetric(float64(open.memory-before.memory)/1024/costClients, "KiB/client")
	b.ReportMetric(float64(in)/float64(told), "in-B/message")
	b.ReportMetric(float64(out)/float64(told), "out-B/message")
	b.ReportMetric(float64(cpu.Microseconds())/float64(told), "cpu-us/message")
}

// newCostApp is the example, with the two streams of the other rows beside it.
func newCostApp(messages *atomic.Int64) *bare.Application {
	app := newApp()
	app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		response := handler(request)
		if path := request.Scope.URL.Path; path == "/time" || path == "/wait" {
			messages.Add(1)
		}
		return response
	})
	stream := func(contentType, format string) bare.HttpHandler {
		return func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{
				Headers: bare.Headers("content-type", contentType, "cache-control", "no-store"),
				Body: func(yield func([]byte) bool) {
					for now := range request.Every(time.Second) {
						messages.Add(1)
						if !yield(fmt.Appendf(nil, format, now.UTC().Format(time.DateTime))) {
							return
						}
					}
				},
			}
		}
	}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", stream("text/event-stream", "data: %s\n\n"))
	app.HttpRouter.Add(bare.Methods{"POST"}, "/lines", stream("application/x-ndjson", "{\"time\":%q}\n"))
	return app
}

type usage struct {
	goroutines int
	memory     int64 // live heap and stacks, in bytes
}

func usageNow() usage {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return usage{runtime.NumGoroutine(), int64(stats.HeapAlloc + stats.StackInuse)}
}

// processorTime is what the server's process has used; the clients are another.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return listener
}

type countingListener struct {
	net.Listener

	in, out atomic.Int64
}

func (l *countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countingConn{Conn: conn, listener: l}, nil
}

type countingConn struct {
	net.Conn

	listener *countingListener
}

func (c *countingConn) Read(buffer []byte) (int, error) {
	n, err := c.Conn.Read(buffer)
	c.listener.in.Add(int64(n))
	return n, err
}

func (c *countingConn) Write(buffer []byte) (int, error) {
	n, err := c.Conn.Write(buffer)
	c.listener.out.Add(int64(n))
	return n, err
}

// startCostClients starts the other process, and returns when all its clients
// have had their first answer. They leave when stop is called.
func startCostClients(b *testing.B, transport, addr string) (stop func()) {
	b.Helper()
	method, path, _ := strings.Cut(transport, " ")
	command := exec.CommandContext(context.Background(), os.Args[0])
	command.Env = append(os.Environ(), costChild+"="+method+" http://"+addr+path)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		b.Fatalf("the clients did not start: %q, %v", line, err)
	}
	return func() {
		if err := input.Close(); err != nil {
			b.Error(err)
		}
		if err := command.Wait(); err != nil {
			b.Error(err)
		}
	}
}

// runCostClients is the other process: it says when all its clients are there,
// and ends when its input does.
func runCostClients(target string) error {
	answered := make(chan error, costClients)
	for i := range costClients {
		go func() {
			// Real clients do not come all at once.
			<-time.After(time.Duration(i) * time.Second / costClients)
			// Nor do they share connections.
			client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
			runCostClient(client, target, answered)
		}()
	}
	for range costClients {
		if err := <-answered; err != nil {
			return err
		}
	}
	fmt.Println("open")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func runCostClient(client *http.Client, target string, answered chan<- error) {
	method, address, _ := strings.Cut(target, " ")
	first := true
	for tick := time.Tick(time.Second); ; {
		request, err := http.NewRequestWithContext(context.Background(), method, address, http.NoBody)
		if err != nil {
			answered <- err
			return
		}
		likeABrowser(request.Header)
		response, err := client.Do(request)
		if first {
			answered <- err
			first = false
		}
		if err != nil {
			return
		}
		content, _ := io.ReadAll(response.Body) // a stream is read to the process's end
		_ = response.Body.Close()
		if strings.HasSuffix(address, "/time") {
			<-tick
			continue
		}
		address, _, _ = strings.Cut(address, "?")
		address += "?seen=" + strings.ReplaceAll(string(content), " ", "+")
	}
}

// likeABrowser sets what Chromium sends with a fetch of the same origin.
func likeABrowser(header http.Header) {
	for name, value := range map[string]string{
		"Accept":             "*/*",
		"Accept-Encoding":    "gzip, deflate, br, zstd",
		"Accept-Language":    "en-GB,en;q=0.9",
		"Referer":            "http://localhost:9009/test",
		"Sec-Ch-Ua":          `"Chromium";v="142", "Not_A Brand";v="99"`,
		"Sec-Ch-Ua-Mobile":   "?0",
		"Sec-Ch-Ua-Platform": `"Linux"`,
		"Sec-Fetch-Dest":     "empty",
		"Sec-Fetch-Mode":     "cors",
		"Sec-Fetch-Site":     "same-origin",
		"User-Agent":         "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
	} {
		header.Set(name, value)
	}
}

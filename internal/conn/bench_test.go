package conn_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/bare-go/bare/internal/conn"
)

// BenchmarkKeepAlive is a request and its response over the loopback device,
// through net/http alone and with its connections wrapped.
func BenchmarkKeepAlive(b *testing.B) {
	for name, listen := range map[string]func(net.Listener) net.Listener{
		"plain":   func(l net.Listener) net.Listener { return l },
		"wrapped": func(l net.Listener) net.Listener { return conn.Listen(l, conn.Options{Stall: 30 * time.Second}) },
	} {
		b.Run(name, func(b *testing.B) { benchmarkKeepAlive(b, listen) })
	}
}

func benchmarkKeepAlive(b *testing.B, listen func(net.Listener) net.Listener) {
	b.Helper()
	inner, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	listener := listen(inner)
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
	}
	if l, ok := listener.(*conn.Listener); ok {
		server.ConnContext, server.ConnState, server.WriteTimeout = l.Context, l.State, 24*time.Hour
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	client, err := new(net.Dialer).DialContext(b.Context(), "tcp", inner.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	responses := bufio.NewReader(client)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		for line := "x"; line != "\r\n"; {
			if line, err = responses.ReadString('\n'); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := responses.Discard(len("hello")); err != nil {
			b.Fatal(err)
		}
	}
}

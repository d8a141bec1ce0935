package conn_test

import (
	"testing"

	"github.com/bare-go/bare/internal/conn"
)

// BenchmarkDeparted is one look at the kernel's state of a connection.
func BenchmarkDeparted(b *testing.B) {
	_, server := loopback(b, conn.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if server.Departed() {
			b.Fatal("it has departed")
		}
	}
}

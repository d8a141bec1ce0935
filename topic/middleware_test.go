package topic_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/topic"
)

// TestEachStreamInAMiddlewareOfNetHTTPHasOneEnd, however early its client leaves: the end is
// told when the stream has ended, and not beside it. The race detector sees the rest.
func TestEachStreamInAMiddlewareOfNetHTTPHasOneEnd(t *testing.T) {
	prices := topic.New(topic.Options{StreamsPerKey: 1000})
	app := bare.NewApplication()
	app.Middlewares = []bare.HttpMiddleware{bare.FromHTTPMiddleware(func(next http.Handler) http.Handler { return next })}
	app.OnHttpRequest(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
		return prices.Serve(request, topic.Lease{Key: "ann"})
	})
	server := baretest.NewServer(t, app)
	for i := range 1000 {
		conn := server.Dial()
		_, _ = fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		time.Sleep(time.Duration(i%10) * 50 * time.Microsecond)
		_, _ = prices.Publish(t.Context(), topic.Event{Data: []byte("1")})
		_ = conn.Close()
	}
	if err := server.Stop(); err != nil { // it waits for the responses that are not over
		t.Error(err)
	}
	told, stats := uint64(0), prices.Stats()
	for _, n := range stats.Ends {
		told += n
	}
	if stats.Joined == 0 || stats.Joined != told || stats.Subscribers > 0 {
		t.Errorf("%d streams have joined, of %d the end was told, and %d are open", stats.Joined, told, stats.Subscribers)
	}
}

package prometheus_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/ext/prometheus"
)

func TestTheSessionOfAWebSocketIsAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(t, prometheus.Config{})
		app.OnWebSocketRequest("/echo/{name}", func(request *bare.WebSocketRequest) {
			if request.WebSocket.Accept("", nil) != nil {
				return
			}
			for message := range request.WebSocket.Messages() {
				_ = request.WebSocket.SendText(message.Text)
			}
		})
		server := baretest.NewServer(t, app)
		socket := server.WebSocket("/echo/fred", nil)
		time.Sleep(10 * time.Second)
		socket.SendText("hello")
		if got := socket.Text(); got != "hello" {
			t.Errorf("got %q", got)
		}
		wantValues(t, scrape(t, server), map[string]string{
			`bare_request_duration_seconds_count{method="GET",route="/echo/{name}",status="101"}`:             "1",
			`bare_request_duration_seconds_bucket{method="GET",route="/echo/{name}",status="101",le="0.005"}`: "1",
			`bare_streams_open{route="/echo/{name}"}`:                                                         "1",
		})
		socket.Close(1000, "")
		synctest.Wait()
		wantValues(t, scrape(t, server), map[string]string{
			`bare_request_duration_seconds_count{method="GET",route="/echo/{name}",status="101"}`: "1",
			`bare_streams_open{route="/echo/{name}"}`:                                             "0",
			`bare_streams_ended_total{reason="complete",route="/echo/{name}"}`:                    "1",
			`bare_stream_duration_seconds_sum{route="/echo/{name}"}`:                              "10",
			`bare_stream_first_chunk_seconds_sum{route="/echo/{name}"}`:                           "10",
		})
	})
}

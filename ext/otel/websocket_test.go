package otel_test

import (
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestTheSpanOfAWebSocketEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, exporter := newApp(t)
		app.OnWebSocketRequest("/echo/{name}", func(request *bare.WebSocketRequest) {
			if request.WebSocket.Accept("", nil) != nil {
				return
			}
			for message := range request.WebSocket.Messages() {
				_ = request.WebSocket.SendText(message.Text)
			}
		})
		socket := baretest.NewServer(t, app).WebSocket("/echo/fred", nil)
		time.Sleep(10 * time.Second)
		socket.SendText("hello")
		if got := socket.Text(); got != "hello" {
			t.Errorf("got %q", got)
		}
		if n := len(exporter.GetSpans()); n != 0 {
			t.Errorf("%d spans have ended before the session", n)
		}
		time.Sleep(10 * time.Second)
		socket.Close(1000, "")
		span, attributes := only(t, exporter)
		if took := span.EndTime.Sub(span.StartTime); span.Name != "GET /echo/{name}" || took != 20*time.Second {
			t.Errorf("the span %q took %v", span.Name, took)
		}
		if after, found := firstChunk(&span); !found || after != 10*time.Second {
			t.Errorf("the first message was sent after %v (%v)", after, found)
		}
		if attributes["bare.end"] != attribute.StringValue("complete") || attributes["http.response.status_code"] != attribute.IntValue(101) {
			t.Errorf("the attributes are %v", attributes)
		}
	})
}

package bare_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAWebSocketIsAStream(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := socketApp(echo)
		var end bare.End
		heads := 0
		app.OnStream(func(*bare.HttpRequest, bare.Head) { heads++ })
		app.OnEnd(func(_ *bare.HttpRequest, e bare.End) { end = e })
		socket := serve(t, protocol, app).WebSocket("/", nil)
		socket.SendText("hello")
		socket.Text()
		time.Sleep(5 * time.Second)
		got := only(t, app)
		if got.Protocol != "websocket" || got.Bytes == 0 || got.Chunks == 0 || got.Idle.Round(time.Second) != 5*time.Second || got.Blocked != 0 || heads != 1 {
			t.Errorf("it is %+v", got)
		}
		if !app.CutStream(got.ID, errKicked) {
			t.Error("it was not cut")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !end.Stream || end.Chunks == 0 || end.Reason() != "cut" || len(slices.Collect(app.Streams())) != 0 {
			t.Errorf("OnEnd was told %+v", end)
		}
	})
}

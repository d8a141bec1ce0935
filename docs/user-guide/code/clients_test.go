package code

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestASteadyStreamIsCutWhenTheServerIsBusyAndWhenItStops(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				busy := true
				app := bare.NewApplication()
				app.HttpRouter.Add(bare.Methods{"GET"}, "/events", steady(func() bool { return busy }))
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)

				refused := server.Get("/events")
				got := refused.Rest()
				if refused.Response.StatusCode != http.StatusOK || got != "retry: 60000\n\n" || refused.Err() == nil {
					t.Errorf("busy: got %d %q (%v), want a 200 and a cut", refused.Response.StatusCode, got, refused.Err())
				}

				busy = false
				stream := server.Get("/events")
				stream.Next()
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
				if stream.Rest(); stream.Err() == nil {
					t.Error("the stop looks like an end")
				}
			})
		})
	}
}

package main

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestOthersMayNotInspect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		if got := server.Get("/inspect").Response.StatusCode; got != http.StatusForbidden {
			t.Errorf("who is not local gets %d", got)
		}
		if got := server.Get("/ticks").Line(); got == "" {
			t.Error("the clock does not tick")
		}
	})
}

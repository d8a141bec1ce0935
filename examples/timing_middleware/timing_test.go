package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestAStreamIsTimedToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		server := baretest.NewServer(t, newApp(slog.New(slog.NewTextHandler(&log, nil))))

		server.Get("/ticks").Rest()
		synctest.Wait() // the server, too, has finished

		for _, name := range []string{"all", "ticks"} {
			want := "timing=" + name + " path=/ticks status=200 bytes=15 first_yield=1s duration=3s error=<nil>"
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log is\n%s, want a line with %q", log.String(), want)
			}
		}
	})
}

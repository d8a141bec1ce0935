package main

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

func TestTheMetricsTellRequestsAndStreamsApart(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				if got := server.Get("/hello/fred").Rest(); got != "Hello, fred!\n" {
					t.Errorf("got %q", got)
				}
				if got := server.Get("/ticks/3").Rest(); strings.Count(got, "data: ") != 3 {
					t.Errorf("got %q", got)
				}
				open := server.Get("/ticks/60")
				open.Next()
				synctest.Wait()
				metrics := server.Get("/metrics").Rest()
				for _, line := range []string{
					`bare_request_duration_seconds_count{method="GET",route="/hello/{name}",status="200"} 1`,
					`bare_request_duration_seconds_count{method="GET",route="/ticks/{count:int}",status="200"} 2`,
					`bare_stream_duration_seconds_sum{route="/ticks/{count:int}"} 3`,
					`bare_streams_ended_total{reason="complete",route="/ticks/{count:int}"} 1`,
					`bare_streams_open{route="/ticks/{count:int}"} 1`,
				} {
					if !strings.Contains(metrics, "\n"+line+"\n") {
						t.Errorf("the metrics lack %s", line)
					}
				}
			})
		})
	}
}

package prometheus_test

import (
	"testing"
	"testing/synctest"
	"time"

	client "github.com/prometheus/client_golang/prometheus"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/ext/prometheus"
)

func TestADurationEndsWithTheResponseOrAtTheHeadOfAStream(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(t, prometheus.Config{}))
		server.Get("/hello/fred").Rest()
		server.Get("/hello/barney").Rest()
		server.Get("/slow").Rest()
		stream := server.Get("/ticks/30")
		stream.Next()
		wantValues(t, scrape(t, server), map[string]string{
			`bare_request_duration_seconds_count{method="GET",route="/hello/{name}",status="200"}`:                 "2",
			`bare_request_duration_seconds_bucket{method="GET",route="/hello/{name}",status="200",le="0.001"}`:     "2",
			`bare_request_duration_seconds_sum{method="GET",route="/slow",status="201"}`:                           "2",
			`bare_request_duration_seconds_count{method="GET",route="/ticks/{count:int}",status="200"}`:            "1",
			`bare_request_duration_seconds_bucket{method="GET",route="/ticks/{count:int}",status="200",le="0.01"}`: "0",
			`bare_request_duration_seconds_bucket{method="GET",route="/ticks/{count:int}",status="200",le="0.05"}`: "1",
			`bare_streams_open{route="/ticks/{count:int}"}`:                                                        "1",
			`bare_stream_duration_seconds_count{route="/ticks/{count:int}"}`:                                       "",
		})
		stream.Rest()
		synctest.Wait()
		wantValues(t, scrape(t, server), map[string]string{
			`bare_request_duration_seconds_count{method="GET",route="/ticks/{count:int}",status="200"}`: "1",
			`bare_streams_open{route="/ticks/{count:int}"}`:                                             "0",
			`bare_streams_ended_total{reason="complete",route="/ticks/{count:int}"}`:                    "1",
			`bare_stream_duration_seconds_sum{route="/ticks/{count:int}"}`:                              "30.02",
			`bare_stream_first_chunk_seconds_sum{route="/ticks/{count:int}"}`:                           "1.02",
			`bare_stream_blocked_seconds_total{route="/ticks/{count:int}"}`:                             "0",
			`bare_streams_ended_total{reason="complete",route="/hello/{name}"}`:                         "",
		})
	})
}

func TestAStreamWithoutAChunkHasNoFirstOne(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(t, prometheus.Config{}))
		server.Get("/silent").Rest()
		synctest.Wait()
		wantValues(t, scrape(t, server), map[string]string{
			`bare_streams_ended_total{reason="complete",route="/silent"}`:  "1",
			`bare_stream_duration_seconds_bucket{route="/silent",le="60"}`: "1",
			`bare_stream_first_chunk_seconds_count{route="/silent"}`:       "",
		})
	})
}

func TestEachEndHasItsReason(t *testing.T) {
	ended := func(reason, route string) string {
		return `bare_streams_ended_total{reason="` + reason + `",route="` + route + `"}`
	}
	for name, test := range map[string]struct {
		path, metric string
		end          func(stream *baretest.Stream)
	}{
		"a body that fails":     {"/broken", ended("failed", "/broken"), func(stream *baretest.Stream) { stream.Rest() }},
		"a cut":                 {"/cut", ended("cut", "/cut"), func(stream *baretest.Stream) { stream.Rest() }},
		"a client that leaves":  {"/ticks/100", ended("client gone", "/ticks/{count:int}"), (*baretest.Stream).Close},
		"a client that stalls":  {"/flood", ended("stalled", "/flood"), func(*baretest.Stream) { time.Sleep(2 * time.Minute) }},
		"a body that completes": {"/ticks/3", ended("complete", "/ticks/{count:int}"), func(stream *baretest.Stream) { stream.Rest() }},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(t, prometheus.Config{}))
				stream := server.Get(test.path)
				stream.Next()
				test.end(stream)
				time.Sleep(2 * time.Second) // it takes a body a second to see that its client has left
				wantValues(t, scrape(t, server), map[string]string{test.metric: "1"})
			})
		})
	}
}

func TestTheTimeThatAStreamIsBlockedIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(t, prometheus.Config{})
		app.StallTimeout = 10 * time.Second
		server := baretest.NewServer(t, app)
		server.Get("/flood")
		time.Sleep(time.Minute)
		blocked := scrape(t, server)[`bare_stream_blocked_seconds_total{route="/flood"}`]
		if seconds, err := time.ParseDuration(blocked + "s"); err != nil || seconds < 10*time.Second || seconds > 15*time.Second {
			t.Errorf("a client that has stalled for 10 seconds has blocked its stream for %q", blocked)
		}
	})
}

func TestAStopOfTheServerEndsStreamsWithItsReason(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		registry := client.NewRegistry()
		server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(t, prometheus.Config{Registerer: registry}))
		server.Get("/ticks/100").Next()
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		got := gather(t, registry, "bare_streams_ended_total")
		if len(got) != 1 || got[0].GetLabel()[0].GetValue() != "shutdown" || got[0].GetCounter().GetValue() != 1 {
			t.Errorf("the ends are %v", got)
		}
	})
}

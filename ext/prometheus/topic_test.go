package prometheus_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/prometheus/client_golang/prometheus"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/ext/prometheus"
	"github.com/bare-go/bare/topic"
)

func TestTopicsTellWhatTheyDo(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		registry := client.NewPedanticRegistry()
		app := newApp(t, prometheus.Config{Registerer: registry})
		votes, orders := topic.New(topic.Options{}), topic.New(topic.Options{})
		app.OnHttpRequest(bare.Methods{"GET"}, "/votes", votes.Handle)
		registry.MustRegister(prometheus.NewTopicCollector("votes", votes), prometheus.NewTopicCollector("orders", orders))
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)

		stream := server.Get("/votes")
		stream.Event()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/votes", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "application/x-ndjson")
		lines := server.Do(request)
		if _, err := votes.Publish(t.Context(), topic.Event{Data: []byte("pizza")}); err != nil {
			t.Fatal(err)
		}
		stream.Event()
		lines.Line()
		wantValues(t, scrape(t, server), map[string]string{
			`bare_topic_subscribers{topic="votes",transport="sse"}`:    "1",
			`bare_topic_subscribers{topic="votes",transport="ndjson"}`: "1",
			`bare_topic_joined_total{topic="votes"}`:                   "2",
			`bare_topic_published_total{topic="votes"}`:                "1",
			`bare_topic_lag_bytes{topic="votes"}`:                      "0",
			`bare_topic_lost{topic="votes"}`:                           "0",
			`bare_topic_published_total{topic="orders"}`:               "0",
			`bare_streams_open{route="/votes"}`:                        "2",
		})

		stream.Close()
		time.Sleep(time.Minute) // a heartbeat finds out
		if err := votes.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines.Rest()
		synctest.Wait()
		wantValues(t, scrape(t, server), map[string]string{
			`bare_topic_ended_total{reason="client gone",topic="votes"}`:    "1",
			`bare_topic_ended_total{reason="finished",topic="votes"}`:       "1",
			`bare_topic_subscribers{topic="votes",transport="sse"}`:         "",
			`bare_streams_ended_total{reason="client gone",route="/votes"}`: "1",
		})
	})
}

func TestATopicsNameIsTakenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := client.NewRegistry()
		if err := registry.Register(prometheus.NewTopicCollector("votes", topic.New(topic.Options{}))); err != nil {
			t.Error(err)
		}
		if err := registry.Register(prometheus.NewTopicCollector("votes", topic.New(topic.Options{}))); err == nil {
			t.Error("the same name was taken twice")
		}
	})
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

// A span is what is printed of one.
type span struct {
	Name               string
	SpanContext        struct{ TraceID string }
	StartTime, EndTime time.Time
	Events             []struct {
		Name string
		Time time.Time
	}
}

func TestAStreamIsOneSpanWithOneForEachTimeThatItTells(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var printed bytes.Buffer
				provider, err := newProvider(&printed)
				if err != nil {
					t.Fatal(err)
				}
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(provider))
				server.Get("/ticks/3").Rest()
				synctest.Wait()

				spans := parse(t, &printed)
				var names []string
				for _, s := range spans {
					names = append(names, s.Name)
				}
				want := []string{"tell the time", "tell the time", "tell the time", "GET /ticks/{count:int}"}
				if !slices.Equal(names, want) {
					t.Fatalf("the spans are %q, want %q", names, want)
				}
				stream := spans[3]
				if took := stream.EndTime.Sub(stream.StartTime); took != 3*time.Second {
					t.Errorf("the stream took %v", took)
				}
				if len(stream.Events) != 1 || stream.Events[0].Name != "first chunk" || !stream.Events[0].Time.Equal(stream.StartTime) {
					t.Errorf("the stream that began at %v has the events %v", stream.StartTime, stream.Events)
				}
				if spans[0].SpanContext != stream.SpanContext {
					t.Errorf("the trace of the stream is %v, that of its body %v", stream.SpanContext, spans[0].SpanContext)
				}
			})
		})
	}
}

func parse(t *testing.T, printed io.Reader) []span {
	t.Helper()
	var spans []span
	for decoder := json.NewDecoder(printed); ; {
		var s span
		if err := decoder.Decode(&s); errors.Is(err, io.EOF) {
			return spans
		} else if err != nil {
			t.Fatal(err)
		}
		spans = append(spans, s)
	}
}

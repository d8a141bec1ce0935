package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

var update = flag.Bool("update", false, "rewrite the transcript")

// A span is what is printed of one.
type span struct {
	Name               string
	SpanContext        struct{ TraceID string }
	StartTime, EndTime time.Time
	Events             []struct {
		Name string
		Time time.Time
	}
	Attributes []struct {
		Key   string
		Value struct{ Value any }
	}
}

// String is what the guide shows of a span: all but where the client is, and what it is.
func (s *span) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s took %v\n", s.Name, s.EndTime.Sub(s.StartTime))
	for _, event := range s.Events {
		fmt.Fprintf(&text, "  event: %s after %v\n", event.Name, event.Time.Sub(s.StartTime))
	}
	for _, a := range s.Attributes {
		if strings.HasPrefix(a.Key, "http.") || strings.HasPrefix(a.Key, "bare.") {
			fmt.Fprintf(&text, "  %s: %v\n", a.Key, a.Value.Value)
		}
	}
	return text.String()
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
				compare(t, "stream.txt", stream.String())
				if spans[0].SpanContext != stream.SpanContext {
					t.Errorf("the trace of the stream is %v, that of its body %v", stream.SpanContext, spans[0].SpanContext)
				}
			})
		})
	}
}

// compare checks a transcript, or rewrites it when the test runs with -update.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s differs (%v), run the test with -update; got\n%s", path, err, got)
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

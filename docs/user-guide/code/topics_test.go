package code

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

func TestAStreamLastsAsLongAsItsSession(t *testing.T) {
	errRevoked := errors.New("the session was revoked")
	for _, test := range []struct {
		name    string
		limit   session
		expires bool
		want    time.Duration // after which it is cut, give or take a tick of two seconds
	}{
		{"it ends when the session expires", session{user: "ada"}, true, time.Hour},
		{"it ends at the check after the session was revoked", session{user: "ada", revoked: func(context.Context) error { return errRevoked }}, false, 15 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				if test.expires {
					test.limit.expires = begin.Add(test.want)
				}
				orders := topic.New(topic.Options{})
				server := baretest.NewServer(t, newOrdersApp(orders, func(*bare.HttpRequest) (session, error) { return test.limit, nil }))
				stream := server.Get("/orders")
				stream.Rest()
				if took := time.Since(begin); stream.Err() == nil || took < test.want-2*time.Second || took > test.want+2*time.Second {
					t.Errorf("it ended after %v with %v", took, stream.Err())
				}
			})
		})
	}
}

func TestNobodyFollowsWithoutASessionNorTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		orders := newOrders(slog.New(slog.DiscardHandler))
		server := baretest.NewServer(t, newOrdersApp(orders, func(request *bare.HttpRequest) (session, error) {
			if request.Query().Get("user") == "" {
				return session{}, &bare.HttpError{Status: http.StatusUnauthorized}
			}
			return session{user: request.Query().Get("user")}, nil
		}))
		status := func(path string) int { return server.Get(path).Response.StatusCode }
		if got := status("/orders"); got != http.StatusUnauthorized {
			t.Errorf("without a session: %d", got)
		}
		for range 5 {
			if got := status("/orders?user=ada"); got != http.StatusOK {
				t.Errorf("with a session: %d", got)
			}
		}
		if got := status("/orders?user=ada"); got != http.StatusTooManyRequests {
			t.Errorf("the sixth stream: %d", got)
		}
		if got := status("/orders?user=bob"); got != http.StatusOK {
			t.Errorf("another user: %d", got)
		}
		if err := handOver(t.Context(), orders); err != nil {
			t.Fatal(err)
		}
		if got := orders.Stats(); got.Ends[topic.Drained] != 6 || got.Subscribers != 0 {
			t.Errorf("after the drain: %+v", got)
		}
	})
}

func TestTwoTopicsOfOneLogAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{})
		here, there := newOrdersOf(log), newOrdersOf(log)
		app := bare.NewApplication()
		app.HttpRouter.Add(bare.Methods{"GET"}, "/orders", here.Handle)
		stream := baretest.NewServer(t, app).Get("/orders")
		stream.Event()
		if _, err := there.Publish(t.Context(), topic.Event{Data: []byte("one")}); err != nil {
			t.Fatal(err)
		}
		if got := stream.Event(); !strings.HasSuffix(got, "\ndata: one\n\n") {
			t.Errorf("got %q", got)
		}
	})
}

// TestTheGuideShowsTheBytesOfEachTransport records what the guide shows: everything that a
// stream may say, in each form.
func TestTheGuideShowsTheBytesOfEachTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)))
		orders := topic.New(topic.Options{KeepAlive: time.Minute})
		app := bare.NewApplication()
		app.HttpRouter.Add(bare.Methods{"GET"}, "/orders", orders.Handle)
		server := baretest.NewServer(t, app)
		const old = "18ea03c397dd8000_0000000000000007"
		lines, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/orders?last-event-id="+old, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		lines.Header.Set("Accept", "application/x-ndjson")
		socket := server.WebSocket("/orders?last-event-id="+old, nil)
		streams := map[string]*baretest.Stream{
			"topics.sse.txt":    server.Get("/orders?last-event-id=" + old),
			"topics.ndjson.txt": server.Do(lines),
		}
		synctest.Wait()
		event, err := topic.JSON("order", "", map[string]int{"table": 4})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := orders.Publish(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		if _, err := orders.Publish(t.Context(), topic.Event{Data: []byte("two\nlines")}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		time.Sleep(time.Minute + time.Second)
		if err := orders.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name, stream := range streams {
			compare(t, name, stream.Rest())
		}
		messages := ""
		for {
			message, ok := socket.Receive()
			if !ok {
				break
			}
			messages += message.Text + "\n"
		}
		compare(t, "topics.websocket.txt", messages)
		compare(t, "topics.poll.txt", server.Get("/orders?live=long-poll&offset="+old).Rest()+"\n")
	})
}

// compare checks a transcript, or rewrites it when the tests run with -update.
func compare(t *testing.T, name, got string) {
	t.Helper()
	path := "transcripts/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\n(-update rewrites it)", name, got, want)
	}
}

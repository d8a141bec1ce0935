package topic_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// TestTheReasonOfAnEndIsTrue has the program end a stream: its client has not left.
func TestTheReasonOfAnEndIsTrue(t *testing.T) {
	errLogout := errors.New("logged out")
	for _, test := range []struct {
		name string
		cut  bool
		want topic.Reason
	}{{"a body that panics", false, topic.Failed}, {"a cut by the program", true, topic.Cut}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var ends []topic.End
				prices := topic.New(topic.Options{OnEnd: func(end topic.End) { ends = append(ends, end) }})
				app := bare.NewApplication()
				app.Logger = slog.New(slog.DiscardHandler) // the panic
				app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
					if test.cut {
						time.AfterFunc(time.Second, func() { request.Cut(errLogout) })
						return prices.Serve(request, topic.Lease{})
					}
					return prices.Serve(request, topic.Lease{Check: func(context.Context) error { panic("a fault") }})
				})
				baretest.NewServer(t, app).Get("/").Rest()
				synctest.Wait()
				if len(ends) != 1 || ends[0].Reason != test.want || ends[0].Err == nil {
					t.Fatalf("the ends are %+v", ends)
				}
				if test.cut && !errors.Is(ends[0].Err, errLogout) {
					t.Errorf("the end is %+v", ends[0])
				}
			})
		})
	}
}

func TestABodyIsRunOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prices := topic.New(topic.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		scope, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		body := prices.Handle(bare.NewHttpRequest(scope)).Body
		errs := make(chan error, 2)
		for range 2 {
			go func() { errs <- bare.RunBody(body, func([]byte) bool { return true }) }()
		}
		synctest.Wait()
		if err := <-errs; err == nil || !strings.HasPrefix(err.Error(), "topic: ") {
			t.Errorf("the second run: %v", err)
		}
		cancel()
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("the first run: %v", err)
		}
		if got := prices.Stats().Subscribers; got != 0 {
			t.Errorf("%d subscribers are left", got)
		}
	})
}

func TestStatsHaveALagThatCanBeShown(t *testing.T) {
	options := topic.Options{Slow: topic.DropOldest, Memory: eventlog.MemoryOptions{Bytes: 1 << 20}}
	overHTTP1(t, options, func(t *testing.T, s *site) {
		stalled, healthy := s.follow(), s.follow()
		flood(s, healthy)
		if got := s.topic.Stats(); got.MaxLag > 1<<20 || got.Lost != 1 {
			t.Errorf("after 7 MiB there are %+v", got)
		}
		stalled.Close()
	})
}

func TestALongPollObeysItsLease(t *testing.T) {
	revoked := errors.New("the session was revoked")
	for _, test := range []struct {
		name  string
		lease func() topic.Lease
		after time.Duration // is when the event comes
		took  time.Duration
	}{
		{"it ends with the lease", func() topic.Lease { return topic.Lease{Expires: time.Now().Add(time.Second)} }, 10 * time.Second, time.Second},
		{"a lease that was over", func() topic.Lease { return topic.Lease{Expires: time.Now().Add(-time.Second)} }, 0, 0},
		{"a check before the answer", func() topic.Lease {
			return topic.Lease{Check: func(context.Context) error { return revoked }}
		}, time.Second, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
				s.app.HttpRouter.Add(bare.Methods{"GET"}, "/leased", func(request *bare.HttpRequest) bare.HttpResponse {
					return s.topic.Serve(request, test.lease())
				})
				start, begin := s.tail(), time.Now()
				time.AfterFunc(test.after, func() { _, _ = s.topic.Publish(context.Background(), topic.Event{Data: []byte("secret")}) })
				want(t, "the answer", poll(s.get("/leased?live=long-poll&offset="+start.String())), "204 "+start.String()+" ")
				if took := time.Since(begin); took != test.took {
					t.Errorf("it took %v", took)
				}
				time.Sleep(test.after)
			})
		})
	}
}

// TestACheckEndsWithItsStream: a drain that is given up does not wait for a database.
func TestACheckEndsWithItsStream(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		stream := leased(s, func() topic.Lease {
			return topic.Lease{Check: func(ctx context.Context) error {
				<-ctx.Done()
				return ctx.Err()
			}}
		})
		stream.Event()
		time.Sleep(20 * time.Second) // it checks
		if err := s.topic.Drain(t.Context(), 0); err != nil {
			t.Error(err)
		}
		want(t, "the ends", s.reasons(), "drained")
	})
}

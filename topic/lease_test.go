package topic_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/topic"
)

func (s *site) status(method, path string) int {
	s.t.Helper()
	stream := s.do(method, path)
	defer stream.Close()
	return stream.Response.StatusCode
}

func TestTheStreamsOfAKeyAreLimited(t *testing.T) {
	faults := func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		response := handler(request)
		switch request.Query().Get("fault") {
		case "panic":
			panic(http.ErrAbortHandler)
		case "replace":
			return bare.TextResponse(200, "replaced")
		}
		return response
	}
	eachProtocol(t, topic.Options{StreamsPerKey: 2}, func(t *testing.T, s *site) {
		s.app.HttpRouter.Add(bare.Methods{"GET"}, "/faulty/{user}", bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
			return s.topic.Serve(request, topic.Lease{Key: request.Matches.String("user")})
		}, faults))
		for range 5 { // none of these holds a place
			s.status("HEAD", "/of/ann")
			s.status("GET", "/faulty/ann?fault=replace")
			request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/faulty/ann?fault=panic", http.NoBody)
			if response, err := s.server.Client().Do(request); err == nil {
				t.Errorf("the panic was answered: %v", response.Status)
			}
		}
		synctest.Wait()
		first, second := s.get("/of/ann"), s.get("/of/ann")
		third := s.get("/of/ann")
		want(t, "one too many", fmt.Sprint(third.Response.StatusCode, third.Response.Header["Retry-After"], third.Response.Header["Vary"]),
			"429 [10] [Accept]")
		if got := s.status("GET", "/of/ann?live=long-poll"); got != 429 {
			t.Errorf("a long poll too many: %d", got)
		}
		if got := s.status("GET", "/of/bob"); got != 200 {
			t.Errorf("another key: %d", got)
		}
		first.Close()
		synctest.Wait()
		if got := s.status("GET", "/of/ann"); got != 200 {
			t.Errorf("when one has left: %d", got)
		}
		second.Close()
	})
}

func TestAKeyIsKicked(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		idle, stalled, other := s.get("/of/ann"), s.get("/of/ann"), s.get("/of/bob")
		idle.Event()
		synctest.Wait()
		for range 100 { // the second client's write waits for it
			s.publish(strings.Repeat("x", large))
			idle.Event()
		}
		if got := s.topic.Kick("ann"); got != 2 {
			t.Errorf("%d streams were kicked", got)
		}
		begin := time.Now()
		idle.Rest()
		if idle.Err() == nil {
			t.Error("a stream that was kicked looks complete")
		}
		time.Sleep(300 * time.Millisecond)
		want(t, "the ends", s.reasons(), "kicked, kicked")
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it took %v", took)
		}
		stalled.Close()
		other.Event()
		if got := s.topic.Kick("nobody"); got != 0 {
			t.Errorf("%d streams of nobody were kicked", got)
		}
	})
}

// before has a route do something between a handler, which returns a stream or an answer,
// and its body.
func (s *site) before(path string, lease topic.Lease, do func()) {
	s.app.HttpRouter.Add(bare.Methods{"GET"}, path, func(request *bare.HttpRequest) bare.HttpResponse {
		response := s.topic.Serve(request, lease)
		do() // as another goroutine may
		return response
	})
}

func TestAKickFindsAStreamWhoseBodyHasNotBegun(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		kicked := -1
		s.before("/ann", topic.Lease{Key: "ann"}, func() { kicked = s.topic.Kick("ann") })
		if s.answered("/ann") || kicked != 1 {
			t.Errorf("%d streams were kicked, and this one was answered", kicked)
		}
		if got := s.topic.Kick("ann"); got != 0 || s.topic.Stats().Subscribers != 0 {
			t.Errorf("%d streams were kicked again", got)
		}
	})
}

// answered reports whether a request that may be cut is answered.
func (s *site) answered(path string) bool {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.server.URL+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := s.server.Client().Do(request)
	if err == nil {
		_ = response.Body.Close()
	}
	synctest.Wait()
	return err == nil
}

func TestAKickEndsLongPolls(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		begin := time.Now()
		time.AfterFunc(time.Second, func() {
			if got := s.topic.Kick("ann"); got != 1 {
				t.Errorf("%d polls were kicked", got)
			}
		})
		if s.answered("/of/ann?live=long-poll") {
			t.Error("the poll was answered")
		}
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// leased is a site whose streams have a lease.
func leased(s *site, lease func() topic.Lease) *baretest.Stream {
	s.app.HttpRouter.Add(bare.Methods{"GET"}, "/leased", func(request *bare.HttpRequest) bare.HttpResponse {
		return s.topic.Serve(request, lease())
	})
	return s.get("/leased")
}

func TestALeaseRunsOut(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		begin := time.Now()
		stream := leased(s, func() topic.Lease { return topic.Lease{Key: "ann", Expires: begin.Add(time.Minute)} })
		stream.Rest()
		if took := time.Since(begin); stream.Err() == nil || took < time.Minute || took > time.Minute+3*time.Second {
			t.Errorf("it ended after %v with %v", took, stream.Err())
		}
		want(t, "the ends", s.reasons(), "expired")
		want(t, "the key", s.ends[0].Key, "ann")
	})
}

func TestALeaseIsCheckedAlsoWhenThereIsNoSilence(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		var checks atomic.Int32
		revoked := errors.New("the session was revoked")
		stream := leased(s, func() topic.Lease {
			return topic.Lease{Check: func(context.Context) error {
				if checks.Add(1) < 4 {
					return nil
				}
				return revoked
			}}
		})
		stream.Event()
		begin := time.Now()
		for stream.Err() == nil {
			s.publish("x")
			stream.Event()
			time.Sleep(time.Second)
		}
		if took := time.Since(begin); took < 50*time.Second || took > 65*time.Second || checks.Load() != 4 {
			t.Errorf("%d checks in %v", checks.Load(), took)
		}
		want(t, "the ends", s.reasons(), "expired")
		if !errors.Is(s.ends[0].Err, revoked) {
			t.Errorf("the hook was told %v", s.ends[0].Err)
		}
	})
}

func TestADrainSendsClientsAwayOneAfterTheOther(t *testing.T) {
	eachProtocol(t, topic.Options{Slow: topic.DropOldest}, func(t *testing.T, s *site) {
		stalled := s.follow()
		for range 100 {
			s.publish(strings.Repeat("x", large))
		}
		ends := make(chan time.Duration, 10)
		begin := time.Now()
		for range cap(ends) {
			stream := s.follow()
			go func() {
				if rest := stream.Rest(); !strings.HasPrefix(rest, "retry: ") || stream.Err() == nil {
					t.Errorf("the stream ended with %q, %v", rest, stream.Err())
				}
				ends <- time.Since(begin)
			}()
		}
		if err := s.topic.Drain(t.Context(), 11*time.Second); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took < 9*time.Second || took > 13*time.Second {
			t.Errorf("the drain took %v", took)
		}
		first, last := <-ends, time.Duration(0)
		for range cap(ends) - 1 {
			last = <-ends
		}
		if last-first < 7*time.Second {
			t.Errorf("the first ended after %v, the last after %v", first, last)
		}
		want(t, "the ends", s.reasons(), strings.TrimSuffix(strings.Repeat("drained, ", 11), ", "))
		stalled.Close()
		s.follow().Close() // it goes on for others
		synctest.Wait()
	})
}

func TestADrainFindsAStreamWhoseBodyHasNotBegun(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		s.before("/late", topic.Lease{}, func() {
			go func() { _ = s.topic.Drain(t.Context(), 0) }()
			time.Sleep(100 * time.Millisecond)
		})
		stream := s.get("/late")
		stream.Event()
		if rest := stream.Rest(); !strings.HasPrefix(rest, "retry: ") || stream.Err() == nil {
			t.Errorf("the stream ended with %q, %v", rest, stream.Err())
		}
		want(t, "the ends", s.reasons(), "drained")
	})
}

func TestADrainReturnsWhenAllEndsHaveBeenTold(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		s.follow()
		s.follow()
		if err := s.topic.Drain(t.Context(), 0); err != nil {
			t.Error(err)
		}
		if got := s.topic.Stats(); got.Ends[topic.Drained] != 2 {
			t.Errorf("right after the drain there are %+v", got)
		}
	})
}

func TestASecondDrainWaitsToo(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		for range 10 {
			s.follow()
		}
		first := make(chan error, 1)
		begin := time.Now()
		go func() { first <- s.topic.Drain(t.Context(), time.Hour) }()
		time.Sleep(time.Second)
		if err := s.topic.Drain(t.Context(), time.Minute); err != nil {
			t.Error(err)
		}
		if got, took := s.topic.Stats().Ends[topic.Drained], time.Since(begin); got != 10 || took > 2*time.Minute {
			t.Errorf("after %v the second drain has returned, and %d streams have ended", took, got)
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}

func TestADrainThatIsGivenUpCutsTheRest(t *testing.T) {
	overHTTP1(t, topic.Options{}, func(t *testing.T, s *site) {
		if err := s.topic.Drain(t.Context(), time.Hour); err != nil {
			t.Errorf("a drain of nobody: %v", err)
		}
		a, b := s.follow(), s.follow()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.topic.Drain(ctx, time.Hour); !errors.Is(err, ctx.Err()) {
			t.Errorf("the drain: %v", err)
		}
		if a.Rest(); a.Err() == nil {
			t.Error("the first stream looks complete")
		}
		if b.Rest(); b.Err() == nil {
			t.Error("the second stream looks complete")
		}
		want(t, "the ends", s.reasons(), "drained, drained")
	})
}

package middleware_test

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

func TestAClientThatAsksTooOftenIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		limit := middleware.RateLimit{Requests: 3, Per: 30 * time.Second, Headers: true}
		server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(new(log), limit.Middleware()))
		steps := []struct {
			wait   time.Duration
			status int
			left   string
			retry  string
		}{
			{0, 200, `"default";r=2;t=10`, ""},
			{0, 200, `"default";r=1;t=20`, ""},
			{0, 200, `"default";r=0;t=30`, ""},
			{0, 429, `"default";r=0;t=30`, "10"},
			{9500 * time.Millisecond, 429, `"default";r=0;t=21`, "1"}, // rounded up
			{time.Second, 200, `"default";r=0;t=30`, ""},              // one is back
			{0, 429, `"default";r=0;t=30`, "10"},
			{time.Hour, 200, `"default";r=2;t=10`, ""}, // no more than all are
		}
		for i, step := range steps {
			time.Sleep(step.wait)
			answer := server.Get("/hello").Response
			left, retry := answer.Header.Get("RateLimit"), answer.Header.Get("Retry-After")
			if answer.StatusCode != step.status || left != step.left || retry != step.retry {
				t.Errorf("request %d: got %d, %s, %q, want %+v", i, answer.StatusCode, left, retry, step)
			}
			if policy := answer.Header.Get("RateLimit-Policy"); policy != `"default";q=3;w=30` {
				t.Errorf("request %d: the policy is %s", i, policy)
			}
		}
	})
}

// A client that waits for as long as it was told must get through.
func TestRetryAfterIsLongEnough(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := middleware.RateLimit{Requests: 7, Per: 10 * time.Second}
		server := baretest.NewServer(t, newApp(new(log), limit.Middleware()))
		for range 50 {
			answer := server.Get("/hello").Response
			if answer.StatusCode == http.StatusOK {
				continue
			}
			wait, err := time.ParseDuration(answer.Header.Get("Retry-After") + "s")
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(wait)
			if again := server.Get("/hello").Response; again.StatusCode != http.StatusOK {
				t.Fatalf("got %d after the %v that were asked for", again.StatusCode, wait)
			}
		}
	})
}

func TestWhoCountsAsOneClient(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, first, second string
		want                int
	}{
		{"the same address, another port", "192.0.2.7:1", "192.0.2.7:2", 429},
		{"another address", "192.0.2.7:1", "192.0.2.8:1", 200},
		{"the same network of IPv6", "[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff::2]:1", 429},
		{"another network of IPv6", "[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1", 200},
		{"IPv4, and the same mapped to IPv6", "192.0.2.7:1", "[::ffff:192.0.2.7]:1", 429},
		{"a link-local address, another port", "[fe80::1%eth0]:1", "[fe80::1%eth0]:2", 429},
		{"no address", "@", "@", 429},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app := from(newApp(new(log), middleware.RateLimit{Requests: 1}.Middleware()))
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				do(t, server, "GET", "/ticks/1", "X-Peer", test.first).Rest()
				if got := do(t, server, "GET", "/ticks/1", "X-Peer", test.second).Response.StatusCode; got != test.want {
					t.Errorf("the second one gets a %d, want %d", got, test.want)
				}
			})
		})
	}
}

func TestKeysOfTheProgram(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		limit := middleware.RateLimit{Requests: 1, Headers: true, Key: func(request *bare.HttpRequest) string {
			return request.Scope.Header.Get("Authorization")
		}}
		app := newApp(new(log), limit.Middleware())
		app.OnError = func(_ *bare.HttpRequest, err error) bare.HttpResponse {
			if errors.Is(err, middleware.ErrRateLimited) {
				return bare.TextResponse(0, "slowly!\n")
			}
			return bare.ErrorResponse(err)
		}
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		for range 3 { // without a key there is no limit, and nothing to tell
			if answer := server.Get("/hello").Response; answer.StatusCode != http.StatusOK || answer.Header.Get("RateLimit") != "" {
				t.Errorf("without a key: %d %q", answer.StatusCode, answer.Header.Get("RateLimit"))
			}
		}
		huge := strings.Repeat("k", 32<<10)
		for i, want := range []int{200, 429} {
			stream := do(t, server, "GET", "/hello", "Authorization", huge)
			if got := stream.Response.StatusCode; got != want {
				t.Errorf("request %d with a key: got %d, want %d", i, got, want)
			}
			if text := stream.Rest(); want == 429 && text != "slowly!\n" {
				t.Errorf("OnError was not asked: %q", text)
			}
		}
	})
}

// A limiter around one route and another one around all must not share buckets.
func TestEachLimiterCountsForItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := middleware.RateLimit{Requests: 2}
		app := newApp(new(log), limit.Middleware())
		app.HttpRouter.Add(bare.Methods{"GET"}, "/login", bare.Chain(ticks, middleware.RateLimit{Requests: 1}.Middleware()))
		server := baretest.NewServer(t, app)
		for i, want := range []int{200, 429, 429} {
			if got := server.Get("/login").Response.StatusCode; got != want {
				t.Errorf("request %d: got %d, want %d", i, got, want)
			}
		}
	})
}

// With many clients those that were silent the longest are forgotten, and no other.
func TestWhoIsSilentTheLongestIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := middleware.RateLimit{Requests: 2, MaxKeys: 8, Key: func(request *bare.HttpRequest) string { return request.Scope.URL.Path }}
		handler := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }, limit.Middleware())
		ask := func(path string) int { return handler(baretest.NewRequest("GET", path, nil)).Status }
		ask("/busy")
		ask("/busy")
		for n := range 1000 {
			ask(fmt.Sprint("/", n))
			if got := ask("/busy"); got != http.StatusTooManyRequests {
				t.Fatalf("the busy one gets a %d after %d others, want 429", got, n+1)
			}
		}
		if got := ask("/0"); got != http.StatusOK {
			t.Errorf("one that was silent gets a %d, want 200", got)
		}
	})
}

// A client that asks again makes no room, and so nobody is forgotten for it.
func TestNobodyIsForgottenForAClientThatIsKnown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := middleware.RateLimit{Requests: 1, MaxKeys: 4, Key: func(request *bare.HttpRequest) string { return request.Scope.URL.Path }}
		handler := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }, limit.Middleware())
		ask := func(path string) int { return handler(baretest.NewRequest("GET", path, nil)).Status }
		for _, path := range []string{"/a", "/b", "/a", "/c", "/a"} {
			ask(path)
		}
		if got := ask("/b"); got != http.StatusTooManyRequests {
			t.Errorf("one of three clients gets a %d, want 429", got)
		}
	})
}

// The default remembers 65,536 keys.
func TestForgedAddressesTakeBoundedMemory(t *testing.T) {
	ask, others := limitedByKey(middleware.RateLimit{Requests: 1})
	before := heap()
	ask("first")
	others(30_000)
	if got := ask("first"); got != http.StatusTooManyRequests {
		t.Errorf("after 30,000 others the first one gets a %d, want 429", got)
	}
	others(150_000)
	grown := int64(heap() - before)
	t.Logf("%d KiB", grown>>10)
	if grown > 4<<20 {
		t.Errorf("180,000 keys take %d bytes, want at most 4 MiB", grown)
	}
	runtime.KeepAlive(ask)
}

// Buckets that are full again are not kept until there are too many.
func TestWhoIsGoneTakesNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask, others := limitedByKey(middleware.RateLimit{Requests: 1, MaxKeys: 1 << 20})
		before := heap()
		others(50_000)
		full := int64(heap() - before)
		for range 2 {
			time.Sleep(middleware.DefaultPer)
			ask("late")
		}
		if left := int64(heap() - before); left > full/10 {
			t.Errorf("of %d bytes %d are left when all have gone", full, left)
		}
		runtime.KeepAlive(ask)
	})
}

// limitedByKey returns a function that sends a request with a key and returns the
// status, and one that does so with many keys of their own.
func limitedByKey(limit middleware.RateLimit) (ask func(key string) int, others func(n int)) {
	key := ""
	limit.Key = func(*bare.HttpRequest) string { return key }
	handler := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} }, limit.Middleware())
	request := baretest.NewRequest("GET", "/", nil)
	ask = func(k string) int {
		key = k
		return handler(request).Status
	}
	next := 0
	others = func(n int) {
		for range n {
			next++
			ask(fmt.Sprintf("%0100d", next))
		}
	}
	return ask, others
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestTheZeroValueIs600RequestsAMinute(t *testing.T) {
	t.Parallel()
	handler := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} },
		middleware.RateLimit{Headers: true}.Middleware())
	response := handler(baretest.NewRequest("GET", "/", nil))
	if got := response.Headers.Get("RateLimit-Policy"); got != `"default";q=600;w=60` {
		t.Errorf("the policy is %s", got)
	}
}

// Run with the race detector.
func TestNoMoreThanTheLimitGetThroughAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(*testing.T) {
		limit := middleware.RateLimit{Requests: 10, Key: func(*bare.HttpRequest) string { return "all" }}
		var passed atomic.Int64
		handler := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse {
			passed.Add(1)
			return bare.HttpResponse{}
		}, limit.Middleware())
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() { handler(baretest.NewRequest("GET", "/", nil)) })
		}
		group.Wait()
		if got := passed.Load(); got != 10 {
			t.Errorf("%d of 100 got through, want 10", got)
		}
	})
}

func TestALimitThatCannotBeIsAProgrammersError(t *testing.T) {
	t.Parallel()
	tests := []struct {
		limit middleware.RateLimit
		want  string
	}{
		{middleware.RateLimit{Requests: -1, Per: -time.Second}, "middleware: RateLimit: Requests is negative: -1; Per is negative: -1s"},
		{middleware.RateLimit{MaxKeys: -1}, "middleware: RateLimit: MaxKeys is negative: -1"},
		{middleware.RateLimit{Requests: 2, Per: 1}, "middleware: RateLimit: 2 requests in 1ns are more than one a nanosecond"},
	}
	for _, test := range tests {
		wantPanic(t, test.want, func() { test.limit.Middleware() })
	}
}

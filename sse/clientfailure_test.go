package sse_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/sse"
)

// waitsOf returns how long a client waits before each of its attempts but the first. It
// is stopped before the nth wait.
func waitsOf(t *testing.T, client sse.Client, url string, n int) (waits []time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client.OnRetry = func(_ error, wait time.Duration) {
		if waits = append(waits, wait); len(waits) == n {
			cancel()
		}
	}
	for range client.Get(ctx, url) { //nolint:revive // only the waits count
	}
	return waits
}

// wantWaits compares waits with the least that each is to be; half of it more is jitter.
func wantWaits(t *testing.T, got []time.Duration, want ...time.Duration) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("waited %v, want %v", got, want)
	}
	for i, least := range want {
		if got[i] < least || got[i] > least*3/2 {
			t.Errorf("wait %d is %v, want %v and half of it at most", i, got[i], least)
		}
	}
}

func TestAnAttemptThatBringsNoEventIsAFailure(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer bare.HttpHandler
	}{
		{"an error without a text", status(503, "")},
		{"an error with a text", status(503, "Service Unavailable")},
		{"an error with a long text", status(500, strings.Repeat("x", 4000))},
		{"a stream that is cut after its opening comment", bytesThenCut(":\n\n")},
		{"a stream that ends after its opening comment", bytesThenEnd(":\n\n")},
		{"a stream that is cut after an id", bytesThenCut("id: 1\n\n")},
		{"a stream that is cut within its first event", bytesThenCut("data: a\n")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				server, script := play(t, protocol, test.answer)
				waits := waitsOf(t, sse.Client{HTTP: server.Client(), MaxFailures: 4}, server.URL+"/", 20)
				wantWaits(t, waits, 3*time.Second, 6*time.Second, 12*time.Second)
				if got := len(script.requests()); got != 4 {
					t.Errorf("%d requests, want MaxFailures, 4", got)
				}
			})
		})
	}
}

// TestAQuietStreamIsNoFailure: a connection that was kept alive has worked, even if
// nothing has happened.
func TestAQuietStreamIsNoFailure(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server, _ := play(t, protocol, answer(func(request *bare.HttpRequest, yield func([]byte) bool) error {
			yield([]byte(":\n\n"))
			request.Sleep(15 * time.Second)
			yield([]byte(":\n\n"))
			return errors.New("cut")
		}))
		waits := waitsOf(t, sse.Client{HTTP: server.Client(), MaxFailures: 2}, server.URL+"/", 4)
		wantWaits(t, waits, slices.Repeat([]time.Duration{3 * time.Second}, 4)...)
	})
}

package sse_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
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
	for _, err := range client.Get(ctx, url) {
		if err != nil {
			break // it ends the loop in any case: only the waits count
		}
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

// TestAnIDThatNoHeaderCanHoldIsNotSent: with such a header no request could be sent at all,
// nor would a server of net/http take it.
func TestAnIDThatNoHeaderCanHoldIsNotSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, first, stream string
		lastIDs             []string
	}{
		{"a control character", "", "id: a\x01b\ndata: x\n\n", []string{"", "", ""}},
		{"the last control character", "", "id: a\x1fb\ndata: x\n\n", []string{"", "", ""}},
		{"a deletion", "", "id: a\x7fb\ndata: x\n\n", []string{"", "", ""}},
		{"after an id that can be sent", "", "id: 1\ndata: x\n\nid: \x01\ndata: y\n\n", []string{"", "1", "1"}},
		{"after an empty id", "7", "id\ndata: x\n\nid: \x01\ndata: y\n\n", []string{"7", "", ""}},
		{"the caller's own", "\x01", "data: x\n\n", []string{"", "", ""}},
		{"a tab, a space and other alphabets are no obstacle", "", "id: a\tb ü\ndata: x\n\n", []string{"", "a\tb ü", "a\tb ü"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, script := play(t, baretest.HTTP1,
					bytesThenEnd(test.stream), bytesThenEnd("data: again\n\n"), status(http.StatusNoContent, ""))
				request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/", http.NoBody)
				request.Header.Set("Last-Event-ID", test.first)
				client := sse.Client{HTTP: server.Client(), MaxFailures: 3}
				for _, err := range client.Events(t.Context(), request) {
					if err != nil {
						t.Errorf("the events end with %v", err)
					}
				}
				var lastIDs []string
				for _, request := range script.requests() {
					lastIDs = append(lastIDs, request.lastID)
				}
				if !slices.Equal(lastIDs, test.lastIDs) {
					t.Errorf("the client came with %q, want %q", lastIDs, test.lastIDs)
				}
			})
		})
	}
}

func TestAStreamThatAsksForNoWaitIsNotFlooded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer bare.HttpHandler
		client sse.Client
		want   []time.Duration
	}{
		{
			"that brings nothing", bytesThenEnd("retry: 0\n\n"),
			sse.Client{},
			[]time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond},
		},
		{
			"that brings an event each time", bytesThenEnd("retry: 0\ndata: a\n\n"),
			sse.Client{},
			[]time.Duration{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond},
		},
		{
			"whose client would hardly wait, either", bytesThenEnd("data: a\n\n"),
			sse.Client{Retry: 1},
			[]time.Duration{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond},
		},
		{
			"that is down", status(503, ""),
			sse.Client{Retry: 1, MaxRetry: 1},
			[]time.Duration{100 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, _ := play(t, baretest.HTTP1, test.answer)
				test.client.HTTP = server.Client()
				wantWaits(t, waitsOf(t, test.client, server.URL+"/", len(test.want)), test.want...)
			})
		})
	}
}

package sse_test

import (
	"errors"
	"io"
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

func TestAClientWaitsAsItIsTold(t *testing.T) {
	t.Parallel()
	inAnHour := time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC).Format(http.TimeFormat)
	tests := []struct {
		name   string
		answer bare.HttpHandler
		client sse.Client
		want   time.Duration // and half of it more at most
	}{
		{"of its own accord", bytesThenEnd(":\n"), sse.Client{}, 3 * time.Second},
		{"as its options say", bytesThenEnd(":\n"), sse.Client{Retry: time.Second}, time.Second},
		{"of its own accord, if its options make no sense", bytesThenEnd(":\n"), sse.Client{Retry: -1, MaxRetry: -1, MaxFailures: -1}, 3 * time.Second},
		{"as the stream says", bytesThenEnd("retry: 10000\n\n"), sse.Client{}, 10 * time.Second},
		{"as the stream says, even for long", bytesThenEnd("retry: 7200000\n\n"), sse.Client{}, 2 * time.Hour},
		{"hardly at all, if the stream says so", bytesThenEnd("retry: 0\n\n"), sse.Client{}, 100 * time.Millisecond},
		{"a number of seconds", status(503, "", "retry-after", "120"), sse.Client{}, 2 * time.Minute},
		{"up to a date", status(429, "", "retry-after", inAnHour), sse.Client{}, time.Hour},
		{"up to a date that is over", status(429, "", "retry-after", "Fri, 01 Jan 1999 00:00:00 GMT"), sse.Client{}, 3 * time.Second},
		{"less than it waits anyway", status(503, "", "retry-after", "1"), sse.Client{}, 3 * time.Second},
		{"no time at all", status(503, "", "retry-after", "soon"), sse.Client{}, 3 * time.Second},
		{"when its request took too long", status(408, ""), sse.Client{}, 3 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, script := play(t, baretest.HTTP1, test.answer, status(http.StatusNoContent, ""))
				test.client.HTTP = server.Client()
				if got := shown(test.client.Get(t.Context(), server.URL+"/")); got != "" {
					t.Errorf("got %s", got)
				}
				asked := script.requests()
				if wait := asked[1].at.Sub(asked[0].at).Round(time.Millisecond); wait < test.want || wait > test.want*3/2 {
					t.Errorf("the client waited for %v, want %v and half of it at most", wait, test.want)
				}
			})
		})
	}
}

func TestAClientIsPatientWithAServerThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var waits []time.Duration
		client := sse.Client{
			HTTP:        &http.Client{Transport: unreachable{}},
			MaxFailures: 9,
			OnRetry:     func(_ error, wait time.Duration) { waits = append(waits, wait) },
		}
		if got := shown(client.Get(t.Context(), "http://example.test/")); got != "error Get \"http://example.test/\": no route\n" {
			t.Errorf("got %s", got)
		}
		want := []int{3, 6, 12, 24, 48, 60, 60, 60}
		if len(waits) != len(want) {
			t.Fatalf("waited for %v", waits)
		}
		spread := false
		for i, wait := range waits {
			least := time.Duration(want[i]) * time.Second
			if wait < least || wait > least*3/2 {
				t.Errorf("wait %d is %v, want %v and half of it at most", i, wait, least)
			}
			spread = spread || wait != least
		}
		if !spread {
			t.Error("there is no jitter")
		}
	})
}

func TestAServerThatIsDownIsAskedNoMoreOftenThanItsStreamHasSaid(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		retry string
		want  []int // the waits, in milliseconds, and half of each more at most
	}{
		{"nothing is a little, and doubled", "0", []int{100, 200, 400, 800}},
		{"an hour is not doubled", "3600000", []int{3600000, 3600000, 3600000, 3600000}},
		{"40 seconds become a minute", "40000", []int{40000, 60000, 60000, 60000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				down := status(http.StatusBadGateway, "")
				server, _ := play(t, baretest.HTTP1, bytesThenEnd("retry: "+test.retry+"\ndata: a\n\n"), down)
				var waits []time.Duration
				client := sse.Client{HTTP: server.Client(), MaxFailures: 5, OnRetry: func(_ error, wait time.Duration) {
					waits = append(waits, wait)
				}}
				for _, err := range client.Get(t.Context(), server.URL+"/") {
					if _, ok := errors.AsType[*sse.StatusError](err); err != nil && !ok {
						t.Error(err)
					}
				}
				if len(waits) != 5 { // the end of the stream, and four of five failures
					t.Fatalf("waited for %v", waits)
				}
				for i, want := range test.want {
					least := time.Duration(want) * time.Millisecond
					if got := waits[i+1]; got < least || got > least*3/2 {
						t.Errorf("wait %d is %v, want %v and half of it at most", i, got, least)
					}
				}
			})
		})
	}
}

func TestWhatHasComeEndsARowOfFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answers := slices.Repeat([]bare.HttpHandler{status(500, "")}, 9)
		answers[2], answers[5] = bytesThenCut("data: a\n\n"), bytesThenCut("data: a\n\n")
		server, script := play(t, baretest.HTTP1, answers...)
		client := sse.Client{HTTP: server.Client(), MaxFailures: 3}
		want := strings.Repeat(`"" "a"`+"\n", 2) + "error sse: the server answered 500 Internal Server Error\n"
		if got := shown(client.Get(t.Context(), server.URL+"/")); got != want {
			t.Errorf("got %s", got)
		}
		if got := len(script.requests()); got != 9 {
			t.Errorf("%d requests, want 9", got)
		}
	})
}

func TestAClientNoticesASilence(t *testing.T) {
	t.Parallel()
	head := func(request *bare.HttpRequest) bare.HttpResponse {
		request.Sleep(time.Hour)
		return bare.TextResponse(200, "")
	}
	waiting := answer(func(request *bare.HttpRequest, yield func([]byte) bool) error {
		for range 10 {
			request.Sleep(80 * time.Second)
			yield([]byte(":\n"))
		}
		<-request.Context().Done()
		return nil
	})
	tests := []struct {
		name   string
		answer bare.HttpHandler
		limit  time.Duration
		want   time.Duration
	}{
		{"of the head", head, 0, 90 * time.Second},
		{"of the body", bytesThenSilence(":\n"), 0, 90 * time.Second},
		{"of its own limit", bytesThenSilence(":\n"), time.Second, time.Second},
		{"but not of a server that sends comments", waiting, 0, 890 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				start := time.Now()
				server, _ := play(t, protocol, test.answer, status(http.StatusNoContent, ""))
				client := sse.Client{HTTP: server.Client(), MaxSilence: test.limit, OnRetry: func(err error, _ time.Duration) {
					if took := time.Since(start).Round(time.Second); !errors.Is(err, sse.ErrSilent) || took != test.want {
						t.Errorf("after %v got %v, want ErrSilent after %v", took, err, test.want)
					}
				}}
				if got := shown(client.Get(t.Context(), server.URL+"/")); got != "" {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}

func TestTheTimeOfASlowLoopIsNoSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, script := play(t, baretest.HTTP1, answer(func(request *bare.HttpRequest, yield func([]byte) bool) error {
			for range 3 {
				yield([]byte("data: a\n\n"))
				request.Sleep(time.Minute)
			}
			return nil
		}), status(http.StatusNoContent, ""))
		got := 0
		for _, err := range (sse.Client{HTTP: server.Client()}).Get(t.Context(), server.URL+"/") {
			if err != nil {
				t.Fatal(err)
			}
			got++
			time.Sleep(time.Hour)
		}
		if asked := len(script.requests()); got != 3 || asked != 2 {
			t.Errorf("%d events with %d requests, want 3 with 2", got, asked)
		}
	})
}

func TestASilenceMayHaveNoLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := play(t, baretest.HTTP1, answer(func(request *bare.HttpRequest, yield func([]byte) bool) error {
			request.Sleep(24 * time.Hour)
			yield([]byte("data: a\n\n"))
			return nil
		}), status(http.StatusNoContent, ""))
		client := sse.Client{HTTP: server.Client(), MaxSilence: -1, OnRetry: func(err error, _ time.Duration) {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		}}
		if got := shown(client.Get(t.Context(), server.URL+"/")); got != `"" "a"`+"\n" {
			t.Errorf("got %s", got)
		}
	})
}

package sse_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/sse"
)

// A script is a server whose answers are given one after the other, the last one again
// and again.
type script struct {
	mutex   sync.Mutex
	answers []bare.HttpHandler
	asked   []asked
}

// asked is what a client has sent.
type asked struct {
	method, lastID, body string
	header               http.Header
	at                   time.Time
}

func (s *script) handle(request *bare.HttpRequest) bare.HttpResponse {
	body, err := request.Text()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	s.mutex.Lock()
	header := request.Scope.Header
	s.asked = append(s.asked, asked{request.Scope.Method, header.Get("Last-Event-ID"), body, header, time.Now()})
	answer := s.answers[min(len(s.asked), len(s.answers))-1]
	s.mutex.Unlock()
	return answer(request)
}

// requests are those that have come so far.
func (s *script) requests() []asked {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.asked)
}

// play serves answers at "/".
func play(t *testing.T, protocol baretest.Protocol, answers ...bare.HttpHandler) (*baretest.Server, *script) {
	t.Helper()
	s := &script{answers: answers}
	app := bare.NewApplication()
	app.Logger = nothing()
	app.HttpRouter.Add(bare.Methods{"GET", "POST", "REPORT"}, "/", s.handle)
	return baretest.Config{Protocol: protocol}.NewServer(t, app), s
}

// bytesThenCut is an answer of a stream that breaks off.
func bytesThenCut(text string) bare.HttpHandler {
	return answer(func(_ *bare.HttpRequest, yield func([]byte) bool) error {
		yield([]byte(text))
		return errors.New("cut")
	})
}

// bytesThenEnd is an answer of a stream that ends cleanly.
func bytesThenEnd(text string) bare.HttpHandler {
	return answer(func(_ *bare.HttpRequest, yield func([]byte) bool) error {
		yield([]byte(text))
		return nil
	})
}

// bytesThenSilence is an answer of a stream that stays open.
func bytesThenSilence(text string) bare.HttpHandler {
	return answer(func(request *bare.HttpRequest, yield func([]byte) bool) error {
		yield([]byte(text))
		<-request.Context().Done()
		return nil
	})
}

func answer(write func(request *bare.HttpRequest, yield func([]byte) bool) error) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "Text/Event-Stream; charset=utf-8"),
			Body:    bare.StreamWriter(func(yield func([]byte) bool) error { return write(request, yield) }),
		}
	}
}

// status is an answer of a status, a text and headers.
func status(code int, text string, headers ...string) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse {
		response := bare.TextResponse(code, text)
		for i := 0; i < len(headers); i += 2 {
			response = response.WithHeader(headers[i], headers[i+1])
		}
		return response
	}
}

func TestAClientComesBackToWhereItWas(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server, script := play(t, protocol,
			bytesThenCut("id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: lost"),
			bytesThenEnd("id: 3\n\n"),
			bytesThenEnd("data: c\n\nid\ndata: d\n\n"),
			status(http.StatusNoContent, ""),
		)
		var ends []string
		client := sse.Client{HTTP: server.Client(), OnRetry: func(err error, wait time.Duration) {
			if wait < 3*time.Second || wait > 4500*time.Millisecond {
				t.Errorf("after %v the client waits for %v", err, wait)
			}
			ends = append(ends, fmt.Sprint(errors.Is(err, io.EOF)))
		}}
		got := shown(client.Get(t.Context(), server.URL+"/"))
		want := `"" "a" id "1"` + "\n" + `"" "b" id "1"` + "\n" + `"" "c" id "3"` + "\n" + `"" "d"` + "\n"
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		if got, want := fmt.Sprint(ends), "[false true true]"; got != want {
			t.Errorf("clean ends: %s, want %s", got, want)
		}
		var lastIDs []string
		for _, request := range script.requests() {
			lastIDs = append(lastIDs, request.lastID)
		}
		if want := []string{"", "1", "3", ""}; !slices.Equal(lastIDs, want) {
			t.Errorf("the client came with %q, want %q", lastIDs, want)
		}
	})
}

func TestAClientSaysWhatItWants(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, script := play(t, baretest.HTTP1, bytesThenCut("data: a\n\n"), status(http.StatusNoContent, ""))
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/", strings.NewReader(`{"prompt":"hi"}`))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer x")
		request.Header.Set("Last-Event-ID", "7")
		before := fmt.Sprint(request.Header)
		if got := shown(sse.Client{HTTP: server.Client()}.Events(t.Context(), request)); got != `"" "a" id "7"`+"\n" {
			t.Errorf("got %s", got)
		}
		if got := fmt.Sprint(request.Header); got != before {
			t.Errorf("the request's headers became %s", got)
		}
		for i, asked := range script.requests() {
			if asked.method != "POST" || asked.body != `{"prompt":"hi"}` || asked.lastID != "7" {
				t.Errorf("request %d is %+v", i, asked)
			}
			for name, want := range map[string]string{
				"Accept": "text/event-stream", "Cache-Control": "no-cache", "Accept-Encoding": "identity",
				"Authorization": "Bearer x", "Content-Type": "application/json",
			} {
				if got := asked.header.Get(name); got != want {
					t.Errorf("request %d: %s is %q, want %q", i, name, got, want)
				}
			}
		}
	})
}

func TestHeadersOfTheCallersStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, script := play(t, baretest.HTTP1, status(http.StatusNoContent, ""))
		request, _ := http.NewRequestWithContext(t.Context(), "REPORT", server.URL+"/", http.NoBody)
		request.Header = http.Header{"Accept": {"text/event-stream, */*"}, "Cache-Control": nil, "Accept-Encoding": {"gzip"}}
		if got := shown(sse.Client{HTTP: server.Client()}.Events(t.Context(), request)); got != "" {
			t.Errorf("got %s", got)
		}
		asked := script.requests()[0]
		if got := asked.header; asked.method != "REPORT" || got.Get("Accept") != "text/event-stream, */*" || got["Cache-Control"] != nil || got.Get("Accept-Encoding") != "gzip" {
			t.Errorf("the client sent %s %v", asked.method, got)
		}
	})
}

func TestAClientGivesUpWhereNothingHelps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer bare.HttpHandler
		is     error
		want   string
	}{
		{"no such page", status(404, "Not here."), nil, "sse: the server answered 404 Not Found"},
		{"forbidden", status(403, ""), nil, "sse: the server answered 403 Forbidden"},
		{"another success", status(202, ""), nil, "sse: the server answered 202 Accepted"},
		{"a redirect to nowhere", status(301, ""), nil, "sse: the server answered 301 Moved Permanently"},
		{"no event stream", status(200, "<html>"), sse.ErrContentType, `sse: the response is no event stream: its content type is "text/plain; charset=utf-8"`},
		{"no content type", status(200, "", "content-type", ""), sse.ErrContentType, `sse: the response is no event stream: its content type is ""`},
		{"a line over the limit", bytesThenEnd("data: 34567890\n\n"), sse.ErrTooLarge, "sse: the event stream is over a limit: a line has more than 8 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, script := play(t, baretest.HTTP1, test.answer)
				client := sse.Client{HTTP: server.Client(), Limits: sse.Limits{Line: 8}}
				for _, err := range client.Get(t.Context(), server.URL+"/") {
					if err == nil || err.Error() != test.want || test.is != nil && !errors.Is(err, test.is) {
						t.Errorf("got %v, want %s", err, test.want)
					}
				}
				if got := len(script.requests()); got != 1 {
					t.Errorf("%d requests, want 1", got)
				}
			})
		})
	}
}

func TestAStatusErrorHasWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, _ := play(t, baretest.HTTP1, status(403, strings.Repeat("x", 2000)))
		for _, err := range (sse.Client{HTTP: server.Client()}).Get(t.Context(), server.URL+"/") {
			said, ok := errors.AsType[*sse.StatusError](err)
			if !ok || said.Status != 403 || said.Text != strings.Repeat("x", 1024) {
				t.Errorf("got %+v", said)
			}
		}
	})
}

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
		{"not at all, if the stream says so", bytesThenEnd("retry: 0\n\n"), sse.Client{}, 0},
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
		{"nothing is not doubled for ever", "0", []int{0, 100, 200, 400}},
		{"an hour is not doubled", "3600000", []int{3600000, 3600000, 3600000, 3600000}},
		{"40 seconds become a minute", "40000", []int{40000, 60000, 60000, 60000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				down := status(http.StatusBadGateway, "")
				server, _ := play(t, baretest.HTTP1, bytesThenEnd("retry: "+test.retry+"\n\n"), down)
				var waits []time.Duration
				client := sse.Client{HTTP: server.Client(), MaxFailures: 5, OnRetry: func(_ error, wait time.Duration) {
					waits = append(waits, wait)
				}}
				for _, err := range client.Get(t.Context(), server.URL+"/") {
					if _, ok := errors.AsType[*sse.StatusError](err); !ok {
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
		answers[2], answers[5] = bytesThenCut(":\n"), bytesThenCut(":\n")
		server, script := play(t, baretest.HTTP1, answers...)
		client := sse.Client{HTTP: server.Client(), MaxFailures: 3}
		if got := shown(client.Get(t.Context(), server.URL+"/")); got != "error sse: the server answered 500 Internal Server Error\n" {
			t.Errorf("got %s", got)
		}
		if got := len(script.requests()); got != 9 {
			t.Errorf("%d requests, want 9", got)
		}
	})
}

// unreachable is a network without a server.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route")
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

func TestALoopThatIsLeftClosesTheConnection(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		left := make(chan time.Time, 1)
		server, _ := play(t, protocol, answer(func(request *bare.HttpRequest, yield func([]byte) bool) error {
			yield([]byte("data: a\n\n"))
			<-request.Context().Done()
			left <- time.Now()
			return nil
		}))
		for event, err := range (sse.Client{HTTP: server.Client()}).Get(t.Context(), server.URL+"/") {
			if string(event.Data) != "a" || err != nil {
				t.Errorf("got %q, %v", event.Data, err)
			}
			break
		}
		if took := time.Since(<-left); took > time.Millisecond {
			t.Errorf("the server saw it after %v", took)
		}
	})
}

func TestTheEndOfTheContextEndsTheLoop(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer bare.HttpHandler
		want   string
	}{
		{"during a stream", bytesThenSilence("data: a\n\n"), `"" "a"` + "\nerror enough\n"},
		{"before the head", func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(time.Hour)
			return bare.TextResponse(200, "")
		}, "error enough\n"},
		{"between two attempts", status(503, "", "retry-after", "3600"), "error enough\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server, _ := play(t, baretest.HTTP1, test.answer)
				ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, errors.New("enough"))
				defer cancel()
				start := time.Now()
				client := sse.Client{HTTP: server.Client(), OnRetry: func(err error, _ time.Duration) {
					if ctx.Err() != nil {
						t.Errorf("after the end there is to be another try, because of %v", err)
					}
				}}
				got := shown(client.Get(ctx, server.URL+"/"))
				if took := time.Since(start).Round(time.Millisecond); got != test.want || took != 10*time.Second {
					t.Errorf("after %v got %swant %s", took, got, test.want)
				}
			})
		})
	}
}

func TestABodyIsSentAgainOnlyIfItCan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, script := play(t, baretest.HTTP1, bytesThenCut("data: a\n\n"))
		request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/", io.MultiReader(strings.NewReader("once")))
		got := shown(sse.Client{HTTP: server.Client()}.Events(t.Context(), request))
		if want := `"" "a"` + "\nerror sse: the request's body cannot be sent again\n"; got != want {
			t.Errorf("got %swant %s", got, want)
		}
		if asked := script.requests(); len(asked) != 1 || asked[0].body != "once" {
			t.Errorf("the client sent %+v", asked)
		}
	})
}

func TestARedirectIsFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		redirect := status(http.StatusTemporaryRedirect, "", "location", "/")
		answers := []bare.HttpHandler{redirect, bytesThenCut("id: 1\ndata: a\n\n"), redirect, status(http.StatusNoContent, "")}
		server, script := play(t, baretest.HTTP1, answers...)
		if got := shown(sse.Client{HTTP: server.Client()}.Get(t.Context(), server.URL+"/")); got != `"" "a" id "1"`+"\n" {
			t.Errorf("got %s", got)
		}
		if asked := script.requests(); asked[1].lastID != "" || asked[3].lastID != "1" {
			t.Errorf("the redirected requests came with %q and %q", asked[1].lastID, asked[3].lastID)
		}
	})
}

func TestAMalformedURLIsAnError(t *testing.T) {
	t.Parallel()
	for _, err := range (sse.Client{}).Get(t.Context(), "http://[") {
		if err == nil || !strings.HasPrefix(err.Error(), "sse: parse ") {
			t.Errorf("got %v", err)
		}
	}
}

func TestWhatIsServedIsReceived(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server, _ := serve(t, protocol, finite(func(request *bare.HttpRequest, yield func(sse.Event) bool) error {
			for range 3 {
				request.Sleep(time.Minute)
				yield(sse.Event{ID: "7", Type: "step", Data: []byte("a\r\nb")})
			}
			return nil
		}))
		got := shown(sse.Client{HTTP: server.Client()}.Get(t.Context(), server.URL+"/"))
		want := strings.Repeat(`"step" "a\nb" id "7"`+"\n", 3) + `"done" "" id "done"` + "\n"
		if got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

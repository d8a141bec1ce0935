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

// unreachable is a network without a server.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route")
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

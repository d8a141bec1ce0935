package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// The handlers here are endpoint after each of the changes that the chapter shows,
// whose text the tests of the documents compare with theirs.

// docs:start over
func over(request *bare.HttpRequest) bare.HttpResponse {
	if request.Scope.Header.Get("Last-Event-ID") == "end" {
		return bare.HttpResponse{Status: 204}
	}
	query := request.Query()
	last := formatMessage(poisonPill)
	if closing := query.Get("closing"); closing != "" {
		var err error
		last, err = formatEvent(closing, "This is the end.\nIt really is.")
		if err != nil {
			return bare.ErrorResponse(err)
		}
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			for i := range 10 {
				if !yield(formatMessage(fmt.Sprintf("Message # %d", i))) || !request.Sleep(time.Second) {
					return
				}
			}
			if !yield(formatMessage("That was all for\n" + query.Get("name"))) {
				return
			}
			yield(append([]byte("id: end\n"), last...))
		},
	}
}

// docs:end over

// docs:start failing
func failing(request *bare.HttpRequest) bare.HttpResponse {
	query := request.Query()
	last := formatMessage(poisonPill)
	if closing := query.Get("closing"); closing != "" {
		var err error
		last, err = formatEvent(closing, "This is the end.\nIt really is.")
		if err != nil {
			return bare.ErrorResponse(err)
		}
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			for i := range 10 {
				if i == 3 {
					return errors.New("there is no message 3")
				}
				if !yield(formatMessage(fmt.Sprintf("Message # %d", i))) || !request.Sleep(time.Second) {
					return context.Cause(request.Context())
				}
			}
			if !yield(formatMessage("That was all for\n" + query.Get("name"))) {
				return nil
			}
			yield(last)
			return nil
		}),
	}
}

// docs:end failing

// docs:start counted

// counted lets the client say how many messages it wants. The check comes before
// the stream, where the answer can still be a 400.
func counted(request *bare.HttpRequest) bare.HttpResponse {
	count, err := strconv.Atoi(request.Query().Get("count"))
	if err != nil || count < 1 || count > 100 {
		return bare.TextResponse(400, "The value of count is a number from 1 to 100.")
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			for i := range count {
				if !yield(formatMessage(fmt.Sprintf("Message # %d", i))) || !request.Sleep(time.Second) {
					return
				}
			}
			yield([]byte("event: done\ndata: This is the end.\n\n"))
		},
	}
}

// docs:end counted

// docs:start resumed

// resumed numbers its messages. The browser sends the last number that it has seen
// when it reconnects, and the stream goes on behind it.
func resumed(request *bare.HttpRequest) bare.HttpResponse {
	first := 0
	if last, err := strconv.Atoi(request.Scope.Header.Get("Last-Event-ID")); err == nil {
		first = min(max(last+1, 0), 10)
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			for i := first; i < 10; i++ {
				message := fmt.Appendf(nil, "id: %d\ndata: Message # %d\n\n", i, i)
				if !yield(message) || !request.Sleep(time.Second) {
					return
				}
			}
			yield([]byte("event: done\ndata: This is the end.\n\n"))
		},
	}
}

// docs:end resumed

func TestAPageThatComesBackIsToldThatItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for target, want := range map[string]string{
			"/endpoint/":             "id: end\ndata: [DONE]\n\n",
			"/endpoint/?closing=end": "id: end\nevent: end\ndata: This is the end.\ndata: It really is.\n\n",
		} {
			request := baretest.NewRequest("GET", target, nil)
			got := baretest.Chunks(over(request).Body, -1)
			if got[len(got)-1] != want {
				t.Errorf("the last event is %q, want %q", got[len(got)-1], want)
			}
			request.Scope.Header.Set("Last-Event-ID", "end")
			if second := over(request); second.Status != http.StatusNoContent || second.Body != nil {
				t.Errorf("the second answer is %d, want 204 without a body", second.Status)
			}
		}
	})
}

func TestAFailureCutsTheStreamAndAnEndDoesNot(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp()
				app.HttpRouter.Add(bare.Methods{"GET"}, "/failing", failing)
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				cut := server.Get("/failing")
				if got := cut.Rest(); !strings.HasSuffix(got, "data: Message # 2\n\n") || cut.Err() == nil {
					t.Errorf("the failing stream ended with %q (%v)", got, cut.Err())
				}
				whole := server.Get("/endpoint/")
				if got := whole.Rest(); !strings.HasSuffix(got, "data: [DONE]\n\n") || whole.Err() != nil {
					t.Errorf("the whole stream ended with %q (%v)", got, whole.Err())
				}
			})
		})
	}
}

func TestTheClientSaysHowMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := counted(baretest.NewRequest("GET", "/endpoint/?count=3", nil)).Body
		if got := parseEvents(strings.Join(baretest.Chunks(body, -1), "")); len(got) != 4 || got[2].data != "Message # 2" {
			t.Errorf("got %q, want three messages and an end", got)
		}
		for _, count := range []string{"", "0", "-1", "101", "many", "1e1"} {
			if got := counted(baretest.NewRequest("GET", "/endpoint/?count="+count, nil)).Status; got != 400 {
				t.Errorf("count=%s is answered with %d", count, got)
			}
		}
	})
}

func TestAStreamGoesOnBehindTheLastMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for last, want := range map[string]string{
			"":   "id: 0\ndata: Message # 0\n\n",
			"6":  "id: 7\ndata: Message # 7\n\n",
			"9":  "event: done\ndata: This is the end.\n\n",
			"99": "event: done\ndata: This is the end.\n\n",
			"x":  "id: 0\ndata: Message # 0\n\n",
		} {
			request := baretest.NewRequest("GET", "/endpoint/", nil)
			request.Scope.Header.Set("Last-Event-ID", last)
			if got := baretest.Chunks(resumed(request).Body, 1); got[0] != want {
				t.Errorf("after %q comes %q, want %q", last, got, want)
			}
		}
	})
}

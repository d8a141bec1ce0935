package main

import (
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

// docs:start answer1

// countedEvents lets the client say how many messages it wants.
func countedEvents(request *bare.HttpRequest) bare.HttpResponse {
	count, err := strconv.Atoi(request.Query().Get("count"))
	if err != nil || count < 1 || count > 100 {
		return bare.TextResponse(400, "The value of count is a number from 1 to 100.")
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream", "cache-control", "no-cache"),
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

// docs:end answer1

// docs:start answer2

// resumedEvents numbers its messages. The browser sends the last number that it
// has seen when it reconnects, and the stream goes on behind it.
func resumedEvents(request *bare.HttpRequest) bare.HttpResponse {
	first := 0
	if last, err := strconv.Atoi(request.Scope.Header.Get("Last-Event-ID")); err == nil {
		first = min(max(last+1, 0), 10)
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream", "cache-control", "no-cache"),
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

// docs:end answer2

// docs:start answer3

// politeEvents ends the reconnecting of a page that forgets close(): the last
// event has an id, and who comes back with it is told that there is no more.
func politeEvents(request *bare.HttpRequest) bare.HttpResponse {
	if request.Scope.Header.Get("Last-Event-ID") == "end" {
		return bare.HttpResponse{Status: http.StatusNoContent}
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream", "cache-control", "no-cache"),
		Body:    bare.TextWriter("id: end\nevent: done\ndata: This is the end.\n\n"),
	}
}

// docs:end answer3

func TestFirstAnswerCountsAndRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := countedEvents(baretest.NewRequest("GET", "/endpoint/?count=3", nil)).Body
		if got := parseEvents(strings.Join(baretest.Chunks(body, -1), "")); len(got) != 4 || got[2].data != "Message # 2" {
			t.Errorf("got %q, want three messages and an end", got)
		}
		for _, count := range []string{"", "0", "-1", "101", "many", "1e1"} {
			if got := countedEvents(baretest.NewRequest("GET", "/endpoint/?count="+count, nil)).Status; got != 400 {
				t.Errorf("count=%s is answered with %d", count, got)
			}
		}
	})
}

func TestSecondAnswerGoesOnBehindTheLastMessage(t *testing.T) {
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
			if got := baretest.Chunks(resumedEvents(request).Body, 1); got[0] != want {
				t.Errorf("after %q comes %q, want %q", last, got, want)
			}
		}
	})
}

func TestThirdAnswerEndsTheReconnecting(t *testing.T) {
	request := baretest.NewRequest("GET", "/endpoint/", nil)
	first := politeEvents(request)
	if got := baretest.Chunks(first.Body, -1); len(got) != 1 || !strings.HasPrefix(got[0], "id: end\n") {
		t.Errorf("the first answer is %q", got)
	}
	request.Scope.Header.Set("Last-Event-ID", "end")
	if second := politeEvents(request); second.Status != http.StatusNoContent || second.Body != nil {
		t.Errorf("the second answer is %d, want 204 without a body", second.Status)
	}
}

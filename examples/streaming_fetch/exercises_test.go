package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// docs:start answer1
func eventsAtAPeriod(request *bare.HttpRequest) bare.HttpResponse {
	var received struct {
		Message string `json:"message"`
		Every   string `json:"every"`
	}
	if err := request.JSON(&received); err != nil {
		return bare.ErrorResponse(err)
	}
	period, err := time.ParseDuration(received.Every)
	if err != nil || period < 100*time.Millisecond || period > time.Minute {
		return bare.TextResponse(400, "The value of every is a duration from 100ms to 1m.")
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "application/x-ndjson"),
		Body: bare.JSONLinesWriter(func(yield func(tick) bool) {
			for now := range request.Every(period) {
				if !yield(tick{received.Message, now.UTC()}) {
					return
				}
			}
		}),
	}
}

// docs:end answer1

// docs:start answer2
func countedEvents(request *bare.HttpRequest) bare.HttpResponse {
	var received struct {
		Message string `json:"message"`
		Count   int    `json:"count"`
	}
	if err := request.JSON(&received); err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "application/x-ndjson"),
		Body: bare.JSONLinesStreamWriter(func(yield func(tick) bool) error {
			for i := range received.Count {
				if i > 0 && !request.Sleep(time.Second) {
					return context.Cause(request.Context()) // not complete: cut
				}
				if !yield(tick{received.Message, time.Now().UTC()}) {
					return nil
				}
			}
			return nil
		}),
	}
}

// docs:end answer2

// docs:start answer3
type numberedTick struct {
	Number  int    `json:"number"`
	Message string `json:"message"`
}

func resumedEvents(request *bare.HttpRequest) bare.HttpResponse {
	var received struct {
		Message string `json:"message"`
		After   int    `json:"after"`
	}
	if err := request.JSON(&received); err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "application/x-ndjson"),
		Body: bare.JSONLinesWriter(func(yield func(numberedTick) bool) {
			number := received.After
			for range request.Every(time.Second) {
				number++
				if !yield(numberedTick{number, received.Message}) {
					return
				}
			}
		}),
	}
}

// docs:end answer3

func TestTheFirstAnswerTakesItsPeriodFromTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		response := eventsAtAPeriod(newRequest(`{"message": "hello", "every": "250ms"}`))
		if got := baretest.Chunks(response.Body, 5); len(got) != 5 {
			t.Errorf("got %d lines, want 5", len(got))
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("five lines took %v, want 1s", took)
		}
		for _, every := range []string{"", "soon", "1ms", "-1s", "2m"} {
			if response := eventsAtAPeriod(newRequest(`{"every": "` + every + `"}`)); response.Status != 400 {
				t.Errorf("every %q: status %d, want 400", every, response.Status)
			}
		}
	})
}

func TestTheSecondAnswerIsCompleteOrCut(t *testing.T) {
	newServer := func(t *testing.T) *baretest.Server {
		t.Helper()
		app := bare.NewApplication()
		app.Logger = slog.New(slog.DiscardHandler)
		app.HttpRouter.Add(bare.Methods{"POST"}, "/events", countedEvents)
		return baretest.NewServer(t, app)
	}
	t.Run("all lines and a clean end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			stream := post(t, newServer(t), `{"message": "hello", "count": 3}`)
			if got := strings.Count(stream.Rest(), "\n"); got != 3 || stream.Err() != nil {
				t.Errorf("%d lines, then %v, want 3 and a clean end", got, stream.Err())
			}
		})
	})
	t.Run("a stop of the server in between is a cut", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := newServer(t)
			stream := post(t, server, `{"message": "hello", "count": 3}`)
			stream.Next()
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
			if stream.Rest(); stream.Err() == nil {
				t.Error("the response looks complete")
			}
		})
	})
}

func TestTheThirdAnswerGoesOnWhereAnotherStreamBrokeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := baretest.Chunks(resumedEvents(newRequest(`{"message": "hello"}`)).Body, 2)
		var last numberedTick
		if err := json.Unmarshal([]byte(before[1]), &last); err != nil {
			t.Fatal(err)
		}
		after := baretest.Chunks(resumedEvents(newRequest(`{"message": "hello", "after": 2}`)).Body, 1)
		if want := `{"number":3,"message":"hello"}` + "\n"; last.Number != 2 || after[0] != want {
			t.Errorf("after number %d came %q, want %q", last.Number, after[0], want)
		}
	})
}

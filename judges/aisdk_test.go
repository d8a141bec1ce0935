package judges

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// docs:start chat
func chat(request *bare.HttpRequest) bare.HttpResponse {
	headers := bare.Headers("content-type", "text/event-stream", "x-vercel-ai-ui-message-stream", "v1")
	return bare.HttpResponse{Headers: headers, Body: func(yield func([]byte) bool) {
		for _, part := range []string{
			`{"type":"start","messageId":"m1"}`,
			`{"type":"text-start","id":"t1"}`,
			`{"type":"text-delta","id":"t1","delta":"Hello, "}`,
			`{"type":"text-delta","id":"t1","delta":"streams!"}`,
			`{"type":"text-end","id":"t1"}`,
			`{"type":"finish"}`,
			`[DONE]`,
		} {
			if !yield([]byte("data: "+part+"\n\n")) || !request.Sleep(10*time.Millisecond) {
				return
			}
		}
	}}
}

// docs:end chat

// uiMessages is a stream of the parts that a function yields as it likes.
func uiMessages(parts func(send func(part any) bool) error) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream", "x-vercel-ai-ui-message-stream", "v1"),
		Body:    events(parts),
	}
}

// events is a body of server-sent events in JSON, which has an end to reach.
func events(parts func(send func(part any) bool) error) func(func([]byte) bool) {
	return bare.StreamWriter(func(yield func([]byte) bool) error {
		return parts(func(part any) bool {
			encoded, err := json.Marshal(part)
			return err == nil && yield([]byte("data: "+string(encoded)+"\n\n"))
		})
	})
}

// fields are what an event or a part holds.
type fields map[string]any

// refuse is an error that a client is told of by an event: the response itself is
// complete.
func refuse(*bare.HttpRequest) bare.HttpResponse {
	return uiMessages(func(send func(any) bool) error {
		send(fields{"type": "start"})
		send(fields{"type": "error", "errorText": "the model is tired"})
		return nil
	})
}

// echo sends back the text that it was asked, a word at a time.
func echo(request *bare.HttpRequest) bare.HttpResponse {
	var asked struct {
		Messages []struct{ Parts []struct{ Text string } }
	}
	if err := request.JSON(&asked); err != nil {
		return bare.ErrorResponse(err)
	}
	return uiMessages(func(send func(any) bool) error {
		send(fields{"type": "start"})
		send(fields{"type": "text-start", "id": "t1"})
		last := asked.Messages[len(asked.Messages)-1]
		for _, letter := range last.Parts[0].Text {
			send(fields{"type": "text-delta", "id": "t1", "delta": string(letter)})
		}
		send(fields{"type": "text-end", "id": "t1"})
		send(fields{"type": "finish"})
		return nil
	})
}

// endless sends a delta, and then waits until the client has left.
func endless(request *bare.HttpRequest) bare.HttpResponse {
	return uiMessages(func(send func(any) bool) error {
		send(fields{"type": "start"})
		send(fields{"type": "text-start", "id": "t1"})
		send(fields{"type": "text-delta", "id": "t1", "delta": "wait"})
		<-request.Context().Done()
		return context.Cause(request.Context())
	})
}

// breaks fails in the middle of its message.
func breaks(*bare.HttpRequest) bare.HttpResponse {
	return uiMessages(func(send func(any) bool) error {
		send(fields{"type": "start"})
		send(fields{"type": "text-start", "id": "t1"})
		send(fields{"type": "text-delta", "id": "t1", "delta": "half"})
		return errBroken
	})
}

var errBroken = errors.New("the handler fails on purpose")

// ending wraps a handler so that its response's end is told.
func ending(handler bare.HttpHandler) (bare.HttpHandler, <-chan bare.End) {
	ends := make(chan bare.End, 1)
	return func(request *bare.HttpRequest) bare.HttpResponse {
		request.OnEnd(func(end bare.End) { ends <- end })
		return handler(request)
	}, ends
}

func TestTheAISDKReadsABody(t *testing.T) {
	t.Parallel()
	app := bare.NewApplication()
	watched, ends := ending(endless)
	broken, cut := ending(breaks)
	app.OnHttpRequest(bare.Methods{"POST"}, "/chat", chat)
	app.OnHttpRequest(bare.Methods{"POST"}, "/echo", echo)
	app.OnHttpRequest(bare.Methods{"POST"}, "/error", refuse)
	app.OnHttpRequest(bare.Methods{"POST"}, "/endless", watched)
	app.OnHttpRequest(bare.Methods{"POST"}, "/breaks", broken)
	script(t, "aisdk", "ai", "http://"+serveBare(t, app, bare.Server{}))
	if end := await(t, "the end of the aborted response", ends); !errors.Is(end.Err, bare.ErrClientGone) {
		t.Errorf("the response that the client aborted ends with %v", end.Err)
	}
	if end := await(t, "the end of the failed response", cut); !errors.Is(end.Err, errBroken) {
		t.Errorf("the response that failed ends with %v", end.Err)
	}
}

package judges

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// docs:start agent
func agent(request *bare.HttpRequest) bare.HttpResponse {
	var run struct{ ThreadID, RunID string }
	if err := request.JSON(&run); err != nil {
		return bare.ErrorResponse(err)
	}
	headers := bare.Headers("content-type", "text/event-stream")
	return bare.HttpResponse{Headers: headers, Body: func(yield func([]byte) bool) {
		for _, event := range []map[string]any{
			{"type": "RUN_STARTED", "threadId": run.ThreadID, "runId": run.RunID},
			{"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"},
			{"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Hello, "},
			{"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "streams!"},
			{"type": "TEXT_MESSAGE_END", "messageId": "m1"},
			{"type": "RUN_FINISHED", "threadId": run.ThreadID, "runId": run.RunID},
		} {
			encoded, err := json.Marshal(event)
			if err != nil || !yield(fmt.Appendf(nil, "data: %s\n\n", encoded)) || !request.Sleep(10*time.Millisecond) {
				return
			}
		}
	}}
}

// docs:end agent

// runs answers with a run that begins with half a message.
func runs(then func(request *bare.HttpRequest, send func(event any) bool) error) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		var run struct{ ThreadID, RunID string }
		if err := request.JSON(&run); err != nil {
			return bare.ErrorResponse(err)
		}
		body := events(func(send func(any) bool) error {
			send(fields{"type": "RUN_STARTED", "threadId": run.ThreadID, "runId": run.RunID})
			send(fields{"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"})
			send(fields{"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "half"})
			return then(request, send)
		})
		return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: body}
	}
}

func TestAGUIsClientReadsABody(t *testing.T) {
	t.Parallel()
	app := bare.NewApplication()
	watched, ends := ending(runs(func(request *bare.HttpRequest, _ func(any) bool) error {
		<-request.Context().Done()
		return context.Cause(request.Context())
	}))
	broken, cut := ending(runs(func(*bare.HttpRequest, func(any) bool) error { return errBroken }))
	app.OnHttpRequest(bare.Methods{"POST"}, "/agent", agent)
	app.OnHttpRequest(bare.Methods{"POST"}, "/endless", watched)
	app.OnHttpRequest(bare.Methods{"POST"}, "/breaks", broken)
	app.OnHttpRequest(bare.Methods{"POST"}, "/error", runs(func(_ *bare.HttpRequest, send func(any) bool) error {
		send(fields{"type": "RUN_ERROR", "message": "the agent is tired"})
		return nil
	}))
	script(t, "agui", "@ag-ui/client", "http://"+serveBare(t, app, bare.Server{}))
	if end := await(t, "the end of the aborted run", ends); !errors.Is(end.Err, bare.ErrClientGone) {
		t.Errorf("the run that the client aborted ends with %v", end.Err)
	}
	if end := await(t, "the end of the failed run", cut); !errors.Is(end.Err, errBroken) {
		t.Errorf("the run that failed ends with %v", end.Err)
	}
}

package main

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestHalfAnAnswerNeverLooksWhole(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				app := newApp(breaking)
				app.Logger = slog.New(slog.NewTextHandler(&log, nil))
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				stream := server.Post("/answers", "text/plain", strings.NewReader("Well?"))
				if got := stream.Rest(); !strings.Contains(got, "data: Well,\n\nevent: failed\n") {
					t.Errorf("got %q", got)
				}
				if stream.Err() == nil {
					t.Error("the answer looks whole")
				}
				if !strings.Contains(log.String(), errModel.Error()) {
					t.Errorf("the log is %q", log.String())
				}
			})
		})
	}
}

func TestAStopCutsAnAnswer(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				model := newEndless("and")
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp(model.ask))
				stream := server.Post("/answers", "text/plain", strings.NewReader("Go on."))
				stream.Event()
				if err := server.Stop(); err != nil {
					t.Errorf("the stop failed: %v", err)
				}
				if stream.Rest(); stream.Err() == nil {
					t.Error("the answer looks whole")
				}
				if cause := <-model.ended; !errors.Is(cause, bare.ErrShutdown) {
					t.Errorf("the model ended with %v", cause)
				}
			})
		})
	}
}

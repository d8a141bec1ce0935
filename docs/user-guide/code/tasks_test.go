package code

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestTheLetterIsSentAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := ""
		app := bare.NewApplication()
		app.HttpRouter.Add(bare.Methods{"POST"}, "/", signUp(app, func(_ context.Context, address string) error {
			time.Sleep(5 * time.Second)
			sent = address
			return nil
		}))
		server := baretest.NewServer(t, app)
		start := time.Now()
		stream := server.Post("/", "application/x-www-form-urlencoded", strings.NewReader("address=ada"))
		if got := stream.Rest(); got != "A letter is on its way.\n" || time.Since(start) > time.Second {
			t.Errorf("after %v got %q", time.Since(start), got)
		}
		if err := server.Stop(); err != nil || sent != "ada" {
			t.Errorf("the stop returned %v, and a letter went to %q", err, sent)
		}
	})
}

func TestATaskBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var begun []time.Duration
		start := time.Now()
		task := keepGoing(slog.New(slog.DiscardHandler), time.Second, func(context.Context) error {
			begun = append(begun, time.Since(start))
			if len(begun) < 3 {
				return errors.New("broken")
			}
			return nil
		})
		if err := task(t.Context()); err != nil || len(begun) != 3 || begun[2] != 2*time.Second {
			t.Errorf("it has begun at %v, and ended with %v", begun, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		stopped := keepGoing(slog.New(slog.DiscardHandler), time.Minute, func(context.Context) error { return errors.New("broken") })
		if err := stopped(ctx); err != nil || time.Since(start) != 12*time.Second {
			t.Errorf("after %v a stop returned %v", time.Since(start), err)
		}
	})
}

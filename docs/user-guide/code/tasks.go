package code

import (
	"context"
	"log/slog"
	"time"

	"github.com/bare-go/bare"
)

// docs:start after
// signUp answers at once, and sends a letter after that.
func signUp(app *bare.Application, send func(ctx context.Context, address string) error) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		form, err := request.Form()
		if err != nil {
			return bare.ErrorResponse(err)
		}
		app.Go(func(ctx context.Context) error { return send(ctx, form.Get("address")) })
		return bare.TextResponse(202, "A letter is on its way.\n")
	}
}

// docs:end after

// docs:start again
// keepGoing returns a task that begins again a while after it has failed.
func keepGoing(logger *slog.Logger, pause time.Duration, task func(ctx context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			err := task(ctx)
			if err == nil || ctx.Err() != nil {
				return err
			}
			logger.LogAttrs(ctx, slog.LevelWarn, "a task begins again", slog.Any("error", err))
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// docs:end again

package otel_test

import (
	"context"
	"errors"

	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/bare-go/bare"
)

// docs:start last-spans
// serve runs the application, and then sends the last spans.
func serve(ctx context.Context, server bare.Server, app *bare.Application, provider *sdk.TracerProvider) error {
	err := server.Run(ctx, app)
	return errors.Join(err, provider.Shutdown(context.WithoutCancel(ctx)))
}

// docs:end last-spans

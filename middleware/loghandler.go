package middleware

import (
	"context"
	"log/slog"
)

// LogHandler returns a handler that adds the identifier of the request, under the name
// [RequestIDKey], to each record that is logged with the request's context, and passes
// it on to next:
//
//	logger := slog.New(middleware.LogHandler(slog.NewJSONHandler(os.Stderr, nil)))
//	logger.InfoContext(request.Context(), "the order was placed")
//
// In a logger with groups (see [slog.Logger.WithGroup]) it is in the innermost one.
func LogHandler(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ next slog.Handler }

// Enabled reports what next does.
func (h logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle adds the identifier.
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := RequestIDFrom(ctx); id != "" {
		record = record.Clone() // others may have the record, too
		record.AddAttrs(slog.String(RequestIDKey, id))
	}
	return h.next.Handle(ctx, record)
}

// WithAttrs returns a handler whose records have the attributes.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.next.WithAttrs(attrs)}
}

// WithGroup returns a handler whose records are in a group.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.next.WithGroup(name)}
}

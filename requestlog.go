package bare

import (
	"log/slog"
	"slices"
	"sync/atomic"
)

// A requestLog writes records about one request.
type requestLog struct {
	app     *Application
	request *HttpRequest
	added   atomic.Pointer[[]slog.Attr] // of LogWith; a goroutine of the body may write meanwhile
}

// LogWith adds attributes to what the application logs about this request from now
// on: an identifier, a tenant. Those of several calls are joined. It must not be called
// from two goroutines at once, and does nothing for a request that no server made.
func (r *HttpRequest) LogWith(attrs ...slog.Attr) {
	if r.exchange != nil {
		r.exchange.log.add(attrs)
	}
}

func (l *requestLog) add(attrs []slog.Attr) {
	if before := l.added.Load(); before != nil {
		attrs = slices.Concat(*before, attrs)
	} else {
		attrs = slices.Clone(attrs)
	}
	l.added.Store(&attrs)
}

// write writes one record. The route stands for the path: there are few routes,
// and any number of paths.
func (l *requestLog) write(level slog.Level, message string, attrs ...slog.Attr) {
	scope := l.request.Scope
	route := l.request.Matches.Route()
	if route == "" {
		route = scope.URL.Path
	}
	attrs = append([]slog.Attr{slog.String("method", scope.Method), slog.String("route", route)}, attrs...)
	if added := l.added.Load(); added != nil {
		attrs = append(attrs, *added...)
	}
	l.app.logger().LogAttrs(scope.Context(), level, "bare: "+message, attrs...) //nolint:sloglint // a constant at every call
}

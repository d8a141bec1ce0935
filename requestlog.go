package bare

import (
	"log/slog"
)

// A requestLog writes records about one request.
type requestLog struct {
	app     *Application
	request *HttpRequest
}

// write writes one record. The route stands for the path: there are few routes,
// and any number of paths.
func (l requestLog) write(level slog.Level, message string, attrs ...slog.Attr) {
	scope := l.request.Scope
	route := l.request.Matches.Route()
	if route == "" {
		route = scope.URL.Path
	}
	attrs = append([]slog.Attr{slog.String("method", scope.Method), slog.String("route", route)}, attrs...)
	l.app.logger().LogAttrs(scope.Context(), level, "bare: "+message, attrs...) //nolint:sloglint // a constant at every call
}

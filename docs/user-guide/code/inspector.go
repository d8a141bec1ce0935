package code

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/inspect"
)

func newInspected() *bare.Application {
	app := bare.NewApplication()
	app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		request.Locals["role"] = request.Scope.Header.Get("X-Role") // a stand-in for a login
		return handler(request)
	})
	// docs:start allow
	inspect.Inspector{
		Allow: func(request *bare.HttpRequest) bool {
			return inspect.Local(request) || request.Locals["role"] == "admin"
		},
	}.Serve(app, "/inspect")
	// docs:end allow
	return app
}

// docs:start describe
func follow(request *bare.HttpRequest, user string, queue <-chan []byte) bare.HttpResponse {
	request.Describe(func() []slog.Attr {
		return []slog.Attr{slog.String("user", user), slog.Int("waiting", len(queue))}
	})
	return bare.HttpResponse{Body: bare.ChannelWriter(request.Context(), queue)}
}

// docs:end describe

// docs:start blocked
var errBlocked = errors.New("blocked for a minute")

// endBlocked ends the streams of clients that have not read for a minute. Give it to app.Go.
func endBlocked(ctx context.Context, app *bare.Application) error {
	ticker := time.NewTicker(10 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for stream := range app.Streams() {
			if stream.Blocked >= time.Minute {
				app.CutStream(stream.ID, errBlocked)
			}
		}
	}
}

// docs:end blocked

// docs:start count
// figures are the responses of an application.
type figures struct {
	answered atomic.Int64 // responses whose head has left
	waited   atomic.Int64 // nanoseconds that their clients have waited for it
	open     atomic.Int64 // streams
}

func (f *figures) count(app *bare.Application) {
	app.OnStream(func(_ *bare.HttpRequest, head bare.Head) {
		f.answered.Add(1)
		f.waited.Add(int64(head.Duration))
		f.open.Add(1)
	})
	app.OnEnd(func(_ *bare.HttpRequest, end bare.End) {
		if end.Stream {
			f.open.Add(-1)
			return
		}
		f.answered.Add(1)
		f.waited.Add(int64(end.Duration))
	})
}

// docs:end count

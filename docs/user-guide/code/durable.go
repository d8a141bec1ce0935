package code

import (
	"context"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/durable"
	"github.com/bare-go/bare/eventlog"
)

// docs:start authorize

// ownStreams lets everybody read, and the users write below their own names.
func ownStreams(user func(*bare.HttpRequest) string) durable.Options {
	return durable.Options{
		Authorize: func(request *bare.HttpRequest, action durable.Action, stream string) error {
			name := user(request)
			switch {
			case action == durable.Read || name != "" && strings.HasPrefix(stream, name+"/"):
				return nil
			case name == "":
				return &bare.HttpError{Status: http.StatusUnauthorized}
			}
			return &bare.HttpError{Status: http.StatusForbidden, Message: "This stream is somebody else's."}
		},
	}
}

// docs:end authorize

// docs:start answer

// answer writes what a model generates to a stream. It goes on when all readers have
// left: whoever comes later has the whole answer.
func answer(ctx context.Context, streams *durable.Handler, name string, tokens iter.Seq[string]) error {
	if err := streams.Create(ctx, name, "text/plain; charset=utf-8"); err != nil {
		return err
	}
	for token := range tokens {
		if _, err := streams.Append(ctx, name, []byte(token)); err != nil {
			return err
		}
	}
	_, err := streams.Close(ctx, name, nil)
	return err
}

// docs:end answer

// docs:start limits

// modest keeps an hour of each stream, in at most 100 streams of 1 MiB.
func modest() durable.Options {
	return durable.Options{
		Logs:       eventlog.NewMemoryLogs(eventlog.MemoryOptions{Bytes: 1 << 20, Age: time.Hour}),
		MaxStreams: 100,
		MaxAppend:  64 << 10,
	}
}

// docs:end limits

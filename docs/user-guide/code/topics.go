package code

import (
	"context"
	"log/slog"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// docs:start lease
// A session is what a request is let in with.
type session struct {
	user    string
	expires time.Time
	revoked func(context.Context) error // nil as long as it is good
}

func newOrdersApp(orders *topic.Topic, authenticate func(*bare.HttpRequest) (session, error)) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/orders", func(request *bare.HttpRequest) bare.HttpResponse {
		s, err := authenticate(request)
		if err != nil {
			return bare.ErrorResponse(err) // before the stream begins
		}
		return orders.Serve(request, topic.Lease{Key: s.user, Expires: s.expires, Check: s.revoked})
	})
	return app
}

// docs:end lease

// docs:start hooks
func newOrders(logger *slog.Logger) *topic.Topic {
	return topic.New(topic.Options{
		StreamsPerKey: 5,
		Logger:        logger,
		OnEnd: func(end topic.End) {
			if end.Reason == topic.Slow || end.Reason == topic.Stalled {
				logger.Warn("a client cannot keep up", slog.String("user", end.Key), slog.Duration("after", end.Duration))
			}
		},
	})
}

// docs:end hooks

// docs:start drain
// handOver sends the clients of a server elsewhere, in the course of a minute. The load
// balancer must not send new ones here any more.
func handOver(ctx context.Context, orders *topic.Topic) error {
	return orders.Drain(ctx, time.Minute)
}

// docs:end drain

// docs:start log
func newOrdersOf(log eventlog.Log) *topic.Topic {
	return topic.New(topic.Options{Log: log})
}

// docs:end log

package prometheus_test

// docs:start registry
import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bare-go/bare"
	bareprometheus "github.com/bare-go/bare/ext/prometheus"
	"github.com/bare-go/bare/topic"
)

// measure shows what the application does, its topic, and the orders that it counts.
func measure(app *bare.Application, votes *topic.Topic, orders prometheus.Counter) {
	registry := prometheus.NewRegistry()
	metrics := bareprometheus.New(app, bareprometheus.Config{Registerer: registry})
	registry.MustRegister(orders, bareprometheus.NewTopicCollector("votes", votes))
	app.Mount("/metrics", metrics.Handler())
}

// docs:end registry

// docs:start admin
// showAt shows the metrics at an address of their own, as long as the application runs.
func showAt(addr string, app *bare.Application, metrics *bareprometheus.Metrics) {
	admin := bare.NewApplication()
	admin.Mount("/metrics", metrics.Handler())
	app.Go(func(ctx context.Context) error { return bare.Run(ctx, admin, addr) })
}

// docs:end admin

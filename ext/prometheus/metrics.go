package prometheus

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bare-go/bare"
)

// Metrics are what is measured of an application. They are made by [New], and safe for
// concurrent use.
type Metrics struct {
	registerer prometheus.Registerer
	err        error // why they are not registered

	requests    *prometheus.HistogramVec
	open        *prometheus.GaugeVec
	ended       *prometheus.CounterVec
	durations   *prometheus.HistogramVec
	firstChunks *prometheus.HistogramVec
	blocked     *prometheus.CounterVec

	// known are the histograms of requests that there are. A look-up by labels would
	// double what they cost a request. The map is replaced, never changed.
	known  atomic.Pointer[map[answer]prometheus.Observer]
	adding sync.Mutex
}

// New measures an application, from its first request on. It is called before the
// application serves, and panics when that serves already.
//
// A mistake in the config, or metrics of these names that are registered already, keep
// the application from starting. If nobody starts it, [Metrics.Handler] answers 500.
// To measure two applications of one process, give each a registerer of
// [prometheus.WrapRegistererWith].
func New(app *bare.Application, config Config) *Metrics {
	m := config.metrics()
	m.known.Store(&map[answer]prometheus.Observer{})
	m.err = config.check()
	if m.err == nil {
		m.err = m.register()
	}
	app.OnStartup(func(context.Context) error { return m.err })
	app.OnStream(m.streamBegan)
	app.OnEnd(m.responseEnded)
	return m
}

// Handler serves the metrics, and whatever else the registry has, in the format that
// Prometheus asks for. It compresses them. It panics when [Config].Registerer cannot be
// read: use [promhttp.HandlerFor] then, with the registry that is behind it.
//
// Whoever may ask for it learns your routes and your traffic: do not show it to the
// world.
func (m *Metrics) Handler() http.Handler {
	gatherer, ok := m.registerer.(prometheus.Gatherer)
	if !ok {
		panic("prometheus: Handler: the Registerer is no Gatherer") //nolint:forbidigo // a programmer's error, at registration
	}
	if m.err != nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "The metrics are not registered.", http.StatusInternalServerError)
		})
	}
	return promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{})
}

// streamBegan is told when the head of a stream has left.
func (m *Metrics) streamBegan(request *bare.HttpRequest, head bare.Head) {
	m.answered(request, head.Status, head.Duration)
	m.open.WithLabelValues(request.Matches.Route()).Inc()
}

// responseEnded is told of the end of every response.
func (m *Metrics) responseEnded(request *bare.HttpRequest, end bare.End) {
	if !end.Stream {
		m.answered(request, end.Status, end.Duration)
		return
	}
	route := request.Matches.Route()
	m.open.WithLabelValues(route).Dec()
	m.ended.WithLabelValues(route, end.Reason()).Inc()
	m.durations.WithLabelValues(route).Observe(end.Duration.Seconds())
	m.blocked.WithLabelValues(route).Add(end.Blocked.Seconds())
	if end.Chunks > 0 {
		m.firstChunks.WithLabelValues(route).Observe(end.FirstByte.Seconds())
	}
}

// register registers all metrics, or none.
func (m *Metrics) register() error {
	return m.registerer.Register(family{m.requests, m.open, m.ended, m.durations, m.firstChunks, m.blocked})
}

// A family is registered together.
type family []prometheus.Collector

func (f family) Describe(descriptions chan<- *prometheus.Desc) {
	for _, collector := range f {
		collector.Describe(descriptions)
	}
}

func (f family) Collect(metrics chan<- prometheus.Metric) {
	for _, collector := range f {
		collector.Collect(metrics)
	}
}

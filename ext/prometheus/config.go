package prometheus

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Config says where the metrics are registered, and how fine they are. The zero value
// is useful. It is copied by [New].
type Config struct {
	// Registerer is where the metrics are registered, such as a [prometheus.Registry] or
	// [prometheus.DefaultRegisterer]. nil means a new registry, with the metrics of Go's
	// runtime and of the process beside them.
	Registerer prometheus.Registerer

	// Buckets are the upper bounds, in seconds and ascending, of
	// bare_request_duration_seconds and bare_stream_first_chunk_seconds. nil means from a
	// millisecond to 10 seconds, three for each power of ten.
	Buckets []float64

	// StreamBuckets are those of bare_stream_duration_seconds. nil means from a second to
	// a day.
	StreamBuckets []float64

	// NativeHistograms adds native histograms, whose buckets are 10 % wide and need no
	// choice. A Prometheus that takes them gets them instead of the buckets above. Each
	// histogram has at most 160 of them. They cost each request a little more.
	NativeHistograms bool
}

// check returns all mistakes.
func (c Config) check() error {
	return errors.Join(
		ascending("Buckets", c.Buckets),
		ascending("StreamBuckets", c.StreamBuckets))
}

func ascending(name string, buckets []float64) error {
	for i := 1; i < len(buckets); i++ {
		if !(buckets[i-1] < buckets[i]) { // NaN is no bound either
			return fmt.Errorf("prometheus: %s: %v does not come before %v", name, buckets[i-1], buckets[i])
		}
	}
	return nil
}

// metrics makes the metrics, which are registered nowhere yet.
func (c Config) metrics() *Metrics {
	return &Metrics{
		registerer: c.registerer(),
		requests: c.histogram("request_duration_seconds",
			"Time from the request to the end of its response, or to the head of a stream.",
			c.buckets(), "method", "route", "status"),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: namespace, Name: "streams_open",
			Help: "Streams that are open.",
		}, []string{"route"}),
		ended: counter("streams_ended_total", "Streams that have ended.", "route", "reason"),
		durations: c.histogram("stream_duration_seconds",
			"Time from the request to the end of the stream.", c.streamBuckets(), "route"),
		firstChunks: c.histogram("stream_first_chunk_seconds",
			"Time from the request to the first chunk of the stream.", c.buckets(), "route"),
		blocked: counter("stream_blocked_seconds_total",
			"Time that writes of the streams that have ended were waiting for clients.", "route"),
	}
}

// namespace begins the names of all metrics.
const namespace = "bare"

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

func (c Config) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	options := prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}
	if c.NativeHistograms {
		options.NativeHistogramBucketFactor = 1.1
		// Without a limit a client could have them grow.
		options.NativeHistogramMaxBucketNumber = 160
		options.NativeHistogramMinResetDuration = time.Hour
	}
	return prometheus.NewHistogramVec(options, labels)
}

func (c Config) buckets() []float64 {
	if c.Buckets == nil {
		return []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	}
	return slices.Clone(c.Buckets)
}

func (c Config) streamBuckets() []float64 {
	if c.StreamBuckets == nil {
		return []float64{1, 5, 15, 60, 5 * 60, 15 * 60, 60 * 60, 4 * 60 * 60, 24 * 60 * 60}
	}
	return slices.Clone(c.StreamBuckets)
}

func (c Config) registerer() prometheus.Registerer {
	if c.Registerer != nil {
		return c.Registerer
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister( // nothing else is there yet
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

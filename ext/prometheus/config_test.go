package prometheus_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/ext/prometheus"
)

func TestBucketsAreThoseOfTheConfigAsItWas(t *testing.T) {
	requests := []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	for name, test := range map[string]struct {
		config            prometheus.Config
		requests, streams []float64
	}{
		"the zero value": {prometheus.Config{}, requests, []float64{1, 5, 15, 60, 300, 900, 3600, 14400, 86400}},
		"others":         {prometheus.Config{Buckets: []float64{1, 2}, StreamBuckets: []float64{60, 120}}, []float64{1, 2}, []float64{60, 120}},
		"none but the native ones": {
			prometheus.Config{Buckets: []float64{}, StreamBuckets: []float64{}, NativeHistograms: true}, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				registry := client.NewRegistry()
				test.config.Registerer = registry
				config := test.config
				config.Buckets, config.StreamBuckets = slices.Clone(config.Buckets), slices.Clone(config.StreamBuckets)
				server := baretest.NewServer(t, newApp(t, config))
				clear(config.Buckets) // too late
				clear(config.StreamBuckets)
				server.Get("/ticks/2").Rest()
				synctest.Wait()
				for name, want := range map[string][]float64{
					"bare_request_duration_seconds":   test.requests,
					"bare_stream_first_chunk_seconds": test.requests,
					"bare_stream_duration_seconds":    test.streams,
				} {
					histogram := gather(t, registry, name)[0].GetHistogram()
					if got := bounds(histogram); !slices.Equal(got, want) {
						t.Errorf("the buckets of %s are %v, want %v", name, got, want)
					}
					if native := len(histogram.GetPositiveSpan()) > 0; native != test.config.NativeHistograms {
						t.Errorf("%s is a native histogram: %v", name, native)
					}
				}
			})
		})
	}
}

// bounds are the upper ones, without the last.
func bounds(histogram *dto.Histogram) []float64 {
	var bounds []float64
	for _, bucket := range histogram.GetBucket() {
		if !math.IsInf(bucket.GetUpperBound(), 1) {
			bounds = append(bounds, bucket.GetUpperBound())
		}
	}
	return bounds
}

func TestClientsCannotHaveANativeHistogramGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := client.NewRegistry()
		app := bare.NewApplication()
		prometheus.New(app, prometheus.Config{Registerer: registry, NativeHistograms: true})
		wait := time.Duration(0)
		app.OnHttpRequest(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
			time.Sleep(wait)
			return bare.HttpResponse{}
		})
		requests := uint64(0)
		for wait = 1; wait < time.Minute; wait += wait/10 + 1 {
			app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
			requests++
		}
		histogram := gather(t, registry, "bare_request_duration_seconds")[0].GetHistogram()
		if n := len(histogram.GetPositiveDelta()); n > 160 || n < 80 || histogram.GetSampleCount() != requests {
			t.Errorf("%d requests are %d in %d buckets", requests, histogram.GetSampleCount(), n)
		}
	})
}

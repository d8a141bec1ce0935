package prometheus_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/ext/prometheus"
)

// BenchmarkRequest reports what a request costs without a connection, and what the
// metrics add to it.
func BenchmarkRequest(b *testing.B) {
	for name, measure := range map[string]func(app *bare.Application){
		"not measured": func(*bare.Application) {},
		"measured":     func(app *bare.Application) { prometheus.New(app, prometheus.Config{}) },
		"with native histograms": func(app *bare.Application) {
			prometheus.New(app, prometheus.Config{NativeHistograms: true})
		},
	} {
		b.Run(name, func(b *testing.B) {
			app := bare.NewApplication()
			app.OnHttpRequest(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })
			measure(app)
			request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			b.ReportAllocs()
			for b.Loop() {
				app.ServeHTTP(httptest.NewRecorder(), request)
			}
		})
	}
}

package prometheus_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	client "github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/ext/prometheus"
	"github.com/bare-go/bare/topic"
)

// eachProtocol runs a test over every protocol, in a bubble of fake time.
func eachProtocol(t *testing.T, test func(t *testing.T, protocol baretest.Protocol)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, protocol) })
		})
	}
}

// newApp is an application with one of everything that ends differently, measured.
func newApp(t *testing.T, config prometheus.Config) *bare.Application {
	t.Helper()
	app := bare.NewApplication()
	app.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	routes := map[string]bare.HttpHandler{
		"/hello/{name}": func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "Hello!\n") },
		"/panic":        func(*bare.HttpRequest) bare.HttpResponse { panic("oh dear") },
		"/slow": func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(2 * time.Second)
			return bare.TextResponse(201, "done\n")
		},
		"/ticks/{count:int}": func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(20 * time.Millisecond)
			return bare.HttpResponse{Body: ticks(request)}
		},
		"/silent": func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(func([]byte) bool) { request.Sleep(time.Minute) }}
		},
		"/broken": func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				_ = yield([]byte("half")) && request.Sleep(time.Second)
				return errors.New("the rest is lost")
			})}
		},
		"/cut": func(request *bare.HttpRequest) bare.HttpResponse {
			time.AfterFunc(5*time.Second, func() { request.Cut(errors.New("enough")) })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				_ = yield([]byte("1")) && request.Sleep(time.Hour)
			}}
		},
		"/flood": func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for request.Sleep(10*time.Millisecond) && yield(make([]byte, 32<<10)) {
				}
			}}
		},
	}
	for path, handler := range routes {
		app.HttpRouter.Add(bare.Methods{"GET", "POST"}, path, handler)
	}
	app.Mount("/metrics", prometheus.New(app, config).Handler())
	return app
}

// ticks yields a few times, after a second each.
func ticks(request *bare.HttpRequest) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for range request.Matches.Int("count") {
			if !request.Sleep(time.Second) || !yield([]byte("tick\n")) {
				return
			}
		}
	}
}

// scrape returns the lines that Prometheus gets of the metrics of bare, without the
// comments.
func scrape(t *testing.T, server *baretest.Server) map[string]string {
	t.Helper()
	stream := server.Get("/metrics")
	text := stream.Rest()
	if stream.Response.StatusCode != http.StatusOK {
		t.Fatalf("got %s: %s", stream.Response.Status, text)
	}
	values := map[string]string{}
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		// The value is behind the last space: patterns of routes may have some.
		if i := strings.LastIndexByte(lines.Text(), ' '); strings.HasPrefix(lines.Text(), "bare_") {
			values[lines.Text()[:i]] = lines.Text()[i+1:]
		}
	}
	return values
}

// wantValues fails the test unless the metrics have these values; "" means that there is
// no such metric.
func wantValues(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if t.Failed() {
		for name, value := range got {
			if !strings.Contains(name, "_bucket") || strings.Contains(name, "+Inf") {
				t.Logf("%s %s", name, value)
			}
		}
	}
}

// gather returns the metrics of a name.
func gather(t *testing.T, registry *client.Registry, name string) []*dto.Metric {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			if family.GetHelp() == "" {
				t.Errorf("%s has no help", name)
			}
			return family.GetMetric()
		}
	}
	return nil
}

func TestAClientCannotMakeUpLabels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp(t, prometheus.Config{}))
		for _, target := range []string{"GET /nowhere/1", "GET /nowhere/2", "BREW /nowhere", "BREW /hello/x", "TEA /hello/x", "get /hello/x"} {
			method, path, _ := strings.Cut(target, " ")
			request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			server.Do(request).Rest()
		}
		server.Get("/panic").Rest()
		got := scrape(t, server)
		wantValues(t, got, map[string]string{
			`bare_request_duration_seconds_count{method="GET",route="",status="404"}`:       "2",
			`bare_request_duration_seconds_count{method="_OTHER",route="",status="404"}`:    "1",
			`bare_request_duration_seconds_count{method="_OTHER",route="",status="405"}`:    "3",
			`bare_request_duration_seconds_count{method="GET",route="/panic",status="500"}`: "1",
		})
		for name := range got {
			if strings.Contains(name, "nowhere") || strings.Contains(name, "BREW") || strings.Contains(name, "metrics") {
				t.Errorf("%s is there", name)
			}
		}
	})
}

func TestTheMethodsOfHTTPAreKnownAndOthersAreOneWord(t *testing.T) {
	registry := client.NewRegistry()
	app := newApp(t, prometheus.Config{Registerer: registry})
	for method, want := range map[string]string{
		"GET": "GET", "HEAD": "HEAD", "POST": "POST", "PUT": "PUT", "PATCH": "PATCH", "DELETE": "DELETE",
		"CONNECT": "CONNECT", "OPTIONS": "OPTIONS", "TRACE": "TRACE", "PROPFIND": "_OTHER", "Get": "_OTHER",
	} {
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/"+method, http.NoBody))
		found := false
		for _, metric := range gather(t, registry, "bare_request_duration_seconds") {
			found = found || metric.GetLabel()[0].GetValue() == want
		}
		if !found {
			t.Errorf("%s is not %s", method, want)
		}
	}
}

func TestTheRegistryOfItsOwnHasTheRuntimeAndTheGlobalOneHasNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp(t, prometheus.Config{}))
		server.Get("/hello/fred").Rest()
		text := server.Get("/metrics").Rest()
		for _, name := range []string{"go_goroutines", "bare_request_duration_seconds_bucket"} {
			if !strings.Contains(text, "\n"+name) {
				t.Errorf("%s is not there", name)
			}
		}
		families, err := client.DefaultGatherer.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			if strings.HasPrefix(family.GetName(), "bare_") {
				t.Errorf("the global registry has %s", family.GetName())
			}
		}
	})
}

func TestAMistakeKeepsTheApplicationFromStarting(t *testing.T) {
	taken := client.NewRegistry()
	prometheus.New(bare.NewApplication(), prometheus.Config{Registerer: taken})
	for name, test := range map[string]struct {
		config prometheus.Config
		want   []string
	}{
		"buckets that do not ascend": {
			prometheus.Config{Buckets: []float64{1, 1}, StreamBuckets: []float64{5, 60, 15}},
			[]string{"prometheus: Buckets: 1 does not come before 1", "prometheus: StreamBuckets: 60 does not come before 15"},
		},
		"a registry that has them": {prometheus.Config{Registerer: taken}, []string{"duplicate metrics collector registration attempted"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(t, test.config)
			err := bare.Run(t.Context(), app, "127.0.0.1:0")
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("it ends with %v, want %q in it", err, want)
				}
			}
			recorder := httptest.NewRecorder()
			newApp(t, test.config).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
			if recorder.Code != http.StatusInternalServerError {
				t.Errorf("under a server that does not start it, the metrics are a %d", recorder.Code)
			}
		})
	}
}

func TestTwoApplicationsShareARegistryUnderALabel(t *testing.T) {
	registry := client.NewRegistry()
	for _, name := range []string{"shop", "admin"} {
		app := bare.NewApplication()
		prometheus.New(app, prometheus.Config{Registerer: client.WrapRegistererWith(client.Labels{"app": name}, registry)})
		if err := app.Startup(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARegistererThatCannotBeReadHasNoHandler(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it does not panic")
		}
	}()
	wrapped := client.WrapRegistererWithPrefix("x_", client.NewRegistry())
	prometheus.New(bare.NewApplication(), prometheus.Config{Registerer: wrapped}).Handler()
}

func TestARequestLikeOneBeforeItAllocatesNothing(t *testing.T) {
	allocations := func(measure func(app *bare.Application)) float64 {
		app := bare.NewApplication()
		app.OnHttpRequest(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })
		measure(app)
		request := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		return testing.AllocsPerRun(100, func() { app.ServeHTTP(httptest.NewRecorder(), request) })
	}
	without := allocations(func(*bare.Application) {})
	if with := allocations(func(app *bare.Application) { prometheus.New(app, prometheus.Config{}) }); with > without {
		t.Errorf("%v allocations, %v without the metrics", with, without)
	}
}

func TestRequestsAtOnceAreAllCounted(t *testing.T) {
	registry := client.NewRegistry()
	app := newApp(t, prometheus.Config{Registerer: registry})
	const requests = 200
	var clients sync.WaitGroup
	for i := range requests {
		clients.Go(func() {
			method := []string{"GET", "POST", "PUT"}[i%3]
			app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/hello/fred", http.NoBody))
		})
	}
	clients.Wait()
	total := uint64(0)
	for _, metric := range gather(t, registry, "bare_request_duration_seconds") {
		total += metric.GetHistogram().GetSampleCount()
	}
	if total != requests {
		t.Errorf("%d requests were counted, of %d", total, requests)
	}
}

func TestARegistryHasTheMetricsOfAProgramBesideThoseOfBare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		orders := client.NewCounter(client.CounterOpts{Name: "orders_total"})
		measure(app, topic.New(topic.Options{}), orders)
		orders.Inc()
		server := baretest.NewServer(t, app)
		server.Get("/nowhere").Rest()
		text := server.Get("/metrics").Rest()
		for _, line := range []string{"orders_total 1", `bare_topic_published_total{topic="votes"} 0`, `bare_request_duration_seconds_count{method="GET",route="",status="404"} 1`} {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("%s is not there", line)
			}
		}
	})
}

func TestTheMetricsMayHaveAnAddressOfTheirOwn(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	if err := listener.Close(); err != nil { // free, and likely to stay so
		t.Fatal(err)
	}
	app := bare.NewApplication()
	app.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	showAt(addr, app, prometheus.New(app, prometheus.Config{}))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- bare.Run(ctx, app, "127.0.0.1:0") }()
	for {
		response, err := http.Get("http://" + addr + "/metrics")
		if err != nil {
			runtime.Gosched() // it does not listen yet
			continue
		}
		text, err := io.ReadAll(response.Body)
		if err != nil || !strings.Contains(string(text), "\ngo_goroutines ") {
			t.Errorf("got %s (%v)", text, err)
		}
		_ = response.Body.Close()
		break
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

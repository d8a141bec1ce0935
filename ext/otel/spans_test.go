package otel_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/ext/otel"
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

// newApp is an application with one of everything that ends differently, inside otelhttp,
// and where the spans go.
func newApp(t *testing.T) (*bare.Application, *tracetest.InMemoryExporter) {
	t.Helper()
	app, exporter := newRoutes(t), tracetest.NewInMemoryExporter()
	app.Wrap(otelhttp.NewMiddleware("", otelhttp.WithTracerProvider(sdk.NewTracerProvider(sdk.WithSyncer(exporter)))))
	otel.Annotate(app)
	return app, exporter
}

func newRoutes(t *testing.T) *bare.Application {
	t.Helper()
	app := bare.NewApplication()
	app.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	for path, handler := range map[string]bare.HttpHandler{
		"/hello/{name}": func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "Hello!\n") },
		"/fails":        func(*bare.HttpRequest) bare.HttpResponse { return bare.ErrorResponse(io.EOF) },
		"/ticks/{count:int}": func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for range request.Matches.Int("count") {
					if !request.Sleep(time.Second) || !yield([]byte("tick\n")) {
						return
					}
				}
			}}
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
		"/aborted": func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				yield([]byte("1"))
				time.Sleep(time.Second)
				panic(http.ErrAbortHandler)
			}}
		},
		"/flood": func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for request.Sleep(10*time.Millisecond) && yield(make([]byte, 32<<10)) {
				}
			}}
		},
	} {
		app.HttpRouter.Add(bare.Methods{"GET", "PURGE"}, path, handler)
	}
	return app
}

// only returns the one span that has ended, and its attributes.
func only(t *testing.T, exporter *tracetest.InMemoryExporter) (tracetest.SpanStub, map[attribute.Key]attribute.Value) {
	t.Helper()
	synctest.Wait()
	spans := exporter.GetSpans()
	if len(spans) != 1 {
		t.Fatalf("%d spans have ended", len(spans))
	}
	attributes := map[attribute.Key]attribute.Value{}
	for _, a := range spans[0].Attributes {
		attributes[a.Key] = a.Value
	}
	return spans[0], attributes
}

// firstChunk is how long after the beginning of a span its first chunk came.
func firstChunk(span *tracetest.SpanStub) (after time.Duration, found bool) {
	for _, event := range span.Events {
		if event.Name == "first chunk" {
			return event.Time.Sub(span.StartTime), true
		}
	}
	return 0, false
}

func TestTheSpanOfAStreamEndsWithIt(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, exporter := newApp(t)
		stream := baretest.Config{Protocol: protocol}.NewServer(t, app).Get("/ticks/30")
		for left := 29; left >= 0; left-- {
			if got := stream.Next(); got != "tick\n" { // it was flushed through otelhttp
				t.Fatalf("got %q", got)
			}
			if n := len(exporter.GetSpans()); left > 0 && n != 0 {
				t.Fatalf("%d spans have ended before the stream", n)
			}
		}
		stream.Rest()
		span, attributes := only(t, exporter)
		if took := span.EndTime.Sub(span.StartTime); span.Name != "GET /ticks/{count:int}" || took != 30*time.Second {
			t.Errorf("the span %q took %v", span.Name, took)
		}
		if after, found := firstChunk(&span); !found || after != time.Second {
			t.Errorf("the first chunk came after %v (%v)", after, found)
		}
		for key, want := range map[attribute.Key]attribute.Value{
			"http.route":                attribute.StringValue("/ticks/{count:int}"),
			"http.response.status_code": attribute.IntValue(200),
			"bare.end":                  attribute.StringValue("complete"),
			"bare.stream":               attribute.BoolValue(true),
			"bare.chunks":               attribute.Int64Value(30),
		} {
			if attributes[key] != want {
				t.Errorf("%s is %v, want %v", key, attributes[key].String(), want.String())
			}
		}
		if _, blocked := attributes["bare.blocked"]; blocked || span.Status.Code != codes.Unset {
			t.Errorf("the status is %v, and the attributes %v", span.Status, attributes)
		}
	})
}

func TestEachEndShowsOnTheSpan(t *testing.T) {
	failed := func(description string) sdk.Status { return sdk.Status{Code: codes.Error, Description: description} }
	for name, test := range map[string]struct {
		path, reason string
		status       sdk.Status
		end          func(server *baretest.Server, stream *baretest.Stream)
	}{
		"a body that fails":  {"/broken", "failed", failed("the rest is lost"), nil},
		"a cut":              {"/cut", "cut", failed("enough"), nil},
		"a body that aborts": {"/aborted", "aborted", failed("net/http: abort Handler"), nil},
		"a client that stalls": {"/flood", "stalled", failed(bare.ErrStalled.Error()), func(*baretest.Server, *baretest.Stream) {
			time.Sleep(2 * time.Minute)
		}},
		"a client that leaves": {"/ticks/100", "client gone", sdk.Status{}, func(_ *baretest.Server, stream *baretest.Stream) { stream.Close() }},
		"a stop of the server": {"/ticks/100", "shutdown", sdk.Status{}, func(server *baretest.Server, _ *baretest.Stream) { _ = server.Stop() }},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, exporter := newApp(t)
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				stream := server.Get(test.path)
				stream.Next()
				if test.end == nil {
					stream.Rest()
				} else {
					test.end(server, stream)
				}
				time.Sleep(2 * time.Second) // it takes a body a second to see that its client has left
				span, attributes := only(t, exporter)
				if span.Status != test.status || attributes["bare.end"].AsString() != test.reason {
					t.Errorf("the status is %+v, and the end %q, want %+v and %q",
						span.Status, attributes["bare.end"].AsString(), test.status, test.reason)
				}
				wantType := ""
				if test.status.Code == codes.Error {
					wantType = test.reason
				}
				if got := attributes["error.type"].AsString(); got != wantType {
					t.Errorf("the type of the error is %q, want %q", got, wantType)
				}
				// What otelhttp does not say of a response that is cut.
				if !strings.HasPrefix(span.Name, "GET /") || attributes["http.response.status_code"].AsInt64() != 200 {
					t.Errorf("the span %q has %v", span.Name, attributes)
				}
				if blocked := attributes["bare.blocked"].AsFloat64(); (blocked > 10) != (test.reason == "stalled") {
					t.Errorf("the stream was blocked for %v s", blocked)
				}
			})
		})
	}
}

func TestResponsesThatAreNoStreamsAreNamedAndJudgedAsWell(t *testing.T) {
	for name, test := range map[string]struct {
		method, path, name string
		status             codes.Code
		chunks             bool
	}{
		"a greeting":          {"GET", "/hello/fred", "GET /hello/{name}", codes.Unset, true},
		"HEAD":                {"HEAD", "/hello/fred", "HEAD /hello/{name}", codes.Unset, false},
		"a method of its own": {"PURGE", "/hello/fred", "HTTP /hello/{name}", codes.Unset, true},
		"nothing there":       {"GET", "/nowhere/1", "GET", codes.Unset, true},
		"an error":            {"GET", "/fails", "GET /fails", codes.Error, true},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, exporter := newApp(t)
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL+test.path, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				server.Do(request).Rest()
				span, attributes := only(t, exporter)
				if span.Name != test.name || span.Status.Code != test.status {
					t.Errorf("the span %q has the status %v, want %q and %v", span.Name, span.Status, test.name, test.status)
				}
				if _, found := firstChunk(&span); found != test.chunks || attributes["bare.stream"].AsBool() {
					t.Errorf("the events are %v, and the attributes %v", span.Events, attributes)
				}
			})
		})
	}
}

func TestASpanOfTheBodyIsAChild(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, exporter := newApp(t)
		app.OnHttpRequest(bare.Methods{"POST"}, "/rows", func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				span := trace.SpanFromContext(request.Context())
				_, child := span.TracerProvider().Tracer("test").Start(request.Context(), "find")
				child.End()
				yield([]byte("row\n"))
			}}
		})
		baretest.Config{Protocol: protocol}.NewServer(t, app).Post("/rows", "", strings.NewReader("query")).Rest()
		synctest.Wait()
		spans := exporter.GetSpans()
		if len(spans) != 2 || spans[0].Parent.SpanID() != spans[1].SpanContext.SpanID() || spans[1].Name != "POST /rows" {
			t.Errorf("the spans are %+v", spans)
		}
	})
}

func TestARequestWithoutASpanIsServedAsEver(t *testing.T) {
	for name, wrap := range map[string]func(*bare.Application){
		"no otelhttp": func(*bare.Application) {},
		"not sampled": func(app *bare.Application) {
			never := sdk.NewTracerProvider(sdk.WithSampler(sdk.NeverSample()))
			app.Wrap(otelhttp.NewMiddleware("", otelhttp.WithTracerProvider(never)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app := newRoutes(t)
				wrap(app)
				otel.Annotate(app)
				if got := (baretest.Config{Protocol: protocol}).NewServer(t, app).Get("/ticks/2").Rest(); got != strings.Repeat("tick\n", 2) {
					t.Errorf("got %q", got)
				}
			})
		})
	}
}

func TestAConnectionCanBeTakenOverInsideOtelhttp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, exporter := newApp(t)
		app.Mount("/raw", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\nhello")
			_ = conn.Close()
		}))
		conn := baretest.NewServer(t, app).Dial()
		if _, err := io.WriteString(conn, "GET /raw HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(conn)
		if err != nil || !strings.HasSuffix(string(got), "\r\n\r\nhello") {
			t.Errorf("got %q (%v)", got, err)
		}
		only(t, exporter)
	})
}

// kept are spans that outlive their exporter.
type kept struct{ *tracetest.InMemoryExporter }

func (kept) Shutdown(context.Context) error { return nil }

func TestTheSpansOfStreamsThatAStopEndsAreSent(t *testing.T) {
	app, exporter := newRoutes(t), kept{tracetest.NewInMemoryExporter()}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter))
	app.Wrap(otelhttp.NewMiddleware("", otelhttp.WithTracerProvider(provider)))
	otel.Annotate(app)
	ctx, stop := context.WithCancel(t.Context())
	app.OnHttpRequest(bare.Methods{"GET"}, "/open", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: func(func([]byte) bool) {
			stop()
			<-request.Context().Done()
		}}
	})
	listening, ended := make(chan string, 1), make(chan error)
	server := bare.Server{Addr: "127.0.0.1:0", OnListen: func(addr net.Addr) { listening <- addr.String() }}
	go func() { ended <- serve(ctx, server, app, provider) }()
	response, err := http.Get("http://" + <-listening + "/open")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Error(err)
	}
	_ = response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if spans := exporter.GetSpans(); len(spans) != 1 || spans[0].Name != "GET /open" {
		t.Errorf("the spans are %+v", spans)
	}
}

// otelhttp is left by a panic then, and names nothing.
func TestAResponseThatIsAbortedIsNamedLikeOthers(t *testing.T) {
	for method, want := range map[string]string{
		"GET": "GET /", "HEAD": "HEAD /", "POST": "POST /", "PUT": "PUT /", "PATCH": "PATCH /", "DELETE": "DELETE /",
		"CONNECT": "CONNECT /", "OPTIONS": "OPTIONS /", "TRACE": "TRACE /", "PURGE": "HTTP /",
	} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, exporter := newApp(t)
				app.OnHttpRequest(bare.Methods{method}, "/", func(*bare.HttpRequest) bare.HttpResponse { panic(http.ErrAbortHandler) })
				func() {
					defer func() { _ = recover() }() // net/http does so
					app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/", http.NoBody))
				}()
				span, attributes := only(t, exporter)
				if span.Name != want || attributes["bare.end"].AsString() != "aborted" {
					t.Errorf("the span %q has %v, want %q", span.Name, attributes, want)
				}
				if status, found := attributes["http.response.status_code"]; found {
					t.Errorf("nothing was sent, and the status is %v", status.AsInt64())
				}
			})
		})
	}
}

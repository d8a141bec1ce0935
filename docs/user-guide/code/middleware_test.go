package code

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

func TestWhatAHandlerLogsHasTheIdentifier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(middleware.LogHandler(slog.NewTextHandler(&log, nil)))
		app := bare.NewApplication()
		access := newAccessLog(logger)
		app.Middlewares = append(app.Middlewares, middleware.RequestID{New: func() string { return "id-1" }}.Middleware(), access)
		app.HttpRouter.Add(bare.Methods{"POST"}, "/orders", placeOrder(logger))
		server := baretest.NewServer(t, app)
		if text := server.Post("/orders", "", nil).Rest(); text != "Ask for id-1.\n" {
			t.Errorf("the response is %q", text)
		}
		server.Get("/ready").Rest() // skipped
		synctest.Wait()
		got := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(got) != 2 || !strings.HasSuffix(got[0], `msg="the order was placed" request_id=id-1`) ||
			!strings.Contains(got[1], "request_id=id-1") || !strings.HasSuffix(got[1], "user=<nil>") {
			t.Errorf("logged\n%s", log.String())
		}
	})
}

// The guide shows what this run logs.
func TestAStreamIsInTheAccessLogTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, attr slog.Attr) slog.Attr {
			switch {
			case attr.Key == slog.TimeKey:
				return slog.Attr{}
			case attr.Value.Kind() == slog.KindDuration:
				return slog.Duration(attr.Key, attr.Value.Duration().Round(time.Millisecond))
			}
			return attr
		}}))
		app := bare.NewApplication()
		app.Middlewares = append(app.Middlewares,
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				request.Scope.RemoteAddr = "192.0.2.7:4711" // a network in memory has no addresses
				return handler(request)
			},
			middleware.RequestID{New: func() string { return "H4FJ2KQ7" }}.Middleware(),
			middleware.AccessLog{Logger: logger}.Middleware())
		app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks/{n:int}", func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for range request.Matches.Int("n") {
					if !request.Sleep(time.Second) || !yield([]byte("tick\n")) {
						return
					}
				}
			}}
		})
		server := baretest.NewServer(t, app)
		server.Get("/ticks/3").Rest()
		synctest.Wait()
		stream := server.Get("/ticks/3600")
		for range 60 {
			stream.Line()
		}
		stream.Close()
		synctest.Wait()
		want, err := os.ReadFile("access.log.txt")
		if err != nil {
			t.Fatal(err)
		}
		if log.String() != string(want) {
			t.Errorf("logged\n%s\nthe guide shows\n%s", log.String(), want)
		}
	})
}

func TestOnlyTheProxiesAreBelieved(t *testing.T) {
	t.Parallel()
	handler := bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, request.URL().String())
	}, newProxies())
	for peer, want := range map[string]string{"10.0.0.1:1": "https://shop.example/", "192.0.2.7:1": "http://inner.example/"} {
		request := baretest.NewRequest("GET", "http://inner.example/", nil)
		request.Scope.RemoteAddr = peer
		request.Scope.Header.Set("X-Forwarded-Proto", "https")
		request.Scope.Header.Set("X-Forwarded-Host", "shop.example")
		if got := baretest.Chunks(handler(request).Body, -1); len(got) != 1 || got[0] != want {
			t.Errorf("from %s the address is %q, want %q", peer, got, want)
		}
	}
}

func TestUsersAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newLimits())
		for n := range 11 {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/me", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Authorization", "Bearer 7")
			want := http.StatusOK
			if n == 10 {
				want = http.StatusTooManyRequests
			}
			if got := server.Do(request).Response; got.StatusCode != want || got.Header.Get("RateLimit") == "" {
				t.Errorf("request %d: got %d, want %d and the header", n, got.StatusCode, want)
			}
		}
	})
}

func TestUploadsHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		whole := func(request *bare.HttpRequest) bare.HttpResponse {
			if _, err := request.Bytes(); err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.HttpResponse{}
		}
		server := baretest.NewServer(t, newUploads(whole, whole))
		for path, want := range map[string]int{"/films/7": 200, "/avatar": 413} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+path, strings.NewReader(strings.Repeat("x", 2<<20)))
			if err != nil {
				t.Fatal(err)
			}
			if got := server.Do(request).Response.StatusCode; got != want {
				t.Errorf("2 MiB to %s: got %d, want %d", path, got, want)
			}
		}
	})
}

func TestAReportMayTakeLongerThanItsQuery(t *testing.T) {
	t.Parallel()
	tests := []struct {
		query  time.Duration
		status int
		text   string
		took   time.Duration
	}{
		{time.Second, 200, "row 1\nrow 2\nrow 3\n", 31 * time.Second},
		{time.Minute, 503, "Service Unavailable", 5 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.query.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				db := sql.OpenDB(slowDB{query: test.query})
				t.Cleanup(func() { _ = db.Close() })
				app := bare.NewApplication()
				app.Logger = slog.New(slog.DiscardHandler)
				app.HttpRouter.Add(bare.Methods{"GET"}, "/report", report(db))
				began := time.Now()
				stream := baretest.NewServer(t, app).Get("/report")
				text := stream.Rest()
				took := time.Since(began).Round(time.Second)
				if stream.Response.StatusCode != test.status || text != test.text || took != test.took || stream.Err() != nil {
					t.Errorf("got %d and %q after %v (%v), want %+v", stream.Response.StatusCode, text, took, stream.Err(), test)
				}
			})
		})
	}
}

func TestTheBalancerIsToldInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(slowDB{})
		t.Cleanup(func() { _ = db.Close() })
		app := bare.NewApplication()
		server := baretest.Config{Server: behindABalancer(app, db)}.NewServer(t, app)
		if got := server.Get("/ready").Response.StatusCode; got != 200 {
			t.Errorf("got %d, want 200", got)
		}
		stopped := make(chan error, 1)
		go func() { stopped <- server.Stop() }()
		for range 3 { // at 0, 5 and 10 s
			synctest.Wait()
			if got := server.Get("/ready").Response.StatusCode; got != 503 {
				t.Errorf("got %d, want 503", got)
			}
			time.Sleep(5*time.Second - time.Millisecond)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

// slowDB is a database whose query takes its time, and whose three rows take ten
// seconds each.
type slowDB struct{ query time.Duration }

func (d slowDB) Connect(context.Context) (driver.Conn, error) { return d, nil }
func (d slowDB) Driver() driver.Driver                        { return nil }
func (d slowDB) Prepare(string) (driver.Stmt, error)          { return nil, driver.ErrSkip }
func (d slowDB) Begin() (driver.Tx, error)                    { return nil, driver.ErrSkip }
func (d slowDB) Close() error                                 { return nil }

func (d slowDB) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	select {
	case <-time.After(d.query):
		return new(slowRows), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type slowRows struct{ n int }

func (*slowRows) Columns() []string { return []string{"line"} }
func (*slowRows) Close() error      { return nil }

func (r *slowRows) Next(row []driver.Value) error {
	if r.n == 3 {
		return io.EOF
	}
	time.Sleep(10 * time.Second)
	r.n++
	row[0] = fmt.Appendf(nil, "row %d\n", r.n)
	return nil
}

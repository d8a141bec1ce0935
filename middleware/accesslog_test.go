package middleware_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

// logged is an application inside an access log and what that says.
func logged(config middleware.AccessLog, outer ...bare.HttpMiddleware) (*bare.Application, *log) {
	own, written := new(log), new(log)
	config.Logger = slog.New(written.handler())
	app := newApp(own, append(outer, config.Middleware())...)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/empty", func(*bare.HttpRequest) bare.HttpResponse { return bare.HttpResponse{} })
	app.HttpRouter.Add(bare.Methods{"GET"}, "/cut", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			yield([]byte("half\n"))
			request.Sleep(time.Second)
			return errors.New("the rest is lost")
		})}
	})
	return app, written
}

func TestEachResponseIsLoggedAtItsEndAndAStreamAtItsHead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path string
		want               []string
	}{
		{"a small response", "GET", "/hello?secret=1", []string{
			`level=INFO msg="response ended" method=GET route=/hello path=/hello protocol=PROTO client=in.memory:80 status=200 bytes=14 first_byte=0s duration=0s`,
		}},
		{"a stream", "GET", "/ticks/3", []string{
			`level=INFO msg="stream began" method=GET route=/ticks/{n:int} path=/ticks/3 protocol=PROTO client=in.memory:80 status=200`,
			`level=INFO msg="response ended" method=GET route=/ticks/{n:int} path=/ticks/3 protocol=PROTO client=in.memory:80 status=200 bytes=6 first_byte=1s duration=3s`,
		}},
		{"the head of a stream alone", "HEAD", "/ticks/3", []string{
			`level=INFO msg="response ended" method=HEAD route=/ticks/{n:int} path=/ticks/3 protocol=PROTO client=in.memory:80 status=200 bytes=0 first_byte=0s duration=0s`,
		}},
		{"a response without a body", "GET", "/empty", []string{
			`level=INFO msg="response ended" method=GET route=/empty path=/empty protocol=PROTO client=in.memory:80 status=200 bytes=0 first_byte=0s duration=0s`,
		}},
		{"a path that is not there", "GET", "/nowhere", []string{
			`level=INFO msg="response ended" method=GET path=/nowhere protocol=PROTO client=in.memory:80 status=404 bytes=9 first_byte=0s duration=0s`,
		}},
		{"a body that fails", "GET", "/cut", []string{
			`level=INFO msg="stream began" method=GET route=/cut path=/cut protocol=PROTO client=in.memory:80 status=200`,
			`level=INFO msg="response ended" method=GET route=/cut path=/cut protocol=PROTO client=in.memory:80 status=200 bytes=5 first_byte=0s duration=1.1s error="the rest is lost"`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := logged(middleware.AccessLog{})
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				stream := do(t, server, test.method, test.path)
				stream.Rest()
				var want []string
				for _, line := range test.want {
					want = append(want, strings.Replace(line, "PROTO", stream.Response.Proto, 1))
				}
				if got := log.lines(); !slices.Equal(got, want) {
					t.Errorf("logged\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			})
		})
	}
}

// Somebody who watches the log must see that a stream is open.
func TestAStreamIsLoggedBeforeItEndsAndWhenItsClientLeaves(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := logged(middleware.AccessLog{})
		stream := baretest.Config{Protocol: protocol}.NewServer(t, app).Get("/ticks/1000")
		stream.Line()
		if got := log.lines(); len(got) != 1 || !strings.Contains(got[0], `msg="stream began"`) {
			t.Errorf("logged %q, want its beginning", got)
		}
		stream.Close()
		got := log.lines()
		if len(got) != 2 || !strings.HasSuffix(got[1], `error="bare: the client is gone"`) {
			t.Errorf("logged %q, want its end, too", got)
		}
	})
}

func TestTheRecordsHaveTheIdentifierTheClientAndWhatTheProgramAdds(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := logged(middleware.AccessLog{
			Level: slog.LevelWarn,
			Attrs: func(request *bare.HttpRequest) []slog.Attr {
				return []slog.Attr{slog.Any("user", request.Locals["user"])}
			},
		}, middleware.Proxies{}.Middleware(), middleware.RequestID{New: func() string { return "id-1" }}.Middleware())
		app.HttpRouter.Add(bare.Methods{"GET"}, "/me", func(request *bare.HttpRequest) bare.HttpResponse {
			request.Locals["user"] = "ada"
			return bare.HttpResponse{Status: 204}
		})
		server := baretest.Config{Protocol: protocol}.NewServer(t, from(app))
		stream := do(t, server, "GET", "/me", "X-Peer", "[::1]:5", "X-Forwarded-For", "192.0.2.7")
		want := `level=WARN msg="response ended" method=GET route=/me path=/me protocol=` + stream.Response.Proto +
			` client=192.0.2.7 request_id=id-1 status=204 bytes=0 first_byte=0s duration=0s user=ada`
		if got := log.lines(); !slices.Equal(got, []string{want}) {
			t.Errorf("logged\n%q\nwant\n%q", got, want)
		}
	})
}

func TestWhatIsSkippedIsNotLogged(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := logged(middleware.AccessLog{Skip: func(request *bare.HttpRequest) bool { return request.Matches.Route() == "/hello" }})
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		server.Get("/hello").Rest()
		if got := log.lines(); got != nil {
			t.Errorf("logged %q, want nothing", got)
		}
		server.Get("/empty").Rest()
		if got := log.lines(); len(got) != 1 {
			t.Errorf("logged %q, want what is not skipped", got)
		}
	})
}

func TestWhatAClientChoosesIsCut(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := logged(middleware.AccessLog{})
		path := "/" + strings.Repeat("é", 1000)
		do(t, baretest.Config{Protocol: protocol}.NewServer(t, app), strings.Repeat("M", 1000), path).Rest()
		lines := log.lines()
		if len(lines) != 1 || len(lines[0]) > 1000 {
			t.Fatalf("logged %q, want one record of less than 1000 bytes", lines)
		}
		if want := "path=/" + strings.Repeat("é", 127) + "… "; !strings.Contains(lines[0], want) {
			t.Errorf("logged %q, want %q in it", lines[0], want)
		}
	})
}

func TestALineBreakInAPathMakesNoRecord(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := logged(middleware.AccessLog{})
		do(t, baretest.Config{Protocol: protocol}.NewServer(t, app), "GET", "/a%0Alevel=ERROR").Rest()
		if got := log.lines(); len(got) != 1 {
			t.Errorf("logged %q, want one line", got)
		}
	})
}

package bare_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAContradictoryConfigurationNamesEveryFault(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := bare.Server{Addr: "x", Listener: listener, CertFile: "c", TLSConfig: new(tls.Config)}
	err = server.Run(t.Context(), bare.NewApplication())
	if err == nil || !strings.Contains(err.Error(), "go together") || !strings.Contains(err.Error(), "exclude each other") {
		t.Errorf("the error is %v", err)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener was not closed: %v", err)
	}
}

func TestAnApplicationRunsOnceAtATimeAndAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("x")) && request.Sleep(time.Hour)
		})
		for range 3 {
			server := baretest.NewServer(t, app)
			stream := server.Get("/")
			if got := stream.Next(); got != "x" {
				t.Errorf("got %q", got)
			}
			if err := bare.Run(t.Context(), app, "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "running already") {
				t.Errorf("a second Run returned %v", err)
			}
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestMaxConnectionsKeepsFurtherOnesWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("x")) && request.Sleep(time.Hour)
		})
		server := baretest.Config{Server: bare.Server{MaxConnections: 2}}.NewServer(t, app)
		first := server.Get("/")
		server.Get("/")
		came := make(chan *baretest.Stream)
		go func() { came <- server.Get("/") }()
		time.Sleep(time.Minute)
		select {
		case <-came:
			t.Error("a third connection was served")
		default:
		}
		first.Close()
		(<-came).Close()
	})
}

func TestBackgroundTasksEndWithTheApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, log := newApp(empty)
		causes := make(chan error, 2)
		wait := func(ctx context.Context) error {
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return ctx.Err()
		}
		app.Go(wait)
		app.Go(func(context.Context) error { return errors.New("a fault") })
		server := baretest.NewServer(t, app)
		app.Go(wait)
		app.Go(func(context.Context) error { panic("a worse fault") })
		synctest.Wait()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		for range 2 {
			if cause := <-causes; !errors.Is(cause, bare.ErrShutdown) {
				t.Errorf("a task was ended by %v", cause)
			}
		}
		if got := strings.Join(log.above(), "\n"); !strings.Contains(got, "a fault") || !strings.Contains(got, "a worse fault") || len(log.above()) != 2 {
			t.Errorf("logged %q", got)
		}
	})
}

func TestATaskThatDoesNotEndIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, _ := newApp(empty)
		app.Go(func(context.Context) error { time.Sleep(time.Minute); return nil })
		server := baretest.NewServer(t, app)
		start := time.Now()
		if err := server.Stop(); err == nil || time.Since(start) != bare.DefaultGrace {
			t.Errorf("after %v the stop returned %v", time.Since(start), err)
		}
		time.Sleep(time.Minute)
	})
}

func TestAStalledClientOfAForeignServerIsCutOff(t *testing.T) {
	t.Parallel()
	ended := make(chan bare.End, 1)
	app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
		request.OnEnd(func(e bare.End) { ended <- e })
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			for chunk := make([]byte, 64<<10); yield(chunk); {
			}
		}}
	})
	app.StallTimeout = 400 * time.Millisecond
	server := httptest.NewServer(app)
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if end := <-ended; !errors.Is(end.Err, bare.ErrStalled) {
		t.Errorf("OnEnd was told %+v", end)
	}
}

func TestAMountedFileServerSendsWholeFilesAndRanges(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file.bin"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	app, _ := newApp(empty)
	app.Mount("/files/", http.StripPrefix("/files/", http.FileServer(http.Dir(folder))))
	ctx, cancel := context.WithCancel(t.Context())
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	server := bare.Server{Addr: "127.0.0.1:0", OnListen: func(addr net.Addr) { listening <- addr }}
	go func() { ended <- server.Run(ctx, app) }()
	url := "http://" + (<-listening).String() + "/files/file.bin"
	for header, want := range map[string][]byte{"": content, "bytes=100-99999": content[100:100_000]} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Range", header)
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("range %q: got %d bytes (%v), want %d", header, len(got), err, len(want))
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// pusher is a ResponseWriter that pushes, as net/http's is over HTTP/2.
type pusher struct {
	*httptest.ResponseRecorder

	pushed []string
}

func (p *pusher) Push(path string, options *http.PushOptions) error {
	p.pushed = append(p.pushed, path+" "+options.Header.Get("Accept"))
	return nil
}

func TestPushesArePromisedWhereTheyAreSupported(t *testing.T) {
	t.Parallel()
	app, _ := respond(bare.HttpResponse{
		Body:   bare.TextWriter("page"),
		Pushes: []bare.PushResponse{{Path: "/style.css", Headers: bare.Headers("accept", "text/css")}},
	})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	w := &pusher{ResponseRecorder: httptest.NewRecorder()}
	app.ServeHTTP(w, request)
	if got := strings.Join(w.pushed, "|"); got != "/style.css text/css" {
		t.Errorf("pushed %q", got)
	}
	plain := httptest.NewRecorder()
	if app.ServeHTTP(plain, request); plain.Body.String() != "page" {
		t.Errorf("without push: got %q", plain.Body)
	}
}

func TestBodiesThatFailAreCutAndLogged(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := []struct {
		name string
		body func(request *bare.HttpRequest, ctx context.Context) func(func([]byte) bool)
	}{
		{"a reader that fails", func(_ *bare.HttpRequest, ctx context.Context) func(func([]byte) bool) {
			return bare.ReaderWriter(ctx, io.MultiReader(strings.NewReader("half"), &failing{broken}))
		}},
		{"a reader whose context ends", func(_ *bare.HttpRequest, ctx context.Context) func(func([]byte) bool) {
			reader, writer := io.Pipe()
			go func() { _, _ = io.WriteString(writer, "half") }()
			return bare.ReaderWriter(ctx, reader)
		}},
		{"a channel whose context ends", func(_ *bare.HttpRequest, ctx context.Context) func(func([]byte) bool) {
			channel := make(chan []byte, 1)
			channel <- []byte("half")
			return bare.ChannelWriter(ctx, channel)
		}},
		{"a value that is no JSON", func(*bare.HttpRequest, context.Context) func(func([]byte) bool) {
			return bare.JSONLinesWriter(func(yield func(any) bool) {
				_ = yield("half") && yield(func() {})
			})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					ctx, cancel := context.WithTimeout(request.Context(), time.Minute)
					request.OnEnd(func(bare.End) { cancel() })
					return bare.HttpResponse{Body: test.body(request, ctx)}
				})
				stream := serve(t, protocol, app).Get("/")
				if got := strings.Trim(stream.Rest(), "\"\n"); got != "half" || stream.Err() == nil {
					t.Errorf("got %q (%v), want half of it", got, stream.Err())
				}
				// Not even the end of a context that is the body's own business is excused.
				wantLogged(t, log, "ERROR bare: the body failed")
			})
		})
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

func TestAnErrorChoosesItsResponseWithBothMethods(t *testing.T) {
	t.Parallel()
	cause := errors.New("the cause")
	err := &bare.HttpError{Status: 404, Message: "No such order.", Err: cause}
	if !errors.Is(err, cause) || err.Error() != "bare: No such order.: the cause" {
		t.Errorf("the error is %v", err)
	}
	if zero := new(bare.HttpError); zero.StatusCode() != 500 || zero.SafeMessage() != "Internal Server Error" {
		t.Errorf("the zero value is %d %q", zero.StatusCode(), zero.SafeMessage())
	}
	for name, test := range map[string]struct {
		err    error
		status int
		text   string
	}{
		"wrapped":               {errors.Join(errors.New("around"), err), 404, "No such order."},
		"only a status":         {upstreamError{}, 500, "Internal Server Error"},
		"nil":                   {nil, 500, "Internal Server Error"},
		"a status of success":   {&bare.HttpError{Status: 200, Message: "fine"}, 500, "Internal Server Error"},
		"a body over its limit": {&bare.HttpError{Status: 413, Err: bare.ErrBodyTooLarge}, 413, "Request Entity Too Large"},
	} {
		response := bare.ErrorResponse(test.err)
		if got := strings.Join(baretest.Chunks(response.Body, -1), ""); response.Status != test.status || got != test.text {
			t.Errorf("%s: got %d %q, want %d %q", name, response.Status, got, test.status, test.text)
		}
	}
}

// upstreamError has a status, and a text that is not for our clients.
type upstreamError struct{}

func (upstreamError) Error() string   { return "the upstream's secret" }
func (upstreamError) StatusCode() int { return 403 }

func TestInfoIsSharedAndSafe(t *testing.T) {
	t.Parallel()
	info := new(bare.Info)
	done := make(chan bool)
	for i := range 4 {
		go func() {
			info.Set("key", i)
			_ = info.Get("key")
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	info.Set("name", "Michael Caine")
	info.Delete("key")
	count := 0
	for key, value := range info.All() {
		count++
		if key != "name" || value != "Michael Caine" {
			t.Errorf("%q is %v", key, value)
		}
	}
	if _, ok := info.Lookup("key"); ok || count != 1 || (*bare.Info)(nil).Get("x") != nil {
		t.Error("there is something that was deleted or never set")
	}
}

package code

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// docs:start testhandler
func TestTheNameIsShown(t *testing.T) {
	request := baretest.NewRequest("GET", "/name", nil)
	request.Info.Set("name", "Ada Lovelace")
	response := showName(request)
	got := baretest.Chunks(response.Body, -1)
	if want := "My name is Ada Lovelace.\n"; strings.Join(got, "") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// docs:end testhandler

// docs:start testserver
func TestMembersAreLetIn(t *testing.T) {
	tests := []struct {
		name, path, authorization string
		status                    int
		text                      string
	}{
		{"anybody sees the greeting", "/", "", 200, "Hello, World!\n"},
		{"a member is greeted by name", "/members", "Bearer 1", 200, "Hello, Ada.\n"},
		{"a stranger is asked who it is", "/members", "Bearer 2", 401, "Who are you?\n"},
		{"a path that is not there", "/nowhere", "", 404, "Not Found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodGet, test.path, nil)
			request.Header.Set("authorization", test.authorization)
			recorder := httptest.NewRecorder()
			newMembersApp(map[string]string{"Bearer 1": "Ada"}).ServeHTTP(recorder, request)
			if got := recorder.Body.String(); recorder.Code != test.status || got != test.text {
				t.Errorf("got %d %q, want %d %q", recorder.Code, got, test.status, test.text)
			}
			if got := recorder.Header().Get("cache-control"); got != "no-store" {
				t.Errorf("cache-control %q, want no-store", got)
			}
		})
	}
}

// docs:end testserver

func get(app http.Handler, target string) (status int, body string) {
	recorder := httptest.NewRecorder()
	app.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, target, nil))
	return recorder.Code, recorder.Body.String()
}

func TestApplicationsAnswerAsTheGuideSays(t *testing.T) {
	stock := func(item string) error {
		switch item {
		case "tea":
			return nil
		case "milk":
			return errNoStock
		default:
			return errors.New("secret: the store is on fire")
		}
	}
	quiet := func(handler bare.HttpHandler) *bare.Application {
		app := newLoggedApp(slog.DiscardHandler)
		app.HttpRouter.Add(bare.Methods{"GET"}, "/", handler)
		return app
	}
	overQuota := quiet(func(*bare.HttpRequest) bare.HttpResponse { return bare.ErrorResponse(&quotaError{time.Hour}) })
	ownForms := bare.NewApplication()
	ownForms.OnError = showError
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) })
	tests := []struct {
		name   string
		app    http.Handler
		target string
		status int
		text   string
	}{
		{"a value from Info", newShop(), "/name", 200, "My name is Michael Caine.\n"},
		{"a value from a receiver", newShopOf(&shop{"Ada"}), "/name", 200, "My name is Ada.\n"},
		{"a success", quiet(buy(stock)), "/?item=tea", 200, "It is yours.\n"},
		{"an error for the client", quiet(buy(stock)), "/?item=milk", 409, "That is sold out."},
		{"an error for the log", quiet(buy(stock)), "/?item=fire", 500, "Internal Server Error"},
		{"an error that chooses", overQuota, "/", 429, "Too much at once. Try again later."},
		{"an error of an API", newAppWithErrors(), "/api/nowhere", 404, `{"title":"Not Found","status":404}` + "\n"},
		{"an error of a form of one's own", ownForms, "/nowhere", 404, `{"message":"Not Found","more":null}` + "\n"},
		{"an error of a page", newAppWithErrors(), "/nowhere", 404, "Not Found"},
		{"a form that is wrong", quiet(register), "/", 422, "Some fields are wrong."},
		{"a form that is right", quiet(register), "/?email=a@b", 201, "Welcome!\n"},
		{"a page for what is not there", newAppWithPage(), "/nowhere", 404, "<h1>There is no such page</h1>"},
		{"a handler of net/http", newAppWithHandler(metrics), "/metrics", 200, "up 1\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if status, got := get(test.app, test.target); status != test.status || got != test.text {
				t.Errorf("got %d %q, want %d %q", status, got, test.status, test.text)
			}
		})
	}
}

func TestASessionIsKnownByItsCookie(t *testing.T) {
	app := newSessionsApp()
	ask := func(method, target, body string, cookies []*http.Cookie) *http.Response {
		request := httptest.NewRequest(method, target, strings.NewReader(body))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, cookie := range cookies {
			request.AddCookie(cookie)
		}
		recorder := httptest.NewRecorder()
		app.ServeHTTP(recorder, request)
		return recorder.Result()
	}
	stranger := []*http.Cookie{{Name: "session", Value: "guessed"}}
	if got := ask(http.MethodGet, "/members", "", nil).StatusCode; got != http.StatusForbidden {
		t.Errorf("without a cookie: %d", got)
	}
	if got := ask(http.MethodGet, "/members", "", stranger).StatusCode; got != http.StatusForbidden {
		t.Errorf("with a cookie that was guessed: %d", got)
	}
	signedIn := ask(http.MethodPost, "/sign-in", "user=Ada", nil)
	if signedIn.StatusCode != http.StatusSeeOther || signedIn.Header.Get("Location") != "/members" {
		t.Errorf("signing in: %d", signedIn.StatusCode)
	}
	text, err := io.ReadAll(ask(http.MethodGet, "/members", "", signedIn.Cookies()).Body)
	if err != nil || string(text) != "Hello, Ada.\n" {
		t.Errorf("signed in: %q (%v)", text, err)
	}
}

func TestFilesAreMounted(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "a.txt"), []byte("a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	app := newAppWithFiles(root)
	if status, got := get(app, "/static/a.txt"); status != 200 || got != "a file\n" {
		t.Errorf("got %d %q", status, got)
	}
	if status, _ := get(app, "/statics"); status != 404 {
		t.Errorf("a path beside the prefix: status %d, want 404", status)
	}
}

// fakeStore notes what is done to it.
type fakeStore struct {
	mutex sync.Mutex
	calls []string
	fail  error
}

func (s *fakeStore) note(call string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.calls = append(s.calls, call)
	return s.fail
}

func (s *fakeStore) Open(context.Context) error    { return s.note("open") }
func (s *fakeStore) Close(context.Context) error   { return s.note("close") }
func (s *fakeStore) Refresh(context.Context) error { return s.note("refresh") }

func TestALifespanRunsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := new(fakeStore)
		server := baretest.NewServer(t, newAppWithStore(data))
		time.Sleep(90 * time.Second)
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if got, want := strings.Join(data.calls, ", "), "open, refresh, close"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestALongPollEndsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		news := make(chan string)
		server := baretest.NewServer(t, newNewsApp(news))
		go func() { news <- "There is tea.\n" }()
		if got := server.Get("/news").Rest(); got != "There is tea.\n" {
			t.Errorf("got %q", got)
		}
		status := make(chan int)
		go func() { status <- server.Get("/news").Response.StatusCode }()
		time.Sleep(time.Hour)
		begin := time.Now()
		go func() {
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
		}()
		if got := <-status; got != 204 || time.Since(begin) > time.Second {
			t.Errorf("after %v of the stop the status is %d", time.Since(begin), got)
		}
	})
}

func TestATaskMayBeginWithTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		data := new(fakeStore)
		server := baretest.NewServer(t, newAppWithWarmStore(data))
		if got := strings.Join(data.calls, ", "); got != "refresh" {
			t.Errorf("before the first request there were %q", got)
		}
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if got := strings.Join(data.calls, ", "); got != "refresh, close" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAFormThatIsWrongSaysWhereInJSON(t *testing.T) {
	app := newLoggedApp(slog.DiscardHandler)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", register)
	recorder := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("Accept", "application/json")
	app.ServeHTTP(recorder, request)
	const want = `{"title":"Unprocessable Entity","status":422,"detail":"Some fields are wrong.","fields":{"email":"is missing"}}` + "\n"
	if got := recorder.Body.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAStartThatFailsIsReturned(t *testing.T) {
	data := &fakeStore{fail: errors.New("no such disk")}
	err := bare.Run(t.Context(), newAppWithStore(data), "127.0.0.1:0")
	if err == nil || !errors.Is(err, data.fail) {
		t.Errorf("got %v, want %v", err, data.fail)
	}
}

func TestAnAddressThatIsNoneIsReturned(t *testing.T) {
	if err := run(newShop(), "nonsense"); err == nil {
		t.Error("run returned nil")
	}
}

func TestFailuresAreLogged(t *testing.T) {
	var log bytes.Buffer
	app := newLoggedApp(slog.NewTextHandler(&log, nil))
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.ErrorResponse(errors.New("the store is on fire"))
	})
	get(app, "/")
	const want = `level=ERROR msg="bare: the request failed" method=GET route=/ error="the store is on fire"`
	if !strings.Contains(log.String(), want) {
		t.Errorf("the log is %q, want %q in it", log.String(), want)
	}
}

// TestAStreamEndsCleanlyWhenItsServerStops runs over a real connection, with each
// of the guide's ways to serve.
func TestAStreamEndsCleanlyWhenItsServerStops(t *testing.T) {
	for name, serveIt := range map[string]func(context.Context, *bare.Application, net.Listener) error{
		"a configured server":   serve,
		"a server of one's own": serveElsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			app := bare.NewApplication()
			app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks", clock)
			ctx, cancel := context.WithCancel(t.Context())
			stopped := make(chan error, 1)
			go func() { stopped <- serveIt(ctx, app, listener) }()

			response, err := http.Get("http://" + listener.Addr().String() + "/ticks")
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			tick := make([]byte, 9)
			if _, err := response.Body.Read(tick); err != nil {
				t.Fatal(err)
			}
			cancel()
			var rest bytes.Buffer
			if _, err := rest.ReadFrom(response.Body); err != nil {
				t.Errorf("the stream was cut: %v", err)
			}
			if err := <-stopped; err != nil {
				t.Errorf("the stop failed: %v", err)
			}
		})
	}
}

func TestAMiddlewarePutsAValueIntoTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := newServer(t, func(request *bare.HttpRequest) bare.HttpResponse {
			id, _ := request.Context().Value(traceKey{}).(string)
			return bare.TextResponse(200, id)
		}, trace)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Request-Id", "seven")
		if got := server.Do(request).Rest(); got != "seven" {
			t.Errorf("the handler sees %q", got)
		}
	})
}

func TestMiddlewareOfNetHTTPIsAroundWhatItIsPutAround(t *testing.T) {
	mark := func(name string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Add("Vary", name)
				next.ServeHTTP(w, r)
			})
		}
	}
	app := newPublicApp(mark("trace"), mark("cors"))
	for path, want := range map[string]string{"/greeting": "trace cors", "/nowhere": "trace Accept"} {
		recorder := httptest.NewRecorder()
		app.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if got := strings.Join(recorder.Header().Values("Vary"), " "); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

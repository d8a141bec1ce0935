package judges

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// The records of these tests are in docs/user-guide/behind-a-proxy.md.

// say adds a line to a record.
func say(record *strings.Builder, what, found string) { fmt.Fprintf(record, "%-62s %s\n", what, found) }

// A row is a line of a record that is found by itself.
type row struct {
	what string
	find func(t *testing.T) string
}

// record runs the rows beside each other, as most of their time is waiting.
func record(t *testing.T, name, head string, rows []row) {
	t.Helper()
	found := make([]string, len(rows))
	t.Run("rows", func(t *testing.T) {
		for i, row := range rows {
			t.Run(row.what, func(t *testing.T) {
				t.Parallel()
				found[i] = row.find(t)
			})
		}
	})
	var text strings.Builder
	text.WriteString(head)
	for i, row := range rows {
		say(&text, row.what, found[i])
	}
	checkRecord(t, name, text.String())
}

// newSeenApp has streams that say whether their first event was seen before they sent
// the second one. The client says so at /seen, with the number of the stream.
func newSeenApp() *bare.Application {
	app := bare.NewApplication()
	var last atomic.Int32
	var mutex sync.Mutex
	seen := make(map[string]chan struct{})
	app.OnHttpRequest(bare.Methods{"POST"}, "/seen/{number}", func(request *bare.HttpRequest) bare.HttpResponse {
		mutex.Lock()
		defer mutex.Unlock()
		close(seen[request.Matches.String("number")])
		return bare.HttpResponse{Status: 204}
	})
	kinds := map[string]string{"/events": "text/event-stream", "/lines": "application/x-ndjson", "/text": "text/plain"}
	for path, kind := range kinds {
		app.OnHttpRequest(bare.Methods{"GET"}, path, func(*bare.HttpRequest) bare.HttpResponse {
			number, told := fmt.Sprint(last.Add(1)), make(chan struct{})
			mutex.Lock()
			seen[number] = told
			mutex.Unlock()
			return bare.HttpResponse{Headers: bare.Headers("content-type", kind, "number", number), Body: func(yield func([]byte) bool) {
				yield([]byte("data: 1\n\n"))
				select {
				case <-told:
					yield([]byte("data: live\n\n"))
				case <-time.After(2 * time.Second):
					yield([]byte("data: held back\n\n"))
				}
			}}
		})
	}
	return app
}

func TestWhatNginxHoldsBack(t *testing.T) {
	addr := freeAddr(t)
	launch(t, newSeenApp(), addr)
	const columns = "%-12s%-12s%s"
	through := func(t *testing.T, f *front, path string) string {
		return fmt.Sprintf(columns,
			heldBack(t, f.do, path), heldBack(t, f.byTLS(false), path), heldBack(t, f.byTLS(true), path))
	}
	find := func(path, line string) func(t *testing.T) string {
		return func(t *testing.T) string { return through(t, newFront(t, lines{location: line}, addr), path) }
	}
	behindTwo := func(line string) func(t *testing.T) string {
		return func(t *testing.T) string {
			inner := newFront(t, lines{location: line}, addr)
			return through(t, newFront(t, lines{}, inner.addr), "/events")
		}
	}
	record(t, "proxy-buffering.txt", fmt.Sprintf("%62s "+columns+"\n", "", "http", "https", "https, HTTP/2"), []row{
		{"an event stream", find("/events", "")},
		{"  proxy_ignore_headers X-Accel-Buffering", find("/events", "proxy_ignore_headers X-Accel-Buffering;")},
		{"  proxy_http_version 1.0", find("/events", "proxy_http_version 1.0;")},
		{"  gzip on, gzip_types text/event-stream", find("/events?gzip", "gzip on; gzip_types text/event-stream;")},
		{"lines of JSON", find("/lines", "")},
		{"plain text", find("/text", "")},
		{"  proxy_http_version 1.0", find("/text", "proxy_http_version 1.0;")},
		{"  gzip on, gzip_types text/plain", find("/text?gzip", "gzip on; gzip_types text/plain;")},
		{"  proxy_buffering off", find("/text", "proxy_buffering off;")},
		{"an event stream through two nginx", behindTwo("")},
		{"  proxy_pass_header X-Accel-Buffering in the inner one", behindTwo("proxy_pass_header X-Accel-Buffering;")},
	})
}

// heldBack says whether the first event of a stream of newSeenApp comes before the
// second one is sent.
func heldBack(t *testing.T, do func(method, path string, headers ...string) *http.Response, path string) string {
	t.Helper()
	response := do(http.MethodGet, path)
	defer response.Body.Close()
	events := bufio.NewReader(response.Body)
	if first := next(events); first != "data: 1" {
		t.Errorf("%s: the first event is %q", path, first)
	}
	_ = do(http.MethodPost, "/seen/"+response.Header.Get("Number")).Body.Close()
	if zipped := strings.HasSuffix(path, "?gzip"); zipped != response.Uncompressed {
		t.Errorf("%s: it is compressed: %t", path, response.Uncompressed)
	}
	return strings.TrimPrefix(next(events), "data: ")
}

// newSilentApp has responses that are silent for longer than nginx waits here.
func newSilentApp() *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/silent", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
			if yield([]byte("data: 1\n\n")); request.Sleep(5 * time.Second) {
				yield([]byte("data: 2\n\n"))
			}
		}}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/comments", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
			yield([]byte("data: 1\n\n"))
			for range 10 {
				if !request.Sleep(500*time.Millisecond) || !yield([]byte(":\n\n")) {
					return
				}
			}
			yield([]byte("data: 2\n\n"))
		}}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/poll/{milliseconds:int}", func(request *bare.HttpRequest) bare.HttpResponse {
		request.Sleep(time.Duration(request.Matches.Int("milliseconds")) * time.Millisecond)
		return bare.HttpResponse{Status: 204}
	})
	return app
}

func TestWhatNginxDoesAtASilence(t *testing.T) {
	addr := freeAddr(t)
	launch(t, newSilentApp(), addr)
	f := newFront(t, lines{location: "proxy_read_timeout 2s;"}, addr)
	find := func(path string) func(t *testing.T) string {
		return func(*testing.T) string {
			return strings.ReplaceAll(said(f.do(http.MethodGet, path)), `:\n\n`, "")
		}
	}
	record(t, "proxy-silence.txt", "", []row{
		{"an event stream, silent for 5 s", find("/silent")},
		{"the same, with a comment every 0.5 s", find("/comments")},
		{"a long poll without news for 5 s", find("/poll/5000")},
		{"a long poll that answers 204 after 0.5 s", find("/poll/500")},
	})
}

func TestWhatAKilledProgramLooksLike(t *testing.T) {
	var found strings.Builder
	for _, test := range []struct{ what, line string }{
		{"HTTP/1.1 to the program", ""},
		{"HTTP/1.0 to the program", "proxy_http_version 1.0;"},
	} {
		p := &proxied{t: t, addr: freeAddr(t)}
		p.start()
		f := newFront(t, lines{location: test.line}, p.addr)
		say(&found, "a body that fails, "+test.what, said(f.do(http.MethodGet, "/export?fails")))
		response := f.do(http.MethodGet, "/export")
		p.end(syscall.SIGKILL)
		say(&found, "a program that is killed, "+test.what, said(response))
	}
	checkRecord(t, "proxy-killed.txt", found.String())
}

// newCountedApp counts the requests that reach it. /broken breaks the connection
// before it answers, and /slow does not answer in time.
func newCountedApp(count *atomic.Int32) *bare.Application {
	app := bare.NewApplication()
	methods := bare.Methods{"GET", "POST"}
	app.OnHttpRequest(methods, "/broken", func(*bare.HttpRequest) bare.HttpResponse {
		count.Add(1)
		panic(http.ErrAbortHandler)
	})
	app.OnHttpRequest(methods, "/slow", func(request *bare.HttpRequest) bare.HttpResponse {
		count.Add(1)
		request.Sleep(5 * time.Second)
		return bare.HttpResponse{Status: 204}
	})
	return app
}

func TestWhatNginxAsksTwice(t *testing.T) {
	find := func(method, path, line string) func(t *testing.T) string {
		return func(t *testing.T) string {
			var count atomic.Int32
			first, second := freeAddr(t), freeAddr(t)
			launch(t, newCountedApp(&count), first)
			launch(t, newCountedApp(&count), second)
			f := newFront(t, lines{location: line}, first, second)
			status := f.do(method, path).StatusCode
			return fmt.Sprintf("%d, handled %s", status, times(count.Load()))
		}
	}
	record(t, "proxy-retries.txt", "", []row{
		{"GET, and the connection breaks", find("GET", "/broken", "")},
		{"GET, and no answer in time", find("GET", "/slow", "proxy_read_timeout 1s;")},
		{"GET, and the connection breaks, proxy_next_upstream off", find("GET", "/broken", "proxy_next_upstream off;")},
		{"POST, and the connection breaks", find("POST", "/broken", "")},
		{"POST, and it breaks, proxy_next_upstream error non_idempotent", find("POST", "/broken", "proxy_next_upstream error non_idempotent;")},
		{"POST, and no answer in time", find("POST", "/slow", "proxy_read_timeout 1s;")},
	})
}

func times(n int32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func TestWhatACacheInFrontAnswers(t *testing.T) {
	var found strings.Builder
	for _, test := range []struct{ what, control string }{
		{"no cache-control", ""},
		{"cache-control: no-cache", "no-cache"},
		{"cache-control: no-store", "no-store"},
	} {
		addr := freeAddr(t)
		app := bare.NewApplication()
		var count atomic.Int32
		app.OnHttpRequest(bare.Methods{"GET"}, "/poll", func(*bare.HttpRequest) bare.HttpResponse {
			response := bare.TextResponse(200, fmt.Sprintf("news %d", count.Add(1)))
			if test.control != "" {
				response = response.WithHeader("cache-control", test.control)
			}
			return response
		})
		launch(t, app, addr)
		f := newFront(t, lines{
			main:     "user root;", // of the cache's folder
			http:     "proxy_cache_path cache keys_zone=cache:1m;",
			location: "proxy_cache cache; proxy_cache_valid 1m;",
		}, addr)
		first, second := said(f.do(http.MethodGet, "/poll")), said(f.do(http.MethodGet, "/poll"))
		say(&found, test.what, quoted(first)+", then "+quoted(second))
	}
	checkRecord(t, "proxy-cache.txt", found.String())
}

// quoted is the text in what said returns.
func quoted(said string) string { return strings.Split(said, `"`)[1] }

func TestCurlSaysWhenEachEventComes(t *testing.T) {
	page, err := os.ReadFile("../docs/user-guide/behind-a-proxy.md")
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^curl .*--trace-time.*$`).FindString(string(page))
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/events", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
			for event := 0; event < 3 && yield([]byte("data: 09:00:00\n\n")) && request.Sleep(100*time.Millisecond); event++ {
			}
		}}
	})
	addr := freeAddr(t)
	launch(t, app, addr)
	output, err := exec.Command("sh", "-c", strings.ReplaceAll(command, "localhost:9009", addr)).Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	event := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{6} <= Recv data, (22|16) bytes`) // the chunk, or what is in it
	if got := len(event.FindAll(output, -1)); got != 3 {
		t.Errorf("%d events are shown, want 3:\n%s", got, output)
	}
}

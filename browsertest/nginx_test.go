package browsertest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

// A front is nginx with the configuration in its folder.
type front struct {
	t       *testing.T
	addr    string
	folder  string
	command *exec.Cmd
}

// startNginx runs nginx with the file of docs/user-guide/behind-a-proxy.md, until the
// returned function is called, or the test ends. The lines go into the location, and
// behind it.
func startNginx(t *testing.T, addr, program, inside, behind string) (stop func()) {
	t.Helper()
	text, err := os.ReadFile("../docs/user-guide/proxy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	changed := strings.NewReplacer("127.0.0.1:9009", program, "127.0.0.1:8080", addr,
		"access_log off;", "access_log off; fastcgi_temp_path tmp/f; uwsgi_temp_path tmp/u; scgi_temp_path tmp/s;",
		`Connection "";`, `Connection ""; `+inside, "        }\n", "        }\n"+behind).Replace(string(text))
	if err := os.Mkdir(filepath.Join(folder, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "nginx.conf"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	nginx := &front{t: t, folder: folder, addr: addr}
	nginx.start()
	t.Cleanup(nginx.stop)
	return nginx.stop
}

func (f *front) start() {
	f.t.Helper()
	path, err := findNginx()
	if err != nil {
		if os.Getenv("CI") == "true" {
			f.t.Fatal(err)
		}
		f.t.Skip(err)
	}
	f.command = exec.CommandContext(context.Background(), path, "-p", f.folder, "-c", "nginx.conf", "-e", "stderr")
	f.command.Stderr = f.t.Output()
	if err := f.command.Start(); err != nil {
		f.t.Fatal(err)
	}
	eventually(f.t, "nginx listens", func() bool {
		connection, err := net.Dial("tcp", f.addr)
		if err == nil {
			_ = connection.Close()
		}
		return err == nil
	})
}

// stop ends nginx at once, as SIGTERM does: its connections are cut. It does nothing
// when nginx has been stopped.
func (f *front) stop() {
	f.t.Helper()
	if f.command.ProcessState != nil {
		return
	}
	if err := f.command.Process.Signal(syscall.SIGTERM); err != nil {
		f.t.Error(err)
	}
	if err := f.command.Wait(); err != nil {
		f.t.Error(err)
	}
}

func findNginx() (string, error) {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path, nil
	}
	return exec.LookPath("/usr/sbin/nginx") // which is not on everybody's path
}

func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// numbers is a stream of the numbers that were sent. Who comes back gets those that it
// has missed.
func numbers(sent *atomic.Int32) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		last := request.Scope.Header.Get("Last-Event-ID")
		if last == "" {
			last = request.Query().Get("last-event-id")
		}
		had, _ := strconv.Atoi(last)
		return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
			yield([]byte("retry: 100\n\n"))
			for range request.Every(20 * time.Millisecond) {
				for ; had < int(sent.Load()); had++ {
					number := strconv.Itoa(had + 1)
					if !yield([]byte("id: " + number + "\ndata: " + number + "\n\n")) {
						return
					}
				}
			}
		}}
	}
}

const openNumbers = `
	window.numbers = []
	window.source = new EventSource("events")
	source.onmessage = (event) => { numbers.push(event.data) }
	true`

func TestABrowserMissesNothingWhenNginxRestarts(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	var sent atomic.Int32
	program, _ := serve(t, newApp("/events", numbers(&sent)), bare.Server{Addr: "127.0.0.1:0"})
	addr := freeAddr(t)
	stop := startNginx(t, addr, program, "", "")
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	evaluate[bool](t, tab, openNumbers)
	for want := range 3 {
		sent.Add(2)
		if want > 0 {
			stop()
			sent.Add(2)
			stop = startNginx(t, addr, program, "", "")
		}
		eventually(t, "all has come", func() bool {
			return evaluate[int](t, tab, "numbers.length") >= int(sent.Load())
		})
	}
	if got, want := evaluate[string](t, tab, `numbers.join(" ")`), "1 2 3 4 5 6 7 8 9 10"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAStopOfTheProgramBehindNginx(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../docs/user-guide/proxy/follow.js")
	if err != nil {
		t.Fatal(err)
	}
	const following = `
		window.numbers = []
		follow("events", (event) => { numbers.push(event.data) })
		true`
	const restarting = `location @restarting { default_type text/event-stream; return 200 "retry: 100\n\n"; }`
	tests := []struct {
		name           string
		open           string
		inside, behind string
		closed         bool
	}{
		{"a 502 closes an EventSource for good", openNumbers, "", "", true},
		{"a stream in its place has it come back", openNumbers, "error_page 502 = @restarting;", restarting, false},
		{"a script can make a new one", string(script) + following, "", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tab, _ := newTab(t)
			var sent atomic.Int32
			sent.Add(1)
			program, stop := serve(t, newApp("/events", numbers(&sent)), bare.Server{Addr: "127.0.0.1:0"})
			addr := freeAddr(t)
			startNginx(t, addr, program, test.inside, test.behind)
			do(t, tab, chromedp.Navigate("http://"+addr+"/"))
			evaluate[bool](t, tab, test.open)
			shown := func() string { return evaluate[string](t, tab, `numbers.join(" ")`) }
			eventually(t, "the first event is shown", func() bool { return shown() == "1" })
			stop()
			if test.closed {
				eventually(t, "it is closed", func() bool { return evaluate[int](t, tab, "source.readyState") == 2 })
				return
			}
			pause(500 * time.Millisecond) // it asks in vain
			sent.Add(1)
			serve(t, newApp("/events", numbers(&sent)), bare.Server{Addr: program})
			eventually(t, "the second event is shown", func() bool { return shown() == "1 2" })
		})
	}
}

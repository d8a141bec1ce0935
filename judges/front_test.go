package judges

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// Lines are added to docs/user-guide/proxy/nginx.conf.
type lines struct{ main, http, location string }

// A front is nginx with that file, in front of programs.
type front struct {
	t      *testing.T
	addr   string
	folder string
	nginx  *exec.Cmd
	client *http.Client // by HTTP/1.1 without TLS
	secure *proxied     // by TLS
}

// newFront starts nginx in front of the programs that listen at the addresses.
func newFront(t *testing.T, added lines, programs ...string) *front {
	t.Helper()
	text, err := os.ReadFile("../docs/user-guide/proxy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	f := &front{t: t, addr: freeAddr(t), folder: t.TempDir(), client: &http.Client{Transport: new(http.Transport), Timeout: patience}}
	t.Cleanup(f.client.CloseIdleConnections)
	f.secure = &proxied{t: t, front: freeAddr(t)}
	f.secure.writeCertificate(f.folder)
	servers := ""
	for _, addr := range programs {
		servers += "server " + addr + "; "
	}
	changed := string(text)
	if strings.Contains(added.location, "proxy_http_version") {
		changed = strings.Replace(changed, "proxy_http_version 1.1;", "", 1)
	}
	for _, pair := range [][2]string{
		{"error_log stderr;", "error_log stderr crit; " + added.main},
		{"access_log off;", "access_log off; fastcgi_temp_path tmp/f; uwsgi_temp_path tmp/u; scgi_temp_path tmp/s; " + added.http},
		{"server 127.0.0.1:9009;", servers},
		{"listen 127.0.0.1:8080;", "listen " + f.addr + "; listen " + f.secure.front + " ssl http2; ssl_certificate example.com.pem; ssl_certificate_key example.com.key;"},
		{`Connection "";`, `Connection ""; ` + added.location},
	} {
		if strings.Count(changed, pair[0]) != 1 {
			t.Fatalf("nginx.conf does not have one %q", pair[0])
		}
		changed = strings.Replace(changed, pair[0], pair[1], 1)
	}
	if err := os.Mkdir(filepath.Join(f.folder, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.folder, "nginx.conf"), []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	f.start()
	return f
}

// start starts nginx, and returns when it listens.
func (f *front) start() {
	f.t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			absent(f.t, err)
		}
	}
	nginx := exec.Command(path, "-p", f.folder, "-c", "nginx.conf", "-e", "stderr")
	nginx.Stderr = f.t.Output()
	f.nginx = nginx
	if err := nginx.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if nginx.ProcessState == nil {
			_ = nginx.Process.Signal(syscall.SIGTERM)
			_ = nginx.Wait()
		}
	})
	f.await("nginx listens", func() bool { return listens(f.addr) })
}

// signal has nginx reload its file or stop.
func (f *front) signal(signal os.Signal) {
	f.t.Helper()
	if err := f.nginx.Process.Signal(signal); err != nil {
		f.t.Fatal(err)
	}
}

// workers are the process ids of nginx's workers.
func (f *front) workers() string {
	f.t.Helper()
	id := strconv.Itoa(f.nginx.Process.Pid)
	children, err := os.ReadFile("/proc/" + id + "/task/" + id + "/children")
	if err != nil {
		f.t.Fatal(err)
	}
	return string(children)
}

func (f *front) await(what string, holds func() bool) {
	f.t.Helper()
	for began := time.Now(); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			f.t.Fatalf("it never came about that %s", what)
		}
	}
}

func listens(addr string) bool {
	connection, err := net.Dial("tcp", addr)
	if err == nil {
		_ = connection.Close()
	}
	return err == nil
}

// byTLS returns what asks nginx for a path by TLS.
func (f *front) byTLS(http2 bool) func(method, path string, headers ...string) *http.Response {
	visitor := f.secure.visitor(http2)
	return func(method, path string, _ ...string) *http.Response { return visitor.do(method, path, nil) }
}

// do asks nginx for a path. The headers are pairs.
func (f *front) do(method, path string, headers ...string) *http.Response {
	f.t.Helper()
	response, err := f.try(method, path, headers...)
	if err != nil {
		f.t.Fatal(err)
	}
	return response
}

func (f *front) try(method, path string, headers ...string) (*http.Response, error) {
	f.t.Helper()
	request, err := http.NewRequestWithContext(f.t.Context(), method, "http://"+f.addr+path, http.NoBody)
	if err != nil {
		f.t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	response, err := f.client.Do(request)
	if err == nil {
		f.t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

// events asks for a stream, and returns what reads its events.
func (f *front) events(path string) *bufio.Reader {
	f.t.Helper()
	return bufio.NewReader(f.do(http.MethodGet, path).Body)
}

// launch runs an application at an address until the returned function is called, or
// the test ends.
func launch(t *testing.T, app *bare.Application, addr string) (stop func()) {
	t.Helper()
	app.Logger = slog.New(slog.DiscardHandler) // some routes fail on purpose
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan struct{}), make(chan error, 1)
	server := bare.Server{Addr: addr, OnListen: func(net.Addr) { close(listening) }}
	go func() { ended <- server.Run(ctx, app) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	await(t, "the program listens", listening)
	return stop
}

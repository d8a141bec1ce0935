package judges

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// backendAddr names the variable that makes this binary the program behind nginx.
const backendAddr = "JUDGES_BACKEND"

func TestMain(m *testing.M) {
	if addr := os.Getenv(backendAddr); addr != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		err := bare.Run(ctx, newBackend(), addr)
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// newBackend has a route for each thing that a proxy may spoil.
func newBackend() *bare.Application {
	app := bare.NewApplication()
	seen := make(chan struct{})  // the client has seen an event
	left := make(chan error, 64) // how streams of /events have ended
	begun := make(chan struct{}) // an upload's first bytes are here
	app.OnHttpRequest(bare.Methods{"POST"}, "/seen", func(*bare.HttpRequest) bare.HttpResponse {
		seen <- struct{}{}
		return bare.HttpResponse{Status: 204}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/left", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, fmt.Sprint(<-left))
	})
	// The second event is sent only when the first one was seen.
	stream := func(headers ...string) bare.HttpHandler {
		return func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { left <- end.Err })
			return bare.HttpResponse{Headers: bare.Headers(headers...), Body: func(yield func([]byte) bool) {
				for event := 1; yield(fmt.Appendf(nil, "data: %d\n\n", event)); event++ {
					select {
					case <-seen:
					case <-request.Context().Done():
						return
					}
				}
			}}
		}
	}
	app.OnHttpRequest(bare.Methods{"GET"}, "/events", stream("content-type", "text/event-stream", "x-accel-buffering", "no"))
	app.OnHttpRequest(bare.Methods{"GET"}, "/held", stream("content-type", "text/event-stream", "x-accel-buffering", "yes"))
	app.OnHttpRequest(bare.Methods{"GET"}, "/export", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Headers: bare.Headers("x-accel-buffering", "no"), Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			if yield([]byte("row 1\n")); request.Scope.URL.RawQuery == "fails" {
				return errors.New("the database has gone")
			}
			<-request.Context().Done()
			return context.Cause(request.Context())
		})}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/begun", func(*bare.HttpRequest) bare.HttpResponse {
		<-begun
		return bare.HttpResponse{Status: 204}
	})
	for _, path := range []string{"/upload", "/whole"} {
		app.OnHttpRequest(bare.Methods{"POST"}, path, func(request *bare.HttpRequest) bare.HttpResponse {
			size := 0
			for chunk, err := range request.Body {
				if err != nil {
					return bare.ErrorResponse(err)
				}
				if size == 0 && path == "/upload" {
					begun <- struct{}{}
				}
				size += len(chunk)
			}
			return bare.TextResponse(200, fmt.Sprint(size))
		})
	}
	app.Mount("/socket", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			fmt.Fprintf(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: %s\r\nUpgrade: %s\r\n\r\nHost: %s\n",
				r.Header.Get("Connection"), r.Header.Get("Upgrade"), r.Host)
			_ = connection.Close()
		}
	}))
	return app
}

// A proxied program is a backend with nginx in front, as docs/deploy/nginx.conf
// has it.
type proxied struct {
	t       *testing.T
	addr    string // of the program
	front   string // of nginx
	program *exec.Cmd
	roots   *x509.CertPool
}

func newProxied(t *testing.T) *proxied {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			absent(t, err)
		}
	}
	p := &proxied{t: t, addr: freeAddr(t), front: freeAddr(t)}
	folder := t.TempDir()
	p.writeCertificate(folder)
	site, err := os.ReadFile("../docs/deploy/nginx.conf")
	if err != nil {
		t.Fatal(err)
	}
	text := string(site)
	for _, pair := range [][2]string{
		{"127.0.0.1:9009", p.addr},
		{"listen 80", "listen " + freeAddr(t)},
		{"listen 443", "listen " + p.front},
		{"/etc/ssl/example.com", folder + "/example.com"},
		{"proxy_read_timeout    60s", "proxy_read_timeout 2s"},
	} {
		if !strings.Contains(text, pair[0]) {
			t.Fatalf("docs/deploy/nginx.conf has no %q", pair[0])
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	text = "daemon off; error_log stderr crit; pid " + folder + "/pid; events {}\nhttp { access_log off; client_body_temp_path " + folder +
		"/body; proxy_temp_path " + folder + "/proxy; fastcgi_temp_path " + folder + "/f; uwsgi_temp_path " + folder + "/u; scgi_temp_path " + folder + "/s;\n" + text + "}\n"
	if err := os.WriteFile(filepath.Join(folder, "nginx.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(exec.Command(nginx, "-p", folder, "-c", "nginx.conf", "-e", "stderr"), p.front, syscall.SIGTERM)
	p.start()
	return p
}

// start starts the program.
func (p *proxied) start() {
	p.program = exec.Command(os.Args[0])
	p.program.Env = append(os.Environ(), backendAddr+"="+p.addr)
	p.run(p.program, p.addr, syscall.SIGKILL)
}

// run runs a server until the test ends, and returns when it listens.
func (p *proxied) run(command *exec.Cmd, addr string, stop os.Signal) {
	p.t.Helper()
	command.Stderr = p.t.Output()
	if err := command.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if command.ProcessState == nil {
			_ = command.Process.Signal(stop)
			_ = command.Wait()
		}
	})
	for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		connection, err := net.Dial("tcp", addr)
		if err == nil {
			_ = connection.Close()
			return
		}
		if time.Since(began) > patience {
			p.t.Fatal(err)
		}
	}
}

// end sends the program a signal and waits for its end.
func (p *proxied) end(signal os.Signal) {
	p.t.Helper()
	if err := p.program.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	_ = p.program.Wait() // killed is an error
}

func (p *proxied) writeCertificate(folder string) {
	p.t.Helper()
	certificate := newTLSConfig(p.t).Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		p.t.Fatal(err)
	}
	p.roots = x509.NewCertPool()
	for name, block := range map[string]*pem.Block{
		"example.com.pem": {Type: "CERTIFICATE", Bytes: certificate.Certificate[0]},
		"example.com.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		text := pem.EncodeToMemory(block)
		p.roots.AppendCertsFromPEM(text)
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(nil)
	defer server.Close()
	return server.Listener.Addr().String()
}

// A visitor is a client of nginx by one version of HTTP.
type visitor struct {
	*proxied

	client *http.Client
}

func (p *proxied) visitor(http2 bool) *visitor {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!http2)
	protocols.SetHTTP2(http2)
	transport := &http.Transport{
		Protocols:       protocols,
		TLSClientConfig: &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, p.front)
		},
	}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &visitor{p, &http.Client{Transport: transport, Timeout: patience}}
}

func (v *visitor) do(method, path string, body io.Reader) *http.Response {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, "https://example.com"+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	response, err := v.client.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// whole says what became of a request.
func (v *visitor) whole(method, path string, body io.Reader) string {
	v.t.Helper()
	return said(v.do(method, path, body))
}

// said reads a response to its end.
func said(response *http.Response) string {
	text, err := io.ReadAll(response.Body)
	if kind := response.Header.Get("Content-Type"); response.StatusCode >= 400 && kind == "text/html" {
		text = []byte("a page of nginx's\n") // which has its version
	}
	return fmt.Sprintf("%d %q, %s", response.StatusCode, text, fate(err))
}

func fate(err error) string {
	if err != nil {
		return "cut"
	}
	return "a clean end"
}

// next reads an event, or a line and what is behind it.
func next(reader *bufio.Reader) string {
	line, err := reader.ReadString('\n')
	if err != nil {
		return fate(err)
	}
	if strings.HasPrefix(line, "data:") {
		_, _ = reader.ReadString('\n')
	}
	return strings.TrimSpace(line)
}

// upload sends a body whose second half follows when the program has the first one.
func (v *visitor) upload() string {
	v.t.Helper()
	body, half := io.Pipe()
	go func() {
		_, _ = half.Write(bytes.Repeat([]byte("x"), 1000))
		_ = v.whole(http.MethodGet, "/begun", nil)
		_, _ = half.Write(bytes.Repeat([]byte("x"), 1000))
		_ = half.Close()
	}()
	return v.whole(http.MethodPost, "/upload", body)
}

// held says when the first event of a stream comes that nginx buffers.
func (v *visitor) held() string {
	found := make(chan string, 1)
	go func() { found <- next(bufio.NewReader(v.do(http.MethodGet, "/held", nil).Body)) }()
	select {
	case event := <-found:
		return event
	case <-time.After(500 * time.Millisecond): // a quarter of the timeout
		return "nothing, until nginx gives up: " + <-found
	}
}

// upgrade asks for another protocol, as the page of a WebSocket does.
func (v *visitor) upgrade() string {
	v.t.Helper()
	connection, err := tls.Dial("tcp", v.front, &tls.Config{RootCAs: v.roots, ServerName: "example.com", MinVersion: tls.VersionTLS12})
	if err != nil {
		v.t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprint(connection, "GET /socket HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return fmt.Sprintf("%d, and the program saw %s", response.StatusCode, next(reader))
}

func TestWhatAClientSeesThroughNginx(t *testing.T) {
	p := newProxied(t)
	var record strings.Builder
	for _, http2 := range []bool{false, true} {
		if record.Len() > 0 {
			record.WriteByte('\n')
			p.start()
		}
		v := p.visitor(http2)
		say := func(what, found string) { fmt.Fprintf(&record, "%-46s %s\n", what, found) }

		stream := v.do(http.MethodGet, "/events", nil)
		fmt.Fprintf(&record, "A client that speaks %s\n", stream.Proto)
		reader := bufio.NewReader(stream.Body)
		first := next(reader)
		_ = v.whole(http.MethodPost, "/seen", nil)
		say("an event stream", first+", then "+next(reader))
		_ = stream.Body.Close()
		say("the client leaves: the stream's End.Err", v.whole(http.MethodGet, "/left", nil))
		say("silent for longer than proxy_read_timeout", said(v.do(http.MethodGet, "/events", nil)))
		say("a body that fails", said(v.do(http.MethodGet, "/export?fails", nil)))
		say("an upload that the program reads as it comes", v.upload())
		say("12 MB to a location that allows 10", v.whole(http.MethodPost, "/whole", bytes.NewReader(make([]byte, 12<<20))))
		if !http2 {
			say("an event stream that nginx buffers", v.held())
			say("a WebSocket's request", v.upgrade())
		}

		for _, end := range []struct {
			name   string
			signal os.Signal
		}{{"SIGTERM", syscall.SIGTERM}, {"SIGKILL", syscall.SIGKILL}} {
			events, export := v.do(http.MethodGet, "/events", nil), v.do(http.MethodGet, "/export", nil)
			p.end(end.signal)
			say(end.name+": an event stream", said(events))
			say(end.name+": a StreamWriter", said(export))
			if end.signal == syscall.SIGTERM {
				say("while the program is down: /", v.whole(http.MethodGet, "/export", nil))
				say("while the program is down: /events", v.whole(http.MethodGet, "/events", nil))
				p.start()
				again := v.do(http.MethodGet, "/events", nil)
				say("the program is up again: /events", next(bufio.NewReader(again.Body)))
				_ = again.Body.Close()
			}
		}
	}
	checkRecord(t, "nginx.txt", record.String())
}

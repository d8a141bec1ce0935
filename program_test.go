package bare_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// programVariable makes the test's binary one of the programs.
const programVariable = "BARE_TEST_PROGRAM"

// program has a stream that ends with its context, and one that does not.
func program() {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/events", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			for range request.Every(time.Second) {
				if !yield([]byte("tick\n")) {
					return
				}
			}
			yield([]byte("bye\n"))
		}}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/stubborn", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			yield([]byte("tick\n"))
			select {}
		}}
	})
	app.OnShutdown(func(context.Context) error {
		fmt.Println("shutting down")
		return nil
	})
	bare.Main(app, "localhost:0")
}

// A running program is this binary as a process of its own.
type running struct {
	command *exec.Cmd
	stdout  *bufio.Reader
	stderr  bytes.Buffer
}

func start(t *testing.T, arguments ...string) *running {
	t.Helper()
	return startProgram(t, "streams", arguments...)
}

func startProgram(t *testing.T, name string, arguments ...string) *running {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{command: exec.CommandContext(t.Context(), binary, arguments...)}
	r.command.Env = append(os.Environ(), programVariable+"="+name)
	r.command.Stderr = &r.stderr
	stdout, err := r.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.stdout = bufio.NewReader(stdout)
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// url is the address in the one line that the program prints.
func (r *running) url(t *testing.T) string {
	t.Helper()
	line, err := r.stdout.ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "Listening on ")
	if err != nil || !ok {
		t.Fatalf("the program printed %q (%v) %s", line, err, r.stderr.String())
	}
	return url
}

func (r *running) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	if err := r.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// wait returns the exit status and the rest of what the program printed.
func (r *running) wait(t *testing.T) (status int, stdout string) {
	t.Helper()
	rest, err := io.ReadAll(r.stdout)
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := r.command.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return r.command.ProcessState.ExitCode(), string(rest)
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestASignalEndsAThousandStreamsCleanly(t *testing.T) {
	streams := 1000
	if testing.Short() {
		streams = 50
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		program := start(t, "-addr", "127.0.0.1:0")
		url := program.url(t)
		responses := make([]*http.Response, streams)
		for i := range responses {
			responses[i] = get(t, url+"/events")
		}
		program.signal(t, signal)
		for _, response := range responses {
			got, err := io.ReadAll(response.Body)
			if err != nil || !strings.HasSuffix(string(got), "tick\nbye\n") {
				t.Fatalf("a stream ended with %q (%v)", got, err)
			}
		}
		if status, stdout := program.wait(t); status != 0 || stdout != "shutting down\n" {
			t.Errorf("after %v: status %d, printed %q and %q", signal, status, stdout, program.stderr.String())
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestASecondSignalEndsTheProgramAtOnce(t *testing.T) {
	t.Parallel()
	program := start(t, "-addr", "127.0.0.1:0")
	get(t, program.url(t)+"/stubborn")
	program.signal(t, syscall.SIGTERM)
	if line, err := program.stdout.ReadString('\n'); line != "shutting down\n" {
		t.Errorf("the first signal printed %q (%v)", line, err)
	}
	program.signal(t, syscall.SIGTERM)
	if status, _ := program.wait(t); status != 1 {
		t.Errorf("the second signal ended it with the status %d", status)
	}
}

func TestAnAddressThatCannotBeUsedIsOneLine(t *testing.T) {
	t.Parallel()
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, arguments := range map[string][]string{
		"in use":            {"-addr", taken.Addr().String()},
		"malformed":         {"-addr", "nonsense"},
		"no such port":      {"-addr", "localhost:99999"},
		"a missing key":     {"-cert", "cert.pem"},
		"a missing file":    {"-cert", "no.pem", "-key", "no.pem"},
		"two faults at one": {"-addr", "nonsense", "-cert", "x"},
	} {
		program := start(t, arguments...)
		status, _ := program.wait(t)
		stderr := program.stderr.String()
		if status != 1 || strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "bare: ") {
			t.Errorf("%s: status %d and %q, want 1 and one line", name, status, stderr)
		}
	}
}

func TestTheProgramServesHTTP2WithACertificate(t *testing.T) {
	t.Parallel()
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	pool := writeCertificate(t, certFile, keyFile)
	program := start(t, "-addr", "localhost:0", "-cert", certFile, "-key", keyFile)
	url := program.url(t)
	if !strings.HasPrefix(url, "https://localhost:") {
		t.Errorf("the program printed %q", url)
	}
	client := &http.Client{Transport: newTLSTransport(pool)}
	defer client.CloseIdleConnections()
	response, err := client.Get(url + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ProtoMajor != 2 {
		t.Errorf("the protocol is %s", response.Proto)
	}
	program.signal(t, syscall.SIGTERM)
	if status, _ := program.wait(t); status != 0 {
		t.Errorf("the status is %d: %s", status, program.stderr.String())
	}
}

func TestClientsThatConnectAndLeaveLeaveNothingBehind(t *testing.T) {
	clients := 2000
	if testing.Short() {
		clients = 100
	}
	overHTTP1(t, func(t *testing.T) {
		var open atomic.Int32
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			open.Add(1)
			request.OnEnd(func(bare.End) { open.Add(-1) })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) { _ = yield([]byte("x")) && request.Sleep(time.Hour) }}
		})
		server := serve(t, baretest.HTTP1, app)
		for range clients {
			conn := server.Dial()
			send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			if err := conn.Close(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second)
		if got := open.Load(); got != 0 {
			t.Errorf("%d of %d requests are still there", got, clients)
		}
	})
}

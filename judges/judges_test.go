package judges

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

var update = flag.Bool("update", false, "record what the judges say anew")

// patience is how long a test waits for what must come: longer than any machine
// needs, so that nothing here depends on speed.
const patience = 2 * time.Minute

// serveBare runs an application under bare's own server until the test ends, and
// returns its address.
func serveBare(t *testing.T, app *bare.Application, server bare.Server) string {
	t.Helper()
	app.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	server.Addr = "127.0.0.1:0"
	server.OnListen = func(bound net.Addr) { listening <- bound }
	go func() { ended <- server.Run(ctx, app) }()
	select {
	case bound := <-listening:
		t.Cleanup(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
		return bound.String()
	case err := <-ended:
		cancel()
		t.Fatal(err)
		return ""
	}
}

// serveNetHTTP runs a handler under a plain server of net/http, which has the
// limits of bare's, until the test ends, and returns its address.
func serveNetHTTP(t *testing.T, handler http.Handler, config *tls.Config) string {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         config.Clone(),
		Protocols:         protocols,
		ReadHeaderTimeout: bare.DefaultReadHeaderTimeout,
		IdleTimeout:       bare.DefaultIdleTimeout,
		MaxHeaderBytes:    bare.DefaultMaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		if config != nil {
			served <- server.ServeTLS(listener, "", "")
		} else {
			served <- server.Serve(listener)
		}
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// newTLSConfig has the certificate that net/http's own tests use.
func newTLSConfig(t *testing.T) *tls.Config {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return &tls.Config{Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS12}
}

// A verdict is how a judge's run ended: what it printed, and its exit status.
type verdict struct {
	output string
	status int
}

// hear runs a judge to its end. It fails if the judge cannot be run or does not come
// to an end, and not if the judge finds fault.
func hear(program string, arguments ...string) (verdict, error) {
	return hearFor(patience, program, arguments...)
}

// hearFor is hear for a judge that needs longer.
func hearFor(limit time.Duration, program string, arguments ...string) (verdict, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, program, arguments...)
	output, err := command.CombinedOutput()
	if ended := command.ProcessState; err != nil && (ended == nil || !ended.Exited()) {
		return verdict{}, fmt.Errorf("%s: %w\n%s", program, err, output)
	}
	return verdict{string(output), command.ProcessState.ExitCode()}, nil
}

// absent skips a test whose judge is not installed, and fails it in CI.
func absent(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// A manifest is what a package.json says.
type manifest struct {
	Version              string            `json:"version"`
	Dependencies         map[string]string `json:"dependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
}

func readManifest(folder string) (manifest, error) {
	var m manifest
	text, err := os.ReadFile(filepath.Join(folder, "package.json"))
	if err != nil {
		return m, err
	}
	err = json.Unmarshal(text, &m)
	return m, err
}

// findNode returns the path of the Node.js that package.json pins, once all
// judges of npm are there in the versions that it pins.
var findNode = sync.OnceValues(func() (string, error) {
	pinned, err := readManifest(".")
	if err != nil {
		return "", err
	}
	for name, want := range pinned.Dependencies {
		installed, err := readManifest(filepath.Join("node_modules", filepath.FromSlash(name)))
		if err != nil {
			return "", fmt.Errorf("the judge %s is not installed: run npm ci in judges", name)
		}
		if installed.Version != want {
			return "", fmt.Errorf("the judge %s is installed as %s, not %s: run npm ci in judges", name, installed.Version, want)
		}
	}
	for name := range pinned.OptionalDependencies {
		path := filepath.Join("node_modules", name, "bin", "node")
		if _, err := os.Stat(path); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", errors.New("there is no Node.js for this machine in node_modules: run npm ci in judges, on Linux")
})

// node returns the path of Node.js, or skips the test.
func node(t *testing.T) string {
	t.Helper()
	path, err := findNode()
	if err != nil {
		absent(t, err)
	}
	return path
}

// version returns the version of a judge of npm, which is the one that is pinned.
func version(t *testing.T, name string) string {
	t.Helper()
	pinned, err := readManifest(".")
	if err != nil {
		t.Fatal(err)
	}
	return pinned.Dependencies[name]
}

// moduleVersion returns the version of a judge that is a module of Go.
func moduleVersion(t *testing.T, path string) string {
	t.Helper()
	said, err := hear("go", "list", "-m", "-f", "{{.Version}}", path)
	if err != nil || said.status != 0 {
		t.Fatalf("%s has no version: %v\n%s", path, err, said.output)
	}
	return strings.TrimSpace(said.output)
}

// script runs a judge of npm with a script of this folder, name.mjs, against an
// address. The script says what passed a line each, and fails if anything did not.
func script(t *testing.T, name, judge, url string) {
	t.Helper()
	said, err := hear(node(t), name+".mjs", url)
	if err != nil {
		t.Fatal(err)
	}
	if said.status != 0 {
		t.Fatalf("%s finds fault:\n%s", judge, said.output)
	}
	record := judge + " " + version(t, judge) + "\n\n"
	for line := range strings.Lines(said.output) {
		if strings.HasPrefix(line, "passed: ") {
			record += line
		}
	}
	checkRecord(t, name+".txt", record)
}

// recordedWith is the version of Go whose net/http the records are of.
const recordedWith = "go1.26"

// checkRecord fails unless a judge says what it said when it was last recorded,
// which is what the documents show. Another version of Go may be judged
// differently, and so is only told of.
func checkRecord(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	report := t.Errorf
	if !strings.HasPrefix(runtime.Version(), recordedWith) {
		report = t.Logf
	}
	report("%s differs: run go test . -update if it should\ngot:\n%s\nwant:\n%s", path, got, want)
}

// await returns what a channel brings.
func await[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(patience):
		t.Fatalf("it never came: %s", what)
		panic("unreachable")
	}
}

// listed is a list of texts, a line each.
func listed(texts []string) string {
	if len(texts) == 0 {
		return "  none\n"
	}
	return "  " + strings.Join(texts, "\n  ") + "\n"
}

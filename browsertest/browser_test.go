package browsertest

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

var update = flag.Bool("update", false, "take the documents' screenshots anew")

// patience is how long a test waits for what must come: longer than any machine
// needs, so that nothing here depends on speed.
const patience = 40 * time.Second

// What all tests share, set before they run: the browser, nil without Chromium,
// the directory of the examples' programs, and the addresses that the browser takes for
// localhost:9009 and localhost:9010. Those are for programs that name origins.
var (
	browser  context.Context
	programs string
	origins  [2]string
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(withBrowser(m.Run))
}

func withBrowser(run func() int) int {
	path, err := findChromium()
	if err != nil {
		return run()
	}
	programs, err = buildExamples()
	defer func() { _ = os.RemoveAll(programs) }()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if origins, err = freeAddresses(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), browserOptions(path)...)
	defer cancel()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "chromium does not start:", err)
		return 1
	}
	browser = ctx //nolint:fatcontext // one browser serves all tests
	return run()
}

func browserOptions(path string) []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("ignore-certificate-errors", true), // the tests make their own
		chromedp.Flag("host-resolver-rules", "MAP localhost:9009 "+origins[0]+", MAP localhost:9010 "+origins[1]),
	)
}

// buildExamples builds the examples once, before any test's time begins: a first
// build takes a minute on a slow machine.
func buildExamples() (directory string, err error) {
	directory, err = os.MkdirTemp("", "browsertest")
	if err != nil {
		return "", err
	}
	arguments := []string{"build", "-o", directory}
	for _, example := range []string{
		"server_sent_events",
		"streaming_fetch",
		"finite_events",
		"events",
		"polling",
		"fetch_events",
		"durable_streams",
		"topics",
		"http_push",
		"server_sent_events_queue",
		"cors",
		"cors/rest",
		"sessions",
		"todo",
		"form",
		"cookies",
		"web_socket",
		"inspector",
		"web_socket_chat",
		"one_topic_four_transports",
	} {
		arguments = append(arguments, "github.com/bare-go/bare/examples/"+example)
	}
	if output, err := exec.CommandContext(context.Background(), "go", arguments...).CombinedOutput(); err != nil {
		return directory, fmt.Errorf("the examples do not build: %w\n%s", err, output)
	}
	return directory, nil
}

// freeAddresses are two that nobody listens on at the moment.
func freeAddresses() (addresses [2]string, err error) {
	var listeners [2]net.Listener // both at once, or they might be the same
	for i := range listeners {
		listeners[i], err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return addresses, err
		}
		addresses[i] = listeners[i].Addr().String()
	}
	return addresses, errors.Join(listeners[0].Close(), listeners[1].Close())
}

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no chromium: install Debian's package")
}

// newTab opens a tab, and returns its context and a function that closes it.
func newTab(t *testing.T) (context.Context, func()) {
	t.Helper()
	if browser == nil {
		_, err := findChromium()
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	tab, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	timed, stop := context.WithTimeout(tab, 2*patience)
	t.Cleanup(stop)
	if err := chromedp.Do(timed); err != nil {
		t.Fatal(err)
	}
	return timed, func() {
		if err := chromedp.Cancel(tab); err != nil {
			t.Error(err)
		}
	}
}

// An action is something to do in a tab.
type action = chromedp.Action[chromedp.Void]

// do runs actions in a tab.
func do(t *testing.T, tab context.Context, actions ...action) { //nolint:revive // t comes first in a test
	t.Helper()
	if err := chromedp.Do(tab, actions...); err != nil {
		t.Fatal(err)
	}
}

// evaluate returns what an expression of JavaScript, or its promise, becomes.
func evaluate[T any](t *testing.T, tab context.Context, expression string) T { //nolint:revive // t comes first in a test
	t.Helper()
	result, err := chromedp.Run(tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("it never came about that %s", what)
		}
		pause(50 * time.Millisecond)
	}
}

func pause(d time.Duration) { <-time.After(d) }

// A program is an example, running.
type program struct {
	url string

	mutex  sync.Mutex
	output []string
}

// run runs an example until the test ends.
func run(t *testing.T, example string, arguments ...string) *program {
	t.Helper()
	binary := filepath.Join(programs, example)
	command := exec.CommandContext(context.Background(), binary, append([]string{"-addr", "127.0.0.1:0"}, arguments...)...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	p := new(program)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			p.mutex.Lock()
			p.output = append(p.output, lines.Text())
			p.mutex.Unlock()
		}
	}()
	t.Cleanup(func() {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-ended
		if err := command.Wait(); err != nil {
			t.Errorf("%s: %v", example, err)
		}
	})
	eventually(t, example+" listens", func() bool { return p.printed("Listening on ") == 1 })
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.url = strings.TrimPrefix(p.output[0], "Listening on ")
	return p
}

// printed counts the lines that begin so.
func (p *program) printed(beginning string) int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	count := 0
	for _, line := range p.output {
		if strings.HasPrefix(line, beginning) {
			count++
		}
	}
	return count
}

// serve runs an application until the returned function is called, or the test
// ends, and returns its address.
func serve(t *testing.T, app *bare.Application, server bare.Server) (addr string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	server.OnListen = func(bound net.Addr) { listening <- bound }
	go func() { ended <- server.Run(ctx, app) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	select {
	case bound := <-listening:
		return bound.String(), stop
	case err := <-ended:
		t.Fatal(err)
		return "", nil
	}
}

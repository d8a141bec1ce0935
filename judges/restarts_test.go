package judges

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// newNumberedApp sends numbered events. Who comes back is sent what it has missed.
func newNumberedApp(name string, sent *atomic.Int32) *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/events", func(request *bare.HttpRequest) bare.HttpResponse {
		had, _ := strconv.Atoi(request.Scope.Header.Get("Last-Event-ID"))
		return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream", "name", name), Body: func(yield func([]byte) bool) {
			for range request.Every(10 * time.Millisecond) {
				for ; had < int(sent.Load()); had++ {
					if !yield(fmt.Appendf(nil, "data: %d\nid: %[1]d\n\n", had+1)) {
						return
					}
				}
			}
		}}
	})
	return app
}

func TestWhatBecomesOfAStreamWhenNginxReloads(t *testing.T) {
	var sent atomic.Int32
	addr := freeAddr(t)
	launch(t, newNumberedApp("the program", &sent), addr)
	var found strings.Builder
	for _, test := range []struct {
		what   string
		line   string
		signal os.Signal
	}{
		{"reload", "", syscall.SIGHUP},
		{"reload, worker_shutdown_timeout 1s", "worker_shutdown_timeout 1s;", syscall.SIGHUP},
		{"quit (SIGQUIT)", "", syscall.SIGQUIT},
		{"stop (SIGTERM)", "", syscall.SIGTERM},
	} {
		f := newFront(t, lines{main: test.line}, addr)
		sent.Store(1)
		stream := f.events("/events")
		first := numbered(stream)
		workers := f.workers()
		f.signal(test.signal)
		switch test.signal {
		case syscall.SIGHUP:
			f.await("there are new workers", func() bool { return f.workers() != workers })
		default:
			f.await("it does not listen any more", func() bool { return !listens(f.addr) })
		}
		if test.line == "" {
			sent.Store(2)
		}
		say(&found, test.what, first+", then "+numbered(stream))
		f.client.CloseIdleConnections()
	}
	checkRecord(t, "proxy-reload.txt", found.String())
}

// numbered reads an event of newNumberedApp.
func numbered(stream *bufio.Reader) string {
	event, err := stream.ReadString('\n')
	if errors.Is(err, io.EOF) {
		return fate(nil)
	} else if err != nil {
		return fate(err)
	}
	_, _ = stream.ReadString('\n') // the id
	_, _ = stream.ReadString('\n')
	return strings.TrimSpace(event)
}

func TestNothingIsLostWhenNginxRestarts(t *testing.T) {
	var sent atomic.Int32
	addr := freeAddr(t)
	launch(t, newNumberedApp("the program", &sent), addr)
	f := newFront(t, lines{}, addr)
	var found strings.Builder
	sent.Store(1)
	stream := f.events("/events")
	say(&found, "the stream", numbered(stream))
	f.signal(syscall.SIGTERM)
	_ = f.nginx.Wait()
	say(&found, "nginx stops", numbered(stream))
	sent.Store(3)
	_, err := f.try(http.MethodGet, "/events")
	say(&found, "the client comes back while nginx is down", refusal(err))
	f.start()
	again := bufio.NewReader(f.do(http.MethodGet, "/events", "last-event-id", "1").Body)
	say(&found, "nginx is up: the client comes back, with Last-Event-ID: 1", numbered(again)+", "+numbered(again))
	checkRecord(t, "proxy-restart.txt", found.String())
}

func refusal(err error) string {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "connection refused"
	}
	return fmt.Sprint(err)
}

func TestOneOfTwoProgramsStopsBehindNginx(t *testing.T) {
	var sent atomic.Int32
	addrs := []string{freeAddr(t), freeAddr(t)}
	stopOld := launch(t, newNumberedApp("the old program", &sent), addrs[0])
	f := newFront(t, lines{}, addrs...)
	launch(t, newNumberedApp("the new program", &sent), addrs[1])
	sent.Store(1)
	var found strings.Builder
	var old *http.Response
	for old == nil { // nginx takes them in turn
		if response := f.do(http.MethodGet, "/events"); response.Header.Get("Name") == "the old program" {
			old = response
		}
	}
	stream := bufio.NewReader(old.Body)
	say(&found, "a stream of the old program", numbered(stream))
	stopOld()
	say(&found, "the old program stops", numbered(stream))
	sent.Store(2)
	statuses, names := make(map[int]bool), make(map[string]bool)
	for range 10 {
		response := f.do(http.MethodGet, "/events", "last-event-id", "1")
		statuses[response.StatusCode], names[response.Header.Get("Name")] = true, true
		if got := numbered(bufio.NewReader(response.Body)); got != "data: 2" {
			t.Errorf("after the stop came %q", got)
		}
	}
	say(&found, "ten clients come back", fmt.Sprintf("%v of %v, data: 2", listOf(statuses), listOf(names)))
	checkRecord(t, "proxy-draining.txt", found.String())
}

func listOf[T cmp.Ordered](set map[T]bool) string {
	return strings.Trim(fmt.Sprint(slices.Sorted(maps.Keys(set))), "[]")
}

// A browser shows an event stream in each of its tabs.
func TestTwentyTabsOverHTTP2(t *testing.T) {
	var sent atomic.Int32
	sent.Store(1)
	addr := freeAddr(t)
	launch(t, newNumberedApp("the program", &sent), addr)
	f := newFront(t, lines{}, addr)
	visitor := f.secure.visitor(true)
	connections := make(map[string]bool)
	live := 0
	for range 20 {
		trace := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
			connections[got.Conn.LocalAddr().String()] = true
		}})
		request, err := http.NewRequestWithContext(trace, http.MethodGet, "https://example.com/events", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := visitor.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = response.Body.Close() })
		if numbered(bufio.NewReader(response.Body)) == "data: 1" {
			live++
		}
	}
	if live != 20 || len(connections) != 1 {
		t.Errorf("%d of 20 streams are live, over %d connections", live, len(connections))
	}
}

package browsertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/bare-go/bare"
)

// newApp has an empty page at "/", whose script is each test's own, and a stream.
func newApp(path string, handler bare.HttpHandler) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.BytesResponse(0, "text/html; charset=utf-8", []byte("<!DOCTYPE html><title>test</title>"))
	})
	app.HttpRouter.Add(bare.Methods{"GET"}, path, handler)
	return app
}

// events is a stream that sends an event, and then nothing.
func events(request *bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body: func(yield func([]byte) bool) {
			if yield([]byte("retry: 100\ndata: hello\n\n")) {
				<-request.Context().Done()
			}
		},
	}
}

const openSource = `
	window.opened = 0
	window.source = new EventSource("events")
	source.onopen = () => { window.opened++ }
	true`

func TestABrowserReconnectsAfterARestart(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	addr, stop := serve(t, newApp("/events", events), bare.Server{Addr: "127.0.0.1:0"})
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	evaluate[bool](t, tab, openSource)
	eventually(t, "the stream is open", func() bool { return evaluate[int](t, tab, "opened") == 1 })
	stop()
	serve(t, newApp("/events", events), bare.Server{Addr: addr})
	eventually(t, "the browser has reconnected", func() bool { return evaluate[int](t, tab, "opened") == 2 })
}

func TestA502InBetweenEndsAnEventSource(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	var requests atomic.Int32
	addr, _ := serve(t, newApp("/events", func(request *bare.HttpRequest) bare.HttpResponse {
		if requests.Add(1) > 1 {
			return bare.TextResponse(502, "Bad Gateway")
		}
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "text/event-stream"),
			Body:    bare.TextWriter("retry: 100\ndata: hello\n\n"),
		}
	}), bare.Server{Addr: "127.0.0.1:0"})
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	evaluate[bool](t, tab, openSource)
	eventually(t, "the source is closed", func() bool {
		return evaluate[int](t, tab, "source.readyState") == 2 && requests.Load() == 2
	})
}

const openNine = `
	window.opened = 0
	window.sources = Array.from({length: 9}, (_, i) => {
		const source = new EventSource("events?" + i)
		source.onopen = () => { window.opened++ }
		return source
	})
	true`

func TestNineStreamsAreOpenOverHTTP2(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	var open, older atomic.Int32 // the streams that are open now; requests that are not of HTTP/2
	app := newApp("/events", func(request *bare.HttpRequest) bare.HttpResponse {
		if request.Scope.ProtoMajor != 2 {
			older.Add(1)
		}
		open.Add(1)
		request.OnEnd(func(bare.End) { open.Add(-1) })
		return events(request)
	})
	addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0", TLSConfig: newTLSConfig(t)})
	do(t, tab, chromedp.Navigate("https://"+addr+"/"))
	evaluate[bool](t, tab, openNine)
	eventually(t, "nine streams are open at once", func() bool {
		return evaluate[int](t, tab, "sources.filter((source) => source.readyState === 1).length") == 9 && open.Load() == 9
	})
	if got := older.Load(); got != 0 {
		t.Errorf("%d requests were not of HTTP/2", got)
	}
	evaluate[bool](t, tab, "sources.forEach((source) => source.close()), true")
	eventually(t, "the server sees all nine leave", func() bool { return open.Load() == 0 })
}

func TestTheExampleIsReadOverHTTP2(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	cert, key := newKeyFiles(t)
	program := run(t, "server_sent_events", "-cert", cert, "-key", key)
	do(t, tab, chromedp.Navigate(program.url+"/test"))
	eventually(t, "the time is shown", func() bool {
		return strings.HasPrefix(evaluate[string](t, tab, textOf("#time")), "2")
	})
	const protocol = `performance.getEntriesByType("navigation")[0].nextHopProtocol`
	if got := evaluate[string](t, tab, protocol); got != "h2" {
		t.Errorf("the page came over %q, want h2", got)
	}
}

func TestSixStreamsAreOpenOverHTTP1(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	addr, _ := serve(t, newApp("/events", events), bare.Server{Addr: "127.0.0.1:0"})
	do(t, tab, chromedp.Navigate("http://"+addr+"/"))
	evaluate[bool](t, tab, openNine)
	eventually(t, "six streams are open", func() bool { return evaluate[int](t, tab, "opened") == 6 })
	// The limit is one of each host name, so a stream that is asked for later under
	// another name is answered, and the seventh has had its time.
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	evaluate[bool](t, tab, `fetch("http://localhost:`+port+`/events", {mode: "no-cors"}).then(() => true)`)
	if opened := evaluate[int](t, tab, "opened"); opened != 6 {
		t.Errorf("%d streams are open: browsers have changed, and the documents must", opened)
	}
	evaluate[bool](t, tab, "sources.slice(0, 3).forEach((source) => source.close()), true")
	eventually(t, "the others have had their turn", func() bool { return evaluate[int](t, tab, "opened") == 9 })
}

func TestTheLastRecordBeforeACutArrivesOverHTTP2(t *testing.T) {
	t.Parallel()
	tab, _ := newTab(t)
	app := newApp("/records", func(request *bare.HttpRequest) bare.HttpResponse {
		if request.Scope.ProtoMajor != 2 {
			t.Errorf("the request came over %s", request.Scope.Proto)
		}
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "application/x-ndjson"),
			Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				for i := range 3 {
					if !yield(fmt.Appendf(nil, "%d\n", i)) || !request.Sleep(20*time.Millisecond) {
						return nil
					}
				}
				yield([]byte("last\n"))
				return errors.New("cut on purpose")
			}),
		}
	})
	app.Logger = slog.New(slog.DiscardHandler)
	addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0", TLSConfig: newTLSConfig(t)})
	do(t, tab, chromedp.Navigate("https://"+addr+"/"))
	const read = `(async () => {
		let text = ""
		try {
			const response = await fetch("records")
			for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
				text += chunk
			}
		} catch {
			return text + "cut"
		}
		return text + "complete"
	})()`
	const (
		tries = 20
		all   = "0\n1\n2\nlast\n"
	)
	whole := 0
	for range tries {
		switch got := evaluate[string](t, tab, read); {
		case got == all+"cut":
			whole++
		case !strings.HasSuffix(got, "cut") || !strings.HasPrefix(all, strings.TrimSuffix(got, "cut")):
			t.Errorf("got %q", got)
		}
	}
	// A browser that gets no processor time for a tenth of a second may miss the
	// record all the same.
	if whole < tries/2 {
		t.Errorf("the last record came in %d of %d tries", whole, tries)
	}
}

// newTLSConfig has a certificate for the loopback address.
func newTLSConfig(t *testing.T) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(newKeyFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
}

// newKeyFiles writes a certificate for the loopback address, and its key.
func newKeyFiles(t *testing.T) (certificate, private string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encodedKey, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return writePEM(t, "CERTIFICATE", der), writePEM(t, "PRIVATE KEY", encodedKey)
}

func writePEM(t *testing.T, kind string, content []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

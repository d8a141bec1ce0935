package bare_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestOneStalledClientDoesNotHoldUpTheStreamsOfOthers(t *testing.T) {
	t.Parallel()
	for name, stalling := range map[string]struct {
		size  int
		pause time.Duration
	}{
		"in a write": {32 << 10, 0},
		// So little that it is always the clock's flush that meets the full buffer.
		"in a flush": {700, 400 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				testOthersTick(t, protocol, stalling.size, stalling.pause)
			})
		})
	}
}

func testOthersTick(t *testing.T, protocol baretest.Protocol, size int, pause time.Duration) {
	t.Helper()
	app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
		for chunk := make([]byte, size); yield(chunk) && request.Sleep(pause); {
		}
	})
	app.StallTimeout = 20 * time.Second
	app.OnHttpRequest(bare.Methods{"GET"}, "/ticks", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			for range request.Every(time.Second) {
				if !yield([]byte("tick")) {
					return
				}
			}
		}}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/one", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.ChunkWriter([]byte("one"), 2)}
	})
	server := serve(t, protocol, app)
	server.Get("/") // never read
	start := time.Now()
	ticks := server.Get("/ticks")
	for i := range 40 {
		if got, late := ticks.Next(), time.Since(start)-time.Duration(i)*time.Second; got != "tick" || late > time.Millisecond {
			t.Fatalf("tick %d is %q, and %v late", i, got, late)
		}
		// One that begins needs the clock.
		if got := server.Get("/one").Rest(); got != "one" {
			t.Fatalf("another client got %q", got)
		}
	}
}

func TestNewStreamsDoNotPutOffTheEndOfAStalledOne(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan error, 1)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { ended <- e.Err })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for yield(make([]byte, 32<<10)) {
				}
			}}
		})
		app.StallTimeout = 20 * time.Second
		app.OnHttpRequest(bare.Methods{"GET"}, "/silent", func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) { _ = yield([]byte("x")) && request.Sleep(time.Hour) }}
		})
		server := serve(t, protocol, app)
		server.Get("/") // never read
		for range 25 {
			server.Get("/silent")
			time.Sleep(time.Second)
		}
		select {
		case err := <-ended:
			if !errors.Is(err, bare.ErrStalled) {
				t.Errorf("OnEnd was told %v", err)
			}
		default:
			t.Error("the stalled stream is still there")
		}
	})
}

func TestAClientThatPipelinesAndNeverReadsIsCutOff(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := respond(bare.TextResponse(200, strings.Repeat("x", 4000)))
		app.StallTimeout = 20 * time.Second
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		start := time.Now()
		// More than the server takes in before its answers are read.
		_, err := io.WriteString(conn, strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 10_000))
		if took := time.Since(start); err == nil || took < 15*time.Second || took > 25*time.Second {
			t.Errorf("after %v the connection had ended with %v", took, err)
		}
		wantLogged(t, log)
	})
}

func TestChunksInQuickSuccessionAreNeverMoreThanAMillisecondLate(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		const chunks, stamp = 500, "05.000000"
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			for range chunks {
				if !yield([]byte(time.Now().Format(stamp))) {
					return
				}
				time.Sleep(130 * time.Microsecond)
			}
			request.Sleep(time.Hour)
		})
		stream := serve(t, protocol, app).Get("/")
		rest, reads := "", 0
		for seen := 0; seen < chunks; reads++ {
			rest += stream.Next()
			for ; len(rest) >= len(stamp); seen++ {
				made, err := time.Parse(stamp, rest[:len(stamp)])
				if err != nil {
					t.Fatal(err)
				}
				now, err := time.Parse(stamp, time.Now().Format(stamp))
				if err != nil {
					t.Fatal(err)
				}
				if late := now.Sub(made); late > time.Millisecond {
					t.Fatalf("chunk %d came %v late", seen, late)
				}
				rest = rest[len(stamp):]
			}
		}
		// They were made in 65 ms.
		if reads > 80 {
			t.Errorf("%d chunks came in %d parts", chunks, reads)
		}
	})
}

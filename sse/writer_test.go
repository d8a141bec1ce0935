package sse_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/sse"
)

func TestSeveralGoroutinesMayYield(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		server, _ := serve(t, protocol, stream(sse.Options{KeepAlive: time.Second}, func(request *bare.HttpRequest, yield func(sse.Event) bool) {
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					for range 50 {
						yield(data(strings.Repeat(fmt.Sprint(i), 100)))
						request.Sleep(time.Second)
					}
				})
			}
			all.Wait()
		}))
		counts := map[string]int{}
		for event, err := range sse.Read(strings.NewReader(server.Get("/").Rest()), sse.Limits{}) {
			if err != nil {
				t.Fatal(err)
			}
			counts[string(event.Data)]++
		}
		for i := range 4 {
			if got := counts[strings.Repeat(fmt.Sprint(i), 100)]; got != 50 || len(counts) != 4 {
				t.Errorf("%d whole events of goroutine %d in %d kinds, want 50 in 4", got, i, len(counts))
			}
		}
	})
}

func TestAStalledClientEndsTheStream(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan error, 1)
		handler := stream(sse.Options{}, func(_ *bare.HttpRequest, yield func(sse.Event) bool) {
			for yield(data(strings.Repeat("x", 10<<10))) {
			}
		})
		server, _ := serve(t, protocol, func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ended <- end.Err })
			return handler(request)
		})
		server.Get("/") // never read
		if err := <-ended; !errors.Is(err, bare.ErrStalled) {
			t.Errorf("the stream ended with %v", err)
		}
	})
}

func TestACommentThatWaitsForTheClientHoldsUpNoClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		response := sse.Response(baretest.NewRequest(http.MethodGet, "/", nil), func(yield func(sse.Event) bool) {
			time.Sleep(20 * time.Second)
			if yield(data("x")) {
				t.Error("an event was taken after the client had stalled")
			}
		}, sse.Options{})
		err := bare.RunBody(response.Body, func([]byte) bool {
			if time.Since(start) == 0 {
				return true
			}
			time.Sleep(30 * time.Second) // and then the write fails
			return false
		})
		if took := time.Since(start); took != 45*time.Second || err != nil {
			t.Errorf("the body returned after %v with %v, want 45s", took, err)
		}
	})
}

func TestAProducerThatNeverStopsIsEnded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan bool, 1)
		events := stream(sse.Options{}, func(_ *bare.HttpRequest, yield func(sse.Event) bool) {
			for {
				if !yield(data("x")) {
					continue // where it must return
				}
				time.Sleep(time.Second)
			}
		})
		server, _ := serve(t, protocol, func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(bare.End) { ended <- true })
			return events(request)
		})
		s := server.Get("/")
		s.Event()
		s.Close()
		<-ended
	})
}

func TestNothingIsYieldedAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		request := baretest.NewRequest(http.MethodGet, "/", nil)
		var late func(sse.Event) bool
		response := sse.Response(request, func(yield func(sse.Event) bool) {
			late = yield
			time.Sleep(20 * time.Second)
		}, sse.Options{})
		ended, chunks := false, 0
		response.Body(func([]byte) bool {
			if ended {
				t.Error("a chunk came after the end")
			}
			chunks++
			return true
		})
		ended = true
		time.Sleep(time.Hour)
		if taken := late(data("x")); taken || chunks != 2 {
			t.Errorf("%d chunks, want 2; a late event was taken: %v", chunks, taken)
		}
	})
}

func TestNothingIsYieldedAfterYieldHasSaidNo(t *testing.T) {
	t.Parallel()
	for name, no := range map[string]func() bool{
		"by returning false": func() bool { return false },
		"by a panic":         func() bool { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				response := sse.Response(baretest.NewRequest(http.MethodGet, "/", nil), func(yield func(sse.Event) bool) {
					attempt := func() bool {
						defer func() { _ = recover() }()
						return yield(data("x"))
					}
					for range 3 {
						if attempt() {
							t.Error("an event was taken")
						}
						time.Sleep(time.Minute)
					}
				}, sse.Options{})
				chunks := 0
				response.Body(func([]byte) bool {
					if chunks++; chunks == 1 {
						return true
					}
					time.Sleep(20 * time.Second) // in which a comment comes due
					return no()
				})
				if chunks != 2 {
					t.Errorf("%d chunks, want 2", chunks)
				}
			})
		})
	}
}

func TestTheEventsOfAStreamShareABuffer(t *testing.T) {
	var chunk []byte
	response := sse.Response(baretest.NewRequest(http.MethodGet, "/", nil), func(yield func(sse.Event) bool) {
		event := data("42.00")
		yield(event)
		if allocations := testing.AllocsPerRun(100, func() { yield(event) }); allocations != 0 {
			t.Errorf("%v allocations an event, want none", allocations)
		}
		yield(data(strings.Repeat("x", 1<<20)))
		yield(event)
		if cap(chunk) > 64<<10 {
			t.Errorf("%d bytes are kept for an event of %d", cap(chunk), len(chunk))
		}
	}, sse.Options{})
	response.Body(func(yielded []byte) bool {
		chunk = yielded
		return true
	})
}

func TestAProducerIsToldThatACommentWasNotTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		request := baretest.NewRequest(http.MethodGet, "/", nil)
		response := sse.Response(request, func(yield func(sse.Event) bool) {
			time.Sleep(20 * time.Second)
			if yield(data("x")) {
				t.Error("an event was taken after the client had left")
			}
		}, sse.Options{})
		if got := baretest.Chunks(response.Body, 2); len(got) != 2 {
			t.Errorf("got %q", got)
		}
	})
}

func TestAPanicIsTheBodys(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		events func(yield func(sse.Event) bool)
		yield  func(chunk []byte) bool
	}{
		"of the producer": {func(func(sse.Event) bool) { panic("broken") }, func([]byte) bool { return true }},
		"of yield": {func(yield func(sse.Event) bool) { yield(data("x")) }, func(chunk []byte) bool {
			if chunk[0] == 'd' {
				panic("broken")
			}
			return true
		}},
		"of yield in a comment": {func(func(sse.Event) bool) { time.Sleep(time.Hour) }, commentBreaks()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				response := sse.Response(baretest.NewRequest(http.MethodGet, "/", nil), test.events, sse.Options{})
				if err := bare.RunBody(response.Body, test.yield); err == nil || !strings.Contains(err.Error(), "broken") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// commentBreaks takes the first chunk, and panics at the second.
func commentBreaks() func([]byte) bool {
	first := true
	return func([]byte) bool {
		if !first {
			panic("broken")
		}
		first = false
		return true
	}
}

// BenchmarkResponse compares a stream of events with the same bytes yielded by hand.
func BenchmarkResponse(b *testing.B) {
	event := sse.Event{ID: "0000000000000001_0000000000000007", Type: "price", Data: []byte("42.00")}
	text, _ := event.AppendText(nil)
	request := baretest.NewRequest(http.MethodGet, "/", nil)
	take := func([]byte) bool { return true }
	b.Run("events", func(b *testing.B) {
		b.ReportAllocs()
		response := sse.Response(request, func(yield func(sse.Event) bool) {
			for b.Loop() {
				yield(event)
			}
		}, sse.Options{})
		if err := bare.RunBody(response.Body, take); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("bytes by hand", func(b *testing.B) {
		b.ReportAllocs()
		if err := bare.RunBody(func(yield func([]byte) bool) {
			for b.Loop() {
				yield(text)
			}
		}, take); err != nil {
			b.Fatal(err)
		}
	})
	b.Run("a stream of one event", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			response := sse.Response(request, func(yield func(sse.Event) bool) { yield(event) }, sse.Options{})
			if err := bare.RunBody(response.Body, take); err != nil {
				b.Fatal(err)
			}
		}
	})
}

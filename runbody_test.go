package bare_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestRunBodyReturnsWhatABodyFailedWith(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := []struct {
		name string
		body iter.Seq[[]byte]
		take int // chunks, before the body is stopped
		want string
		err  error
		text string // of the error
	}{
		{"no body", nil, 9, "", nil, ""},
		{"a body", bare.TextWriter("one"), 9, "one", nil, ""},
		{"an error", bare.StreamWriter(func(yield func([]byte) bool) error {
			yield([]byte("one"))
			return broken
		}), 9, "one", broken, "broken"},
		{"an error of a body that was stopped", bare.StreamWriter(func(yield func([]byte) bool) error {
			for yield([]byte("one")) {
			}
			return broken
		}), 2, "oneone", nil, ""},
		{"a panic", func(func([]byte) bool) { panic(broken) }, 9, "", broken, "bare: panic: broken\ngoroutine "},
		{"a panic with something else", func(func([]byte) bool) { panic("oops") }, 9, "", nil, "bare: panic: oops\ngoroutine "},
		{"an abort", func(func([]byte) bool) { panic(http.ErrAbortHandler) }, 9, "", http.ErrAbortHandler, "net/http: abort Handler"},
		{"a panic whose cause panics", func(func([]byte) bool) { panic(trap{}) }, 9, "", nil, "bare: panic: a trap\ngoroutine "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			taken := 0
			err := bare.RunBody(test.body, func(chunk []byte) bool {
				got.Write(chunk)
				taken++
				return taken < test.take
			})
			if got.String() != test.want {
				t.Errorf("it yielded %q, want %q", got.String(), test.want)
			}
			if (err == nil) != (test.text == "") || err != nil && !strings.HasPrefix(err.Error(), test.text) {
				t.Errorf("it returned %v, want %q", err, test.text)
			}
			if test.err != nil && !errors.Is(err, test.err) {
				t.Errorf("it returned %v, want %v", err, test.err)
			}
		})
	}
}

// trap is an error that panics when it is asked for its cause.
type trap struct{}

func (trap) Error() string { return "a trap" }
func (trap) Unwrap() error { panic("sprung") }

func TestRunBodyLetsOneChunkThroughAtATimeAndNoneAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var late atomic.Int32
		var ended sync.WaitGroup
		body := func(yield func([]byte) bool) {
			var early sync.WaitGroup
			for i := range 10 {
				early.Go(func() {
					for range 5 {
						yield([]byte{byte(i)})
					}
				})
			}
			early.Wait()
			ended.Go(func() { // it forgets to wait for this one
				time.Sleep(time.Second)
				for !yield([]byte("late")) {
					late.Add(1)
				}
			})
		}
		chunks, inside := 0, 0
		err := bare.RunBody(body, func([]byte) bool {
			if inside++; inside != 1 {
				t.Error("two chunks came at once")
			}
			time.Sleep(time.Millisecond)
			inside--
			chunks++
			return true
		})
		if err != nil || chunks != 50 {
			t.Errorf("%d chunks came (%v)", chunks, err)
		}
		ended.Wait() // it is ended, rather than left to go on for ever
		if got := late.Load(); got != 99 {
			t.Errorf("a yield returned false %d times", got)
		}
	})
}

func TestABodyMayYieldFromManyGoroutines(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			var producers sync.WaitGroup
			for i := range 8 {
				producers.Go(func() {
					for range 100 {
						if !yield([]byte{'a' + byte(i), ';'}) {
							return
						}
						time.Sleep(time.Millisecond)
					}
				})
			}
			producers.Wait()
		})
		got := serve(t, protocol, app).Get("/").Rest()
		if len(got) != 1600 || strings.Count(got, "a;") != 100 || strings.Count(got, "h;") != 100 {
			t.Errorf("got %d bytes", len(got))
		}
		wantLogged(t, log)
	})
}

func TestAGoroutineThatYieldsAfterTheEndHarmsNobody(t *testing.T) {
	t.Parallel()
	writers := map[string]func(late func(yield func() bool)) iter.Seq[[]byte]{
		"a plain body": func(late func(func() bool)) iter.Seq[[]byte] {
			return func(yield func([]byte) bool) {
				yield([]byte("one"))
				late(func() bool { return yield([]byte("late")) })
			}
		},
		"StringsWriter": func(late func(func() bool)) iter.Seq[[]byte] {
			return bare.StringsWriter(func(yield func(string) bool) {
				yield("one")
				late(func() bool { return yield("late") })
			})
		},
		"StreamWriter": func(late func(func() bool)) iter.Seq[[]byte] {
			return bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("one"))
				late(func() bool { return yield([]byte("late")) })
				return nil
			})
		},
		"JSONLinesWriter": func(late func(func() bool)) iter.Seq[[]byte] {
			return bare.JSONLinesWriter(func(yield func(string) bool) {
				yield("one")
				late(func() bool { return yield("late") })
			})
		},
	}
	for name, writer := range writers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				ended := make(chan int, 1)
				app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{Body: writer(func(yield func() bool) {
						go func() {
							calls := 0
							defer func() { ended <- calls }()
							for time.Sleep(time.Second); ; calls++ {
								if yield() {
									t.Error("a late chunk was taken")
									return
								}
							}
						}()
					})}
				})
				stream := serve(t, protocol, app).Get("/")
				if got := strings.Trim(stream.Rest(), "\"\n"); got != "one" || stream.Err() != nil {
					t.Errorf("got %q (%v)", got, stream.Err())
				}
				if calls := <-ended; calls != 99 {
					t.Errorf("the goroutine was let go on for %d calls", calls)
				}
				wantLogged(t, log, "WARN bare: the body went on after its end method=GET route=/")
			})
		})
	}
}

func TestAnEmptyChunkHasTheOthersSentAtOnce(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		start := time.Now()
		var flushed time.Duration
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("now")) && yield(nil)
			flushed = time.Since(start)
			request.Sleep(time.Minute)
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Next(); got != "now" || time.Since(start) != 0 {
			t.Errorf("%q came after %v", got, time.Since(start))
		}
		stream.Close()
		synctest.Wait()
		if flushed != 0 {
			t.Errorf("the flush took %v", flushed)
		}
	})
}

func TestARequestOfOnesOwnLivesAsLongAsItsContext(t *testing.T) {
	t.Parallel()
	scope, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x/runs?id=7", strings.NewReader("the body"))
	if err != nil {
		t.Fatal(err)
	}
	request := bare.NewHttpRequest(scope)
	var ends []bare.End
	handler := func(request *bare.HttpRequest) bare.HttpResponse {
		request.OnEnd(func(e bare.End) { ends = append(ends, e) })
		text, err := request.Text()
		return bare.HttpResponse{Body: bare.TextWriter(fmt.Sprint(text, " ", err, " ", request.Query().Get("id")))}
	}
	response := handler(request)
	got := strings.Join(baretest.Chunks(response.Body, -1), "")
	request.Finish(bare.End{Status: 200, Bytes: int64(len(got))})
	request.Finish(bare.End{})
	if want := "the body <nil> 7"; got != want || len(ends) != 1 || ends[0].Bytes != int64(len(want)) {
		t.Errorf("got %q, and OnEnd was told %+v", got, ends)
	}
	if _, err := request.Text(); !errors.Is(err, bare.ErrBodyConsumed) {
		t.Errorf("a second reader got %v", err)
	}
}

func TestAReaderOfOnesOwnRequestMayStopHalfWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		request := baretest.NewRequest("POST", "/", strings.NewReader("a line\nand another"))
		line := make([]byte, 7)
		if _, err := io.ReadFull(request.Reader(), line); err != nil || string(line) != "a line\n" {
			t.Errorf("got %q (%v)", line, err)
		}
	})
}

func TestARangeLoopAroundABodyThatGoesOnIsStoppedWithOneWarning(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		spam := func(yield func([]byte) bool) {
			for {
				yield([]byte("spam"))
				time.Sleep(10 * time.Millisecond)
			}
		}
		var end bare.End
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { end = e })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for chunk := range spam {
					if !yield(chunk) {
						return
					}
				}
			}}
		})
		stream := serve(t, protocol, app).Get("/")
		stream.Next()
		stream.Close()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if !errors.Is(end.Err, bare.ErrClientGone) {
			t.Errorf("OnEnd was told %+v", end)
		}
		wantLogged(t, log, "WARN bare: the body went on after its end method=GET route=/")
	})
}

func TestARangeLoopThatIsCalledAfterItsEndForNoReasonIsAPanic(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			spam := func(yield func(int) bool) {
				for i := range 3 {
					yield(i)
				}
			}
			for range spam {
				yield([]byte("one"))
				break // of its own accord: nobody has left
			}
		})
		stream := serve(t, baretest.HTTP1, app).Get("/")
		if stream.Rest(); stream.Err() == nil {
			t.Error("the response looks complete")
		}
		wantLogged(t, log, "ERROR bare: the body panicked method=GET route=/ panic=runtime error: range function continued")
	})
}

func TestAYieldAfterAGoexitIsDropped(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		late := make(chan bool, 1)
		app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			yield([]byte("one"))
			go func() {
				time.Sleep(time.Second)
				late <- yield([]byte("late"))
			}()
			runtime.Goexit()
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "one" || stream.Err() == nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
		if <-late {
			t.Error("a late chunk was taken")
		}
	})
}

func TestARefusedResponseLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]bare.HttpResponse{
		"a length that is none":       {Headers: bare.Headers("x-secret", "yes", "content-length", "many")},
		"two lengths":                 {Headers: bare.Headers("x-secret", "yes", "content-length", "1", "content-length", "1")},
		"a value with a break":        {Headers: bare.Headers("x-secret", "yes", "x-broken", "a\r\nb")},
		"a second value with a break": {Headers: http.Header{"X-Secret": {"yes"}, "X-Broken": {"fine", "a\nb"}}},
		"a name that is none":         {Headers: bare.Headers("x-secret", "yes", "x broken", "a")},
		"a status that is none":       {Status: 99, Headers: bare.Headers("x-secret", "yes")},
		"a status too large":          {Status: 1000, Headers: bare.Headers("x-secret", "yes")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := respond(response)
				stream := serve(t, protocol, app).Get("/")
				if got := stream.Rest(); got != "Internal Server Error" || stream.Response.StatusCode != http.StatusInternalServerError || stream.Response.Header.Get("X-Secret") != "" {
					t.Errorf("got %s %v %q", stream.Response.Status, stream.Response.Header, got)
				}
				wantLogged(t, log, "ERROR bare: the response was refused")
			})
		})
	}
}

func TestAPanicAfterTheClientLeftIsStillAFault(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			for yield([]byte("x")) {
				time.Sleep(time.Second)
			}
			panic("in the clean-up")
		})
		stream := serve(t, protocol, app).Get("/")
		stream.Next()
		stream.Close()
		time.Sleep(time.Minute)
		synctest.Wait()
		wantLogged(t, log, "ERROR bare: the body panicked method=GET route=/ panic=in the clean-up")
	})
}

package bare_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// under serves an application beneath another one, behind a writer of its own.
func under(t *testing.T, protocol baretest.Protocol, app *bare.Application, wrap func(w http.ResponseWriter) http.ResponseWriter) *baretest.Server {
	t.Helper()
	outer := bare.NewApplication()
	outer.Logger = app.Logger
	outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { app.ServeHTTP(wrap(w), r) }))
	return serve(t, protocol, outer)
}

// ticking has a body of three chunks a second apart, and keeps its ends.
func ticking() (app *bare.Application, log *logbook, ends func() []bare.End) {
	var mutex sync.Mutex
	var all []bare.End
	app, log = newApp(func(request *bare.HttpRequest) bare.HttpResponse {
		request.OnEnd(func(e bare.End) {
			mutex.Lock()
			defer mutex.Unlock()
			all = append(all, e)
		})
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			for range 3 {
				if !yield([]byte("tick;")) || !request.Sleep(time.Second) {
					return
				}
			}
		}}
	})
	return app, log, func() []bare.End {
		mutex.Lock()
		defer mutex.Unlock()
		return all
	}
}

func TestAFlushBehindAWrapperIsFound(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log, _ := ticking()
		stream := under(t, protocol, app, func(w http.ResponseWriter) http.ResponseWriter { return hiddenFlush{bareWriter{w}} }).Get("/")
		start := time.Now()
		for i := range 3 {
			if got, late := stream.Next(), time.Since(start)-time.Duration(i)*time.Second; got != "tick;" || late > time.Millisecond {
				t.Errorf("%q came %v late", got, late)
			}
		}
		wantLogged(t, log)
	})
}

func TestAWriterThatCannotFlushSendsTheWholeAtItsEnd(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log, ends := ticking()
		stream := under(t, protocol, app, func(w http.ResponseWriter) http.ResponseWriter { return bareWriter{w} }).Get("/")
		if got := stream.Rest(); got != "tick;tick;tick;" || stream.Err() != nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
		synctest.Wait()
		if got := ends(); len(got) != 1 || got[0].Err != nil || got[0].Bytes != 15 {
			t.Errorf("OnEnd was told %+v", got)
		}
		wantLogged(t, log)
	})
}

func TestAFlushThatFailsEndsTheResponse(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _, ends := ticking()
		server := under(t, protocol, app, func(w http.ResponseWriter) http.ResponseWriter {
			return failingFlush{bareWriter{w}, errors.New("broken")}
		})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := server.Client().Do(request); err == nil {
			_, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err == nil {
				t.Error("the response looks complete")
			}
		}
		synctest.Wait()
		got := ends()
		if len(got) == 0 || !errors.Is(got[0].Err, bare.ErrClientGone) || got[0].Duration > 50*time.Millisecond {
			t.Errorf("OnEnd was told %+v", got)
		}
	})
}

func TestTheLastFlushThatFailsIsReported(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var ends []bare.End
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { ends = append(ends, e) })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				yield([]byte("one"))
				time.Sleep(2 * time.Millisecond) // the clock's flush fails meanwhile
			}}
		})
		server := under(t, protocol, app, func(w http.ResponseWriter) http.ResponseWriter {
			return failingFlush{bareWriter{w}, errors.New("broken")}
		})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := server.Client().Do(request); err == nil {
			response.Body.Close()
		}
		synctest.Wait()
		if len(ends) != 1 || ends[0].Err == nil {
			t.Errorf("OnEnd was told %+v", ends)
		}
	})
}

func TestAWriterThatPanicsCostsItsResponseAndNoMore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wrap   func(w http.ResponseWriter) http.ResponseWriter
		logged string
	}{
		"in a flush": {func(w http.ResponseWriter) http.ResponseWriter { return panickingFlush{bareWriter{w}} }, "ERROR bare: a flush panicked method=POST route=/ panic=no flush today"},
		"in a write": {func(w http.ResponseWriter) http.ResponseWriter { return panickingWrite{bareWriter{w}} }, "ERROR bare: the body panicked method=POST route=/ panic=no write today"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log, ends := ticking()
				outer := bare.NewApplication()
				outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { app.ServeHTTP(test.wrap(w), r) }))
				wantNoResponse(t, serve(t, protocol, outer))
				if got := ends(); len(got) == 0 || got[0].Err == nil || !strings.Contains(got[0].Err.Error(), "panicked") {
					t.Errorf("OnEnd was told %+v", got)
				}
				wantLogged(t, log, test.logged)
			})
		})
	}
}

// wantNoResponse asks with a POST, as what is no GET is not tried again, and wants
// an answer that does not look complete, or none.
func wantNoResponse(t *testing.T, server *baretest.Server) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := server.Client().Do(request); err == nil {
		_, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err == nil {
			t.Error("the response looks complete")
		}
	}
	synctest.Wait()
}

// panickingAt panics at one chunk.
type panickingAt struct{ bareWriter }

func (p panickingAt) Write(chunk []byte) (int, error) {
	if string(chunk) == "lost" {
		panic("no write today")
	}
	return p.bareWriter.Write(chunk)
}

func TestABodyThatRecoversItsWritersPanicIsNotComplete(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan error, 1)
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { ended <- e.Err })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				defer func() { _ = recover() }()
				_ = yield([]byte("first")) && request.Sleep(time.Second) && yield([]byte("lost"))
			}}
		})
		outer := bare.NewApplication()
		outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			app.ServeHTTP(panickingAt{bareWriter{w}}, r)
		}))
		wantNoResponse(t, serve(t, protocol, outer))
		if err := <-ended; err == nil {
			t.Error("OnEnd was told that the response is complete")
		}
		wantLogged(t, log, "ERROR bare: the body failed method=POST route=/ error=bare: a write panicked")
	})
}

func TestAWriterWithoutDeadlinesCannotCutOffAStalledClientAndSaysSo(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			for chunk := make([]byte, 32<<10); yield(chunk); {
			}
		})
		app.StallTimeout = 10 * time.Second
		// The server around it gives up later.
		outer := bare.NewApplication()
		outer.StallTimeout = time.Minute
		outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// Without the context nothing tells the connection of a server of ours.
			app.ServeHTTP(failingFlush{bareWriter{w}, nil}, r.WithContext(context.Background())) //nolint:contextcheck // that is the point
		}))
		stream := serve(t, baretest.HTTP1, outer).Get("/")
		time.Sleep(2 * time.Minute)
		stream.Close()
		synctest.Wait()
		wantLogged(t, log, "WARN bare: a stalled client cannot be cut off")
	})
}

// hopeless panics wherever it is asked to send something.
type hopeless struct{ panickingFlush }

func (hopeless) Write([]byte) (int, error) { panic("no write today") }

type panickingHead struct{ bareWriter }

func (panickingHead) WriteHeader(int) { panic("no head today") }

type panickingHeader struct{ bareWriter }

func (panickingHeader) Header() http.Header { panic("no headers today") }

func TestAWriterThatPanicsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(w http.ResponseWriter) http.ResponseWriter{
		"in a flush":            func(w http.ResponseWriter) http.ResponseWriter { return panickingFlush{bareWriter{w}} },
		"in a write":            func(w http.ResponseWriter) http.ResponseWriter { return panickingWrite{bareWriter{w}} },
		"in a write and flush":  func(w http.ResponseWriter) http.ResponseWriter { return hopeless{panickingFlush{bareWriter{w}}} },
		"in the head":           func(w http.ResponseWriter) http.ResponseWriter { return panickingHead{bareWriter{w}} },
		"when asked for a head": func(w http.ResponseWriter) http.ResponseWriter { return panickingHeader{bareWriter{w}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				ends := 0
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(bare.End) { ends++ })
					return bare.HttpResponse{
						Headers: bare.Headers("content-type", "text/event-stream"), // whose first chunk is flushed at once
						Body: func(yield func([]byte) bool) {
							for yield([]byte("tick;")) && request.Sleep(time.Second) {
							}
						},
					}
				})
				server := under(t, protocol, app, wrap)
				wantCut(t, server)
				synctest.Wait()
				if watched := bare.Watched(app); ends != 1 || watched != 0 {
					t.Errorf("OnEnd was told %d times, and %d exchanges are still watched", ends, watched)
				}
			})
		})
	}
}

// wantCut sends a request that no client repeats by itself, and fails the test if
// the response looks complete.
func wantCut(t *testing.T, server *baretest.Server) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("once"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := server.Client().Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if _, err := io.ReadAll(response.Body); err == nil {
		t.Error("the response looks complete")
	}
}

func TestWhoeverEndsTheGoroutineLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]struct{ inBody, inOnEnd bool }{
		"in the body": {true, false},
		"in OnEnd":    {false, true},
		"in both":     {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				ends := 0
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(bare.End) {
						ends++
						if when.inOnEnd {
							runtime.Goexit()
						}
					})
					return bare.HttpResponse{Body: func(yield func([]byte) bool) {
						request.Sleep(2 * time.Millisecond) // the clock has flushed the head
						if when.inBody {
							runtime.Goexit()
						}
						panic(http.ErrAbortHandler)
					}}
				})
				wantCut(t, serve(t, protocol, app))
				synctest.Wait()
				if watched := bare.Watched(app); ends != 1 || watched != 0 {
					t.Errorf("OnEnd was told %d times, and %d exchanges are still watched", ends, watched)
				}
			})
		})
	}
}

func TestAForeignServersOwnTimeOutIsAStall(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log, ends := ticking()
		server := under(t, baretest.HTTP1, app, func(w http.ResponseWriter) http.ResponseWriter {
			return failingFlush{bareWriter{w}, fmt.Errorf("write: %w", os.ErrDeadlineExceeded)}
		})
		conn := server.Dial()
		defer conn.Close()
		send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		_, _ = io.Copy(io.Discard, conn)
		if got := ends(); len(got) != 1 || !errors.Is(got[0].Err, bare.ErrStalled) {
			t.Errorf("OnEnd was told %+v", got)
		}
		wantLogged(t, log)
	})
}

// slowWriter takes its time, and cannot be told to hurry.
type slowWriter struct {
	bareWriter

	write, flush time.Duration
}

func (s slowWriter) Write(p []byte) (int, error) {
	time.Sleep(s.write)
	return s.bareWriter.Write(p)
}

func (s slowWriter) FlushError() error {
	time.Sleep(s.flush)
	return nil
}

func TestAWriteThatEndsAfterTheStallTimeIsAStallAllTheSame(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(w http.ResponseWriter) http.ResponseWriter{
		"a write": func(w http.ResponseWriter) http.ResponseWriter { return slowWriter{bareWriter{w}, time.Minute, 0} },
		"a flush": func(w http.ResponseWriter) http.ResponseWriter { return slowWriter{bareWriter{w}, 0, time.Minute} },
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log, ends := ticking()
				outer := bare.NewApplication()
				outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					app.ServeHTTP(wrap(w), r.WithContext(context.Background())) //nolint:contextcheck // a foreign server's
				}))
				conn := serve(t, baretest.HTTP1, outer).Dial()
				defer conn.Close()
				send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				_, _ = io.Copy(io.Discard, conn)
				if got := ends(); len(got) != 1 || !errors.Is(got[0].Err, bare.ErrStalled) {
					t.Errorf("OnEnd was told %+v", got)
				}
				wantLogged(t, log, "WARN bare: a stalled client cannot be cut off")
			})
		})
	}
}

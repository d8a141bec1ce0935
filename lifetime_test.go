package bare_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestTheContextEndsWithTheResponseUnderAnyServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := make(chan context.Context, 1)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			seen <- request.Context()
			return bare.TextResponse(200, "done")
		})
		app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		if err := (<-seen).Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("after the response its error is %v", err)
		}
	})
}

func TestARequestWhoseBodyWasTakenAwayIsEmpty(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			text, err := request.Text()
			if text != "" || err != nil {
				t.Errorf("the body is %q (%v)", text, err)
			}
			return bare.TextResponse(200, "done")
		})
		around := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.ReadAll(r.Body); err != nil {
				t.Error(err)
			}
			taken := *r
			taken.Body = nil
			app.ServeHTTP(w, &taken)
		})
		server := baretest.Config{Protocol: protocol}.NewHandlerServer(t, around, app)
		if got := post(t, server, "", strings.NewReader("hello")).Rest(); got != "done" {
			t.Errorf("got %q", got)
		}
		wantLogged(t, log)
	})
}

func TestAContextThatIsAskedForAfterAStopHasEnded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		begun := make(chan bool)
		app, log := bodyOf(func(request *bare.HttpRequest, _ func([]byte) bool) {
			close(begun)
			time.Sleep(200 * time.Microsecond) // nobody has taken notice of it by then
			if request.Sleep(time.Hour) || !errors.Is(context.Cause(request.Context()), bare.ErrShutdown) {
				t.Errorf("the context ended with %v", context.Cause(request.Context()))
			}
		})
		server := serve(t, protocol, app)
		ended := make(chan error)
		go func() {
			stream := server.Get("/")
			stream.Rest()
			ended <- stream.Err()
		}()
		<-begun
		time.Sleep(100 * time.Microsecond)
		start := time.Now()
		if err := server.Stop(); err != nil || time.Since(start) > 2*time.Second {
			t.Errorf("the stop took %v: %v", time.Since(start), err)
		}
		if err := <-ended; err != nil {
			t.Errorf("the stream ended with %v", err)
		}
		wantLogged(t, log)
	})
}

func TestALoopThatBeginsAfterTheResponseLeavesNothingToWatch(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan error)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Duplex() // so that nobody else reads it
			go func() {
				time.Sleep(time.Minute)
				var last error
				for _, err := range request.Body {
					last = err
				}
				ended <- last
			}()
			return bare.HttpResponse{}
		})
		server := serve(t, protocol, app)
		reader, writer := io.Pipe()
		defer writer.Close()
		stream := post(t, server, "", io.MultiReader(strings.NewReader("begun"), reader))
		stream.Rest()
		if err := <-ended; !errors.Is(err, bare.ErrBodyConsumed) {
			t.Errorf("the body of a request that is over ended with %v", err)
		}
		stream.Close()
		synctest.Wait()
		if got := bare.Watched(app); got != 0 {
			t.Errorf("%d exchanges are watched", got)
		}
	})
}

func TestOnEndKnowsTheFirstByteOfAnyBody(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]func(request *bare.HttpRequest, report func(bare.End)) bare.HttpResponse{
		"of a whole response": func(request *bare.HttpRequest, report func(bare.End)) bare.HttpResponse {
			request.OnEnd(report)
			time.Sleep(time.Second)
			return bare.TextResponse(200, "whole")
		},
		"of a body that asks for it itself": func(request *bare.HttpRequest, report func(bare.End)) bare.HttpResponse {
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				time.Sleep(time.Second)
				yield([]byte("first"))
				request.OnEnd(report)
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var end bare.End
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					return handler(request, func(e bare.End) { end = e })
				})
				serve(t, protocol, app).Get("/").Rest()
				synctest.Wait()
				if end.FirstByte != time.Second || end.Bytes != 5 {
					t.Errorf("OnEnd was told %+v", end)
				}
			})
		})
	}
}

package bare_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAHandlerOfNetHTTPReadsItsBody(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			content, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, strings.ToUpper(string(content)))
		})))
		server := serve(t, protocol, app)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader("aloud"))
		if err != nil {
			t.Fatal(err)
		}
		if got := server.Do(request).Rest(); got != "ALOUD" {
			t.Errorf("got %q", got)
		}
		wantLogged(t, log)
	})
}

func TestAStopEndsTheContextOfAHandlerOfNetHTTP(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var cause error
		app, log := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "begun")
			<-r.Context().Done()
			cause = context.Cause(r.Context())
		})))
		server := serve(t, protocol, app)
		stream := server.Get("/")
		stream.Next()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if stream.Rest(); stream.Err() != nil || !errors.Is(cause, bare.ErrShutdown) {
			t.Errorf("the stream ended with %v, and the cause is %v", stream.Err(), cause)
		}
		wantLogged(t, log)
	})
}

func TestAHandlerOfNetHTTPFlushesItsHeadAndCannotHijack(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := false
		app, _ := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			control := http.NewResponseController(w)
			if _, _, err := control.Hijack(); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("Hijack returned %v", err)
			}
			w.WriteHeader(http.StatusEarlyHints) // not carried
			w.WriteHeader(http.StatusAccepted)
			if err := control.Flush(); err != nil {
				t.Error(err)
			}
			<-r.Context().Done()
			ended = true
		})))
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		if took := time.Since(start); stream.Response.StatusCode != http.StatusAccepted || took > time.Millisecond {
			t.Errorf("after %v the head was %s", took, stream.Response.Status)
		}
		synctest.Wait() // until Flush has returned: it fails if its client has left by then
		stream.Close()
		synctest.Wait()
		if !ended {
			t.Error("the handler did not see its client leave")
		}
	})
}

func TestAMountedHandlerMayTakeTheConnectionOver(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := newApp(empty)
		app.Mount("/raw", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "raw bytes")
		}))
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "GET /raw HTTP/1.1\r\nHost: x\r\n\r\n")
		if got, err := io.ReadAll(conn); string(got) != "raw bytes" || err != nil {
			t.Errorf("got %q (%v)", got, err)
		}
		wantLogged(t, log)
	})
}

func TestHandlersOfNetHTTPStreamAsTheyWrite(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Kind", "foreign")
			w.WriteHeader(http.StatusAccepted)
			w.Header().Set("X-Late", "never sent")
			buffer := []byte("one")
			_, _ = w.Write(buffer)
			copy(buffer, "two")
			_, _ = w.Write(buffer)
			<-r.Context().Done()
			for writes := 0; ; writes++ {
				if _, err := w.Write(buffer); err != nil {
					return
				}
				if writes == 10 {
					t.Error("the writes to a client that has left do not fail")
					return
				}
				time.Sleep(time.Second)
			}
		})))
		stream := serve(t, protocol, app).Get("/")
		got := stream.Next()
		for len(got) < 6 {
			got += stream.Next()
		}
		header := stream.Response.Header
		if got != "onetwo" || stream.Response.StatusCode != http.StatusAccepted || header.Get("X-Kind") != "foreign" || header.Get("X-Late") != "" {
			t.Errorf("got %d %q %v", stream.Response.StatusCode, got, header)
		}
		stream.Close()
		time.Sleep(time.Minute)
	})
}

func TestPanicsOfNetHTTPHandlers(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("early") })))
		app.OnHttpRequest(bare.Methods{"GET"}, "/late", bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic("late")
		})))
		server := serve(t, protocol, app)
		if early := server.Get("/"); early.Response.StatusCode != http.StatusInternalServerError || early.Rest() != "Internal Server Error" {
			t.Errorf("a panic before the head is a %d", early.Response.StatusCode)
		}
		late := server.Get("/late")
		if got := late.Rest(); got != "half" || late.Err() == nil {
			t.Errorf("a panic in the body gave %q (%v)", got, late.Err())
		}
		wantLogged(t, log, "ERROR bare: the handler panicked method=GET route=/ panic=early", "ERROR bare: the body panicked method=GET route=/late panic=late")
	})
}

func TestAPanicOfANetHTTPHandlerIsLoggedOnceForHEAD(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("early") })))
		app.OnHttpRequest(bare.Methods{"GET"}, "/late", bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusAccepted)
			panic("late")
		})))
		server := serve(t, protocol, app)
		for path, status := range map[string]int{"/": http.StatusInternalServerError, "/late": http.StatusAccepted} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if got := server.Do(request).Response.StatusCode; got != status {
				t.Errorf("HEAD %s is a %d, want %d", path, got, status)
			}
		}
		synctest.Wait()
		messages := log.above()
		slices.Sort(messages) // maps have no order
		if len(messages) != 2 ||
			!strings.HasPrefix(messages[0], "ERROR bare: the handler panicked after its head method=HEAD route=/late panic=late") ||
			!strings.HasPrefix(messages[1], "ERROR bare: the handler panicked method=HEAD route=/ panic=early") {
			t.Errorf("logged %d: %.200q", len(messages), messages)
		}
	})
}

func TestHEADOfNetHTTPHandlersLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "not wanted")
			<-r.Context().Done()
		})))
		server := serve(t, protocol, app)
		for range 100 {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			server.Do(request).Close()
		}
	})
}

// trickle is a body that never ends, of 1,000 bytes a second.
type trickle struct{ done <-chan struct{} }

func (r trickle) Read(buffer []byte) (int, error) {
	select {
	case <-r.done:
		return 0, io.EOF
	case <-time.After(time.Second):
		return min(len(buffer), 1000), nil
	}
}

func TestAnUploadThatIsFirstReadAfterTheResponseHoldsNothingUp(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		read := make(chan error, 1)
		app, _ := newApp(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			<-r.Context().Done()
			_, err := io.Copy(io.Discard, r.Body)
			read <- err
		})))
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			response := handler(request)
			response.Body = bare.TextWriter("another body")
			return response
		})
		server := serve(t, protocol, app)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, trickle{ctx.Done()})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		stream := server.Do(request)
		if got := stream.Rest(); got != "another body" || stream.Err() != nil || time.Since(start) > 10*time.Millisecond {
			t.Errorf("after %v got %q (%v)", time.Since(start), got, stream.Err())
		}
		if err := <-read; err == nil || time.Since(start) > 10*time.Millisecond {
			t.Errorf("after %v the handler's read returned %v", time.Since(start), err)
		}
		cancel()
		time.Sleep(5 * time.Second)
	})
}

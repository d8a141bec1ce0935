package bare_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAReaderReadsToTheEndAndStaysThere(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			reader := request.Reader()
			content, err := io.ReadAll(reader)
			if err != nil {
				t.Error(err)
			}
			for range 2 {
				if n, err := reader.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
					t.Errorf("after the end it read %d bytes (%v)", n, err)
				}
			}
			for _, err := range request.Body {
				if !errors.Is(err, bare.ErrBodyConsumed) {
					t.Errorf("a loop after it got %v", err)
				}
			}
			return bare.TextResponse(200, string(content))
		})
		if got := post(t, serve(t, protocol, app), "", strings.NewReader("whole")).Rest(); got != "whole" {
			t.Errorf("got %q", got)
		}
	})
}

func TestTheLimitOfAnOuterHandlerIsA413(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		inner, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			if !errors.Is(err, bare.ErrBodyTooLarge) {
				t.Errorf("the read returned %v", err)
			}
			if _, again := request.Reader().Read(make([]byte, 1)); again == nil {
				t.Error("a second read did not fail")
			}
			return bare.ErrorResponse(err)
		})
		outer := bare.NewApplication()
		outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, 10)
			inner.ServeHTTP(w, r)
		}))
		stream := post(t, serve(t, protocol, outer), "", strings.NewReader(strings.Repeat("x", 100)))
		if stream.Rest(); stream.Response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("got %s", stream.Response.Status)
		}
		wantLogged(t, log)
	})
}

func TestAMalformedUploadIsA400(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			return bare.ErrorResponse(err)
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n")
		if response, body := readResponse(t, bufio.NewReader(conn)); response.StatusCode != http.StatusBadRequest || body != "The request body is malformed." {
			t.Errorf("got %s %q", response.Status, body)
		}
		wantLogged(t, log)
	})
}

func TestABodyThatWasAskedForWithExpectIsNotWaitedFor(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := respond(bare.TextResponse(200, "no need"))
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n")
		start := time.Now()
		raw, _ := io.ReadAll(conn)
		if got := string(raw); !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.Contains(got, "\r\nConnection: close\r\n") || time.Since(start) > 5*time.Second {
			t.Errorf("after %v got %q", time.Since(start), got)
		}
	})
}

func TestAnUploadThatIsReadKeepsTheConnection(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			text, _ := request.Text()
			return bare.TextResponse(200, text)
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		reader := bufio.NewReader(conn)
		for range 3 {
			send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
			if response, got := readResponse(t, reader); got != "hello" || response.Close {
				t.Errorf("got %q, and the connection is closed: %t", got, response.Close)
			}
			time.Sleep(time.Minute)
		}
	})
}

func TestASlowHandlerIsNotTakenForASlowUpload(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			total := 0
			for chunk, err := range request.Body {
				if err != nil {
					return bare.ErrorResponse(err)
				}
				total += len(chunk)
				time.Sleep(time.Minute)
			}
			return bare.HttpResponse{Status: 200 + total}
		})
		reader, writer := io.Pipe()
		go func() {
			for range 10 { // one byte each time that it is asked
				_, _ = io.WriteString(writer, "x")
			}
			_ = writer.Close()
		}()
		if got := post(t, serve(t, protocol, app), "", reader).Response.StatusCode; got != 210 {
			t.Errorf("got %d", got)
		}
		synctest.Wait()
	})
}

func TestADuplexThatSaysLittleIsNoSlowUpload(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Duplex()
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for chunk, err := range request.Body {
					if err != nil || !yield(chunk) {
						return
					}
				}
			}}
		})
		reader, writer := io.Pipe()
		stream := post(t, serve(t, protocol, app), "", reader)
		for range 10 {
			time.Sleep(20 * time.Second)
			go func() { _, _ = io.WriteString(writer, "x") }()
			if got := stream.Next(); got != "x" {
				t.Fatalf("got %q (%v)", got, stream.Err())
			}
		}
		_ = writer.Close()
		stream.Rest()
	})
}

func TestALargeDuplexEchoesWhileItReads(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Duplex()
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for chunk, err := range request.Body {
					if err != nil || !yield(chunk) {
						return
					}
				}
			}}
		})
		const size = 2 << 20
		reader, writer := io.Pipe()
		go func() {
			for range size / 1024 {
				_, _ = writer.Write(make([]byte, 1024))
			}
			_ = writer.Close()
		}()
		stream := post(t, serve(t, protocol, app), "", reader)
		if got := len(stream.Rest()); got != size || stream.Err() != nil {
			t.Errorf("got %d of %d bytes (%v)", got, size, stream.Err())
		}
	})
}

func TestDuplexWithoutABodyDoesNothing(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Duplex()
			return bare.TextResponse(200, "fine")
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "fine" || stream.Response.Close {
			t.Errorf("got %q, closed: %t", got, stream.Response.Close)
		}
	})
}

func TestAnUnreadBodyCostsNoHTTP2Connection(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		if protocol == baretest.HTTP1 {
			return // there it does
		}
		app, _ := respond(bare.TextResponse(200, "unread"))
		server := serve(t, protocol, app)
		reused := false
		for range 2 {
			reader, writer := io.Pipe()
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }})
			request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, reader)
			if err != nil {
				t.Fatal(err)
			}
			if got := server.Do(request).Rest(); got != "unread" {
				t.Errorf("got %q", got)
			}
			_ = writer.Close()
			time.Sleep(time.Minute)
		}
		if !reused {
			t.Error("the connection was given up")
		}
	})
}

func TestAnUploadThatBreaksOffUnderAForeignServerIsAClientThatLeft(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		failed := make(chan error, 1)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			failed <- err
			return bare.HttpResponse{}
		})
		outer := bare.NewApplication()
		outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			app.ServeHTTP(w, r.WithContext(context.Background())) //nolint:contextcheck // it tells nothing of the client
		}))
		conn := serve(t, baretest.HTTP1, outer).Dial()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegun")
		_ = conn.Close()
		if err := <-failed; !errors.Is(err, bare.ErrClientGone) {
			t.Errorf("the read returned %v", err)
		}
	})
}

func TestAStalledUploadIsGivenUpHoweverItIsRead(t *testing.T) {
	t.Parallel()
	ways := map[string]func(request *bare.HttpRequest) io.Reader{
		"by Reader":            (*bare.HttpRequest).Reader,
		"by the Scope's Body":  func(request *bare.HttpRequest) io.Reader { return request.Scope.Body },
		"by a buffered reader": func(request *bare.HttpRequest) io.Reader { return bufio.NewReader(request.Reader()) },
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					content, err := io.ReadAll(way(request))
					if !errors.Is(err, bare.ErrStalled) || string(content) != "a beginning" {
						t.Errorf("after %q the read returned %v", content, err)
					}
					return bare.ErrorResponse(err)
				})
				reader, writer := io.Pipe()
				defer writer.Close()
				go func() { _, _ = io.WriteString(writer, "a beginning") }()
				start := time.Now()
				stream := post(t, serve(t, protocol, app), "", reader)
				if took := time.Since(start); stream.Response.StatusCode != http.StatusRequestTimeout || took > 35*time.Second {
					t.Errorf("after %v got %s", took, stream.Response.Status)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestWhatAFailedReadMeans(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := []struct {
		name     string
		protocol baretest.Protocol
		failure  error
		left     bool // the context has ended
		want     error
		status   int
	}{
		{"over HTTP/1.1 it is malformed", baretest.HTTP1, broken, false, broken, http.StatusBadRequest},
		{"over HTTP/1.1 with a context that has ended", baretest.HTTP1, broken, true, bare.ErrClientGone, http.StatusInternalServerError},
		{"over HTTP/2", baretest.H2C, broken, false, bare.ErrClientGone, http.StatusInternalServerError},
		{"a server's own time-out", baretest.HTTP1, os.ErrDeadlineExceeded, false, bare.ErrStalled, http.StatusRequestTimeout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				inner, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					_, err := request.Text()
					if !errors.Is(err, test.want) {
						t.Errorf("the read returned %v, want %v", err, test.want)
					}
					return bare.ErrorResponse(err)
				})
				outer := bare.NewApplication()
				outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					ctx, cancel := context.WithCancel(r.Context())
					defer cancel()
					if test.left {
						cancel()
					}
					r = r.WithContext(ctx)
					r.Body = io.NopCloser(io.MultiReader(strings.NewReader("half"), &failing{test.failure}))
					inner.ServeHTTP(w, r)
				}))
				stream := post(t, serve(t, test.protocol, outer), "", strings.NewReader("sent"))
				if stream.Rest(); stream.Response.StatusCode != test.status {
					t.Errorf("got %s", stream.Response.Status)
				}
			})
		})
	}
	t.Run("without a server it is returned as it is", func(t *testing.T) {
		t.Parallel()
		scope, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x/", &failing{broken})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bare.NewHttpRequest(scope).Text(); !errors.Is(err, broken) {
			t.Errorf("the read returned %v", err)
		}
	})
}

func TestAllUploadsThatStallAtOnceAreGivenUp(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			return bare.ErrorResponse(err)
		})
		server := serve(t, protocol, app)
		start := time.Now()
		answers := make(chan int)
		for range 5 {
			reader, writer := io.Pipe()
			t.Cleanup(func() { _ = writer.Close() })
			go func() { answers <- post(t, server, "", reader).Response.StatusCode }()
		}
		for range 5 {
			if got := <-answers; got != http.StatusRequestTimeout {
				t.Errorf("got %d", got)
			}
		}
		if took := time.Since(start); took > 35*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

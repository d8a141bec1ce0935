package bare_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// post sends a body to "/", of the given content type.
func post(t *testing.T, server *baretest.Server, contentType string, body io.Reader) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	return server.Do(request)
}

func TestWholeBodiesAreReadWithALimitAndPlainSentences(t *testing.T) {
	t.Parallel()
	readers := map[string]func(*bare.HttpRequest) (string, error){
		"text": (*bare.HttpRequest).Text,
		"JSON": func(r *bare.HttpRequest) (string, error) {
			var target struct {
				Name string `json:"name"`
			}
			err := r.JSON(&target)
			return target.Name, err
		},
		"form": func(r *bare.HttpRequest) (string, error) { values, err := r.Form(); return values.Get("name"), err },
	}
	const json, form = "application/json", "application/x-www-form-urlencoded"
	tests := []struct {
		name, reader, contentType, body string
		status                          int
		want                            string
	}{
		{"text", "text", "text/plain", "hello", 200, "hello"},
		{"an empty text", "text", "text/plain", "", 200, ""},
		{"text at the limit", "text", "", strings.Repeat("x", 100), 200, strings.Repeat("x", 100)},
		{"text over the limit", "text", "", strings.Repeat("x", 101), 413, "Request Entity Too Large"},
		{"JSON", "JSON", json, `{"name": "Ada"}`, 200, "Ada"},
		{"JSON of another kind", "JSON", "application/problem+json; charset=utf-8", `{"name": "Ada"}`, 200, "Ada"},
		{"JSON that is none", "JSON", json, `{"name": `, 400, "The request body is not valid JSON: see byte 9."},
		{"JSON with something behind it", "JSON", json, `{} {}`, 400, "The request body is not valid JSON: see byte 4."},
		{"no JSON", "JSON", json, " ", 400, "The request body is empty, where a JSON document is expected."},
		{"JSON of another form", "JSON", json, `{"name": 5}`, 400, `The JSON value at "name" has the wrong form.`},
		{"a document of another form", "JSON", json, `[]`, 400, "The JSON document has the wrong form."},
		{"JSON called text", "JSON", "text/plain", `{}`, 415, "The request body must have the content type application/json."},
		{"JSON called nothing", "JSON", "", `{}`, 415, "The request body must have the content type application/json."},
		{"a form", "form", form, "name=Ada+Lovelace", 200, "Ada Lovelace"},
		{"a form that is none", "form", form, "name=%zz", 400, "The form is malformed."},
		{"a form called JSON", "form", json, "name=x", 415, "The request body must have the content type application/x-www-form-urlencoded."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					text, err := readers[test.reader](request)
					if err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.TextResponse(200, text)
				})
				app.ReadLimit = 100
				stream := post(t, serve(t, protocol, app), test.contentType, strings.NewReader(test.body))
				if got := stream.Rest(); got != test.want || stream.Response.StatusCode != test.status {
					t.Errorf("got %d %q, want %d %q", stream.Response.StatusCode, got, test.status, test.want)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestABodyIsStreamedAsItComes(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		start := time.Now()
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			var got strings.Builder
			for chunk, err := range request.Body {
				if err != nil {
					return bare.ErrorResponse(err)
				}
				fmt.Fprintf(&got, "%s after %v; ", chunk, time.Since(start).Round(time.Second))
			}
			return bare.TextResponse(200, got.String())
		})
		reader, writer := io.Pipe()
		go func() {
			for _, chunk := range []string{"one", "two"} {
				_, _ = io.WriteString(writer, chunk)
				time.Sleep(10 * time.Second)
			}
			_ = writer.Close()
		}()
		if got := post(t, serve(t, protocol, app), "text/plain", reader).Rest(); got != "one after 0s; two after 10s; " {
			t.Errorf("got %q", got)
		}
	})
}

func TestABodyIsReadOnce(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			first, err := request.Text()
			_, again := request.Text()
			_, reader := request.Reader().Read(make([]byte, 1))
			if err != nil || !errors.Is(again, bare.ErrBodyConsumed) || !errors.Is(reader, bare.ErrBodyConsumed) {
				t.Errorf("the errors are %v, %v and %v", err, again, reader)
			}
			return bare.TextResponse(200, first)
		})
		if got := post(t, serve(t, protocol, app), "", strings.NewReader("once")).Rest(); got != "once" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAStreamingReadHasTheLimitThatIsSet(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			n, err := io.Copy(io.Discard, request.Reader())
			if err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.TextResponse(200, fmt.Sprint(n))
		})
		app.BodyLimit = 100_000
		server := serve(t, protocol, app)
		for size, want := range map[int]int{100_000: 200, 100_001: 413} {
			if got := post(t, server, "", strings.NewReader(strings.Repeat("x", size))).Response.StatusCode; got != want {
				t.Errorf("%d bytes: got %d, want %d", size, got, want)
			}
		}
	})
}

func TestAResponseDoesNotWaitForARequestThatNeverEnds(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "done") })
		server := serve(t, protocol, app)
		reader, writer := io.Pipe()
		defer writer.Close()
		go func() { _, _ = io.WriteString(writer, "a beginning") }()
		start := time.Now()
		stream := post(t, server, "", reader)
		if took := time.Since(start); took > 10*time.Millisecond {
			t.Errorf("the head came after %v", took)
		}
		if got := stream.Rest(); got != "done" || time.Since(start) > 10*time.Millisecond {
			t.Errorf("after %v got %q", time.Since(start), got)
		}
	})
}

func TestAnEventStreamSeesItsClientLeaveBehindAnUnreadBody(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan bare.End, 1)
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(e bare.End) { ended <- e })
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				_ = yield([]byte("x")) && request.Sleep(time.Hour)
			}}
		})
		server := serve(t, protocol, app)
		reader, writer := io.Pipe()
		defer writer.Close()
		stream := post(t, server, "", reader)
		stream.Next()
		start := time.Now()
		stream.Close()
		if end := <-ended; !errors.Is(end.Err, bare.ErrClientGone) || time.Since(start) > 10*time.Millisecond {
			t.Errorf("after %v OnEnd was told %+v", time.Since(start), end)
		}
	})
}

func TestASmallUnreadBodyKeepsTheConnection(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "ok") })
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		reader := bufio.NewReader(conn)
		for range 3 {
			send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
			if response, got := readResponse(t, reader); got != "ok" || response.Close {
				t.Errorf("got %q, and the connection is closed: %t", got, response.Close)
			}
		}
	})
}

func TestWhatIsLeftOfABodyIsNeverTakenForARequest(t *testing.T) {
	t.Parallel()
	const smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
	handlers := map[string]bare.HttpHandler{
		"unread": empty,
		"partly read": func(request *bare.HttpRequest) bare.HttpResponse {
			_, _ = request.Reader().Read(make([]byte, 3))
			return bare.HttpResponse{}
		},
		"duplex": func(request *bare.HttpRequest) bare.HttpResponse {
			request.Duplex()
			return bare.HttpResponse{Body: bare.TextWriter("x")}
		},
		"stalled duplex": func(request *bare.HttpRequest) bare.HttpResponse {
			request.Duplex()
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for chunk, err := range request.Body {
					if err != nil || !yield(chunk) {
						return
					}
				}
			}}
		},
	}
	for name, handler := range handlers {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(handler)
				app.OnHttpRequest(bare.Methods{"GET"}, "/smuggled", func(*bare.HttpRequest) bare.HttpResponse {
					t.Error("the rest of a body was served as a request")
					return bare.HttpResponse{}
				})
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
				go func() {
					time.Sleep(40 * time.Second) // behind every deadline
					_, _ = io.WriteString(conn, smuggled)
				}()
				_, _ = io.ReadAll(conn)
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestDuplexEchoesAsItReads(t *testing.T) {
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
		server := serve(t, protocol, app)
		reader, writer := io.Pipe()
		stream := post(t, server, "", reader)
		for i := range 3 {
			text := fmt.Sprint("message ", i)
			go func() { _, _ = io.WriteString(writer, text) }()
			if got := stream.Next(); got != text {
				t.Errorf("got %q, want %q", got, text)
			}
			time.Sleep(5 * time.Second)
		}
		_ = writer.Close()
		if rest := stream.Rest(); rest != "" || stream.Err() != nil {
			t.Errorf("the echo ended with %q (%v)", rest, stream.Err())
		}
	})
}

func TestAClientThatStallsInItsUploadIsGivenUp(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			if !errors.Is(err, bare.ErrStalled) {
				t.Errorf("the error is %v", err)
			}
			return bare.ErrorResponse(err)
		})
		reader, writer := io.Pipe()
		defer writer.Close()
		go func() { _, _ = io.WriteString(writer, "a beginning") }()
		start := time.Now()
		stream := post(t, serve(t, protocol, app), "", reader)
		if took := time.Since(start); stream.Response.StatusCode != http.StatusRequestTimeout || took > bare.DefaultStallTimeout {
			t.Errorf("after %v got %d", took, stream.Response.StatusCode)
		}
		wantLogged(t, log)
	})
}

func TestAClientThatLeavesInItsUploadIsNoticed(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		failed := make(chan error, 1)
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			failed <- err
			return bare.ErrorResponse(err)
		})
		server := serve(t, protocol, app)
		ctx, cancel := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		defer writer.Close()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, reader)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, _ = io.WriteString(writer, "a beginning")
			time.Sleep(time.Second)
			cancel()
			time.Sleep(time.Second)
			_ = writer.CloseWithError(context.Canceled) // the transport waits for it
		}()
		if response, err := server.Client().Do(request); err == nil {
			response.Body.Close()
			t.Error("there was a response")
		}
		if err := <-failed; !errors.Is(err, bare.ErrClientGone) {
			t.Errorf("the body ended with %v", err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		wantLogged(t, log)
	})
}

func TestHeadsAreBoundedInTimeAndSize(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(empty)
		server := serve(t, baretest.HTTP1, app)
		half := server.Dial()
		defer half.Close()
		send(t, half, "GET / HTTP/1.1\r\nHost:")
		start := time.Now()
		if _, err := io.ReadAll(half); err != nil || time.Since(start) != bare.DefaultReadHeaderTimeout {
			t.Errorf("the wait for half a head took %v: %v", time.Since(start), err)
		}
		large := server.Dial()
		defer large.Close()
		go func() {
			_, _ = io.WriteString(large, "GET / HTTP/1.1\r\nHost: x\r\nX-Large: "+strings.Repeat("x", 10<<20))
		}()
		if response, _ := readResponse(t, bufio.NewReader(large)); response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("10 MB of head are answered with %d", response.StatusCode)
		}
	})
}

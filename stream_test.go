package bare_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAChunkFollowedBySilenceIsSentAtOnce(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			for i := range request.Every(time.Hour) {
				if !yield([]byte(i.Format("15;"))) {
					return
				}
			}
		})
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		for i, want := range []string{"00;", "01;", "02;"} {
			if got := stream.Next(); got != want {
				t.Fatalf("chunk %d is %q, want %q", i, got, want)
			}
			if late := time.Since(start) - time.Duration(i)*time.Hour; late > time.Millisecond {
				t.Errorf("chunk %d came %v late", i, late)
			}
		}
	})
}

func TestTheNudgeIsHarmless(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			for range request.Every(time.Second) {
				if !yield([]byte("data: x\n\n")) || !yield([]byte(":\n\n")) {
					return
				}
			}
		})
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		got := ""
		for len(got) < 3*len("data: x\n\n:\n\n") {
			got += stream.Next()
		}
		if late := time.Since(start) - 2*time.Second; late > time.Millisecond {
			t.Errorf("the third event and its nudge came %v late", late)
		}
	})
}

func TestChunksThatComeFastShareAFlush(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			for range 10 {
				if !yield([]byte("0123456789")) {
					return
				}
			}
			request.Sleep(time.Hour)
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		buffer := make([]byte, 4096)
		n, err := conn.Read(buffer)
		if err != nil || strings.Count(string(buffer[:n]), "0123456789") != 10 {
			t.Errorf("the first write has %q (%v), want the head and all ten chunks", buffer[:n], err)
		}
	})
}

func TestTheHeadOfASilentStreamIsSentAtOnce(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := bodyOf(func(request *bare.HttpRequest, _ func([]byte) bool) { request.Sleep(time.Hour) })
		start := time.Now()
		stream := serve(t, protocol, app).Get("/")
		if took := time.Since(start); took > time.Millisecond {
			t.Errorf("the head came after %v", took)
		}
		if stream.Rest() != "" || stream.Err() != nil || time.Since(start) < time.Hour {
			t.Errorf("the stream ended after %v: %v", time.Since(start), stream.Err())
		}
	})
}

func TestASmallCompleteResponseIsOneWriteWithItsLength(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			_ = yield([]byte("Hello, ")) && yield([]byte("world!"))
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		buffer := make([]byte, 4096)
		n, err := conn.Read(buffer)
		got := string(buffer[:n])
		if err != nil || !strings.Contains(got, "Content-Length: 13\r\n") || !strings.HasSuffix(got, "\r\n\r\nHello, world!") {
			t.Errorf("the first write is %q (%v)", got, err)
		}
	})
}

func TestABodyThatFailsAfterChunksIsCutAfterThem(t *testing.T) {
	t.Parallel()
	failures := map[string]func(yield func([]byte) bool){
		"an error": bare.StreamWriter(func(yield func([]byte) bool) error {
			_ = yield([]byte("one ")) && yield([]byte("two"))
			return errors.New("the database is gone")
		}),
		"a panic": func(yield func([]byte) bool) {
			_ = yield([]byte("one ")) && yield([]byte("two"))
			panic("the database is gone")
		},
		"Goexit": func(yield func([]byte) bool) {
			if yield([]byte("one ")) && yield([]byte("two")) {
				time.Sleep(time.Minute)
				runtime.Goexit()
			}
		},
		"an error long after": bare.StreamWriter(func(yield func([]byte) bool) error {
			_ = yield([]byte("one ")) && yield([]byte("two"))
			time.Sleep(time.Minute)
			return errors.New("the database is gone")
		}),
	}
	for name, body := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var end bare.End
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(e bare.End) { end = e })
					return bare.HttpResponse{Body: body}
				})
				stream := serve(t, protocol, app).Get("/")
				if got := stream.Rest(); got != "one two" {
					t.Errorf("got %q, want both chunks", got)
				}
				if stream.Err() == nil {
					t.Error("the response looks complete")
				}
				synctest.Wait()
				if end.Status != http.StatusOK || end.Bytes != 7 {
					t.Errorf("OnEnd was told %+v", end)
				}
				switch name {
				case "Goexit":
					return
				case "a panic":
					wantLogged(t, log, "ERROR bare: the body panicked method=GET route=/ panic=the database is gone stack=")
				default:
					wantLogged(t, log, "ERROR bare: the body failed method=GET route=/ error=the database is gone")
				}
				if end.Err == nil {
					t.Error("OnEnd was told that the response is complete")
				}
			})
		})
	}
}

func TestABodyThatFailsBeforeAnythingIsSentIsAnErrorResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fail   func() error
		status int
		text   string
	}{
		{"an error", func() error { return errors.New("secret") }, 500, "Internal Server Error"},
		{"an error that chooses", func() error { return &bare.HttpError{Status: 404, Message: "No such file."} }, 404, "No such file."},
		{"a panic", func() error { panic("secret") }, 500, "Internal Server Error"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{
						Headers: bare.Headers("content-type", "image/png", "content-length", "99"),
						Body:    bare.StreamWriter(func(func([]byte) bool) error { return test.fail() }),
					}
				})
				stream := serve(t, protocol, app).Get("/")
				if got := stream.Rest(); stream.Response.StatusCode != test.status || got != test.text || stream.Err() != nil {
					t.Errorf("got %d %q (%v), want %d %q", stream.Response.StatusCode, got, stream.Err(), test.status, test.text)
				}
				if got := stream.Response.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
					t.Errorf("the content type is %q", got)
				}
				if len(log.above()) != 1 {
					t.Errorf("logged %q, want one line", log.above())
				}
			})
		})
	}
}

func TestABodyThatFailsAfterASilenceIsCut(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error {
				time.Sleep(time.Second)
				return errors.New("too late")
			})}
		})
		stream := serve(t, protocol, app).Get("/")
		if stream.Rest() != "" || stream.Err() == nil || stream.Response.StatusCode != http.StatusOK {
			t.Errorf("got %d (%v), want a 200 that is cut", stream.Response.StatusCode, stream.Err())
		}
	})
}

func TestAFailedBodyIsResetForAnHTTP10Client(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("half"))
				return errors.New("broken")
			})}
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "GET / HTTP/1.0\r\n\r\n")
		got, err := io.ReadAll(conn)
		if !strings.HasSuffix(string(got), "\r\n\r\nhalf") || err == nil {
			t.Errorf("got %q, then %v, want the chunk and then a reset", got, err)
		}
	})
}

func TestADeclaredLengthThatTheBodyDoesNotMeetCutsTheResponse(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ length, got string }{
		"too long": {"3", "he"}, "too short": {"9", "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				var end bare.End
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(e bare.End) { end = e })
					return bare.HttpResponse{Headers: bare.Headers("content-length", want.length), Body: bare.TextWriter("hello")}
				})
				stream := serve(t, protocol, app).Get("/")
				got := stream.Rest()
				if got != want.got || stream.Err() == nil {
					t.Errorf("got %q (%v), want %q and a cut", got, stream.Err(), want.got)
				}
				time.Sleep(time.Second)
				synctest.Wait()
				if !errors.Is(end.Err, bare.ErrContentLength) {
					t.Errorf("OnEnd was told %v", end.Err)
				}
				wantLogged(t, log, "ERROR bare: the body failed")
			})
		})
	}
}

func TestAProducerThatGoesOnAfterItsEndIsStoppedWithOneWarning(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			for {
				yield([]byte("spam"))
				time.Sleep(10 * time.Millisecond)
			}
		})
		stream := serve(t, protocol, app).Get("/")
		stream.Next()
		stream.Close()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		wantLogged(t, log, "WARN bare: the body went on after its end method=GET route=/")
	})
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

// readResponse reads one response to a GET from a connection.
func readResponse(t *testing.T, reader *bufio.Reader) (*http.Response, string) {
	t.Helper()
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(content)
}

package bare_test

import (
	"bufio"
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

// readSteps reads a body with one Read at a time. It returns what came and the
// error, and fails the test if a Read has neither.
func readSteps(t *testing.T, reader io.Reader) (string, error) {
	t.Helper()
	var got strings.Builder
	for buffer := make([]byte, 1<<10); ; {
		n, err := reader.Read(buffer)
		got.Write(buffer[:n])
		if err != nil {
			return got.String(), err
		}
		if n == 0 {
			t.Error("a Read returned neither bytes nor an error")
		}
	}
}

func TestNothingComesOfABodyBeyondItsLimit(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			got, err := readSteps(t, request.Reader())
			if got != "hello" || !errors.Is(err, bare.ErrBodyTooLarge) {
				t.Errorf("got %q and %v", got, err)
			}
			if again, err := request.Reader().Read(make([]byte, 9)); again != 0 || !errors.Is(err, bare.ErrBodyTooLarge) {
				t.Errorf("a further Read returned %d and %v", again, err)
			}
			return bare.ErrorResponse(err)
		})
		app.BodyLimit = 5
		reader, writer := io.Pipe()
		defer writer.Close()
		go func() {
			_, _ = io.WriteString(writer, "hello")
			time.Sleep(time.Second)
			_, _ = io.WriteString(writer, "!")
		}()
		if got := post(t, serve(t, protocol, app), "", reader).Response.StatusCode; got != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d", got)
		}
	})
}

func TestAllThatCameOfASlowUploadIsThere(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			got, err := readSteps(t, request.Reader())
			if got != "12" || !errors.Is(err, bare.ErrStalled) {
				t.Errorf("got %q and %v", got, err)
			}
			return bare.ErrorResponse(err)
		})
		reader, writer := io.Pipe()
		defer writer.Close()
		go func() {
			// Each in time; with the second the stall time has been waited for.
			for _, part := range []string{"1", "2", "3"} {
				time.Sleep(bare.DefaultStallTimeout / 2)
				_, _ = io.WriteString(writer, part)
			}
		}()
		if got := post(t, serve(t, protocol, app), "", reader).Response.StatusCode; got != http.StatusRequestTimeout {
			t.Errorf("got %d", got)
		}
		time.Sleep(bare.DefaultStallTimeout)
	})
}

func TestAnUploadThatIsCompleteIsNeverTooSlow(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			text, err := request.Text()
			if err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.TextResponse(200, text)
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
		for _, part := range []string{"o", "k"} {
			time.Sleep(bare.DefaultStallTimeout * 2 / 3)
			send(t, conn, part)
		}
		if response, got := readResponse(t, bufio.NewReader(conn)); got != "ok" {
			t.Errorf("got %s %q", response.Status, got)
		}
	})
}

func TestTheRateOfAnUploadIsThatOfEachStallTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		missing int // a second in which one byte less comes, 0 for none
		status  int
		after   time.Duration
	}{
		"at the minimum":                 {0, http.StatusOK, 100 * time.Second},
		"a byte less in the second time": {45, http.StatusRequestTimeout, 60 * time.Second},
		"a byte less after the last":     {95, http.StatusOK, 100 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if _, err := request.Text(); err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.TextResponse(200, "uploaded")
				})
				app.MinUploadRate, app.StallTimeout = 2, 30*time.Second
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
				start := time.Now()
				go func() {
					for second := range 100 {
						time.Sleep(time.Second)
						piece := "2\r\nab\r\n"
						if second+1 == test.missing {
							piece = "1\r\na\r\n"
						}
						if _, err := io.WriteString(conn, piece); err != nil {
							return
						}
					}
					_, _ = io.WriteString(conn, "0\r\n\r\n")
				}()
				response, _ := readResponse(t, bufio.NewReader(conn))
				if took := time.Since(start); response.StatusCode != test.status || took != test.after {
					t.Errorf("after %v got %s", took, response.Status)
				}
				conn.Close()
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestAReadThatEndsAfterTheStallTimeIsAStallAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			if !errors.Is(err, bare.ErrStalled) {
				t.Errorf("the read returned %v", err)
			}
			return bare.ErrorResponse(err)
		})
		app.MinUploadRate = -1 // a pace is another matter
		reader, writer := io.Pipe()
		go func() {
			time.Sleep(time.Hour)
			_, _ = io.WriteString(writer, "hello")
			_ = writer.Close()
		}()
		recorder := httptest.NewRecorder() // it knows no deadlines
		app.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", reader))
		if recorder.Code != http.StatusRequestTimeout {
			t.Errorf("got %d", recorder.Code)
		}
		_ = reader.Close()
		wantLogged(t, log, "WARN bare: a stalled client cannot be cut off method=POST route=/")
	})
}

func TestAMalformedUploadSaysWhatIsWrongWithIt(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			_, err := request.Text()
			if errors.Unwrap(err) == nil || !strings.Contains(err.Error(), "chunk") {
				t.Errorf("the error is %q, without its cause", err)
			}
			return bare.ErrorResponse(err)
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n")
		response, got := readResponse(t, bufio.NewReader(conn))
		if response.StatusCode != http.StatusBadRequest || got != "The request body is malformed." {
			t.Errorf("got %s %q", response.Status, got)
		}
		wantLogged(t, log)
	})
}

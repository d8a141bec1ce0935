package durable_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/durable"
)

// halfClosed sends a request, closes the client's side of the connection, and reads
// what comes.
func (s *server) halfClosed(method, target, body string) (status int, text string, err error) {
	s.t.Helper()
	conn := s.Dial()
	defer func() { _ = conn.Close() }()
	_, _ = fmt.Fprintf(conn, "%s %s/%s HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s",
		method, prefix, target, len(body), body)
	if half, ok := conn.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		s.t.Fatal("the connection cannot be closed on one side")
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

// A client may close its side of the connection as soon as it has sent its request, as
// "nc -N" does. It still reads, and what is finished is written.
func TestAClientThatClosesItsSideIsAnswered(t *testing.T) {
	late := func(*bare.HttpRequest, durable.Action, string) error {
		time.Sleep(time.Second) // by now the server knows
		return nil
	}
	overHTTP1(t, durable.Options{Authorize: late, MaxRead: 2, LongPoll: time.Minute}, func(t *testing.T, s *server) {
		tail := s.text("s", "a", "b", "c").next()
		s.text("closed", strings.Repeat("x", 64<<10), strings.Repeat("y", 64<<10))
		s.append("closed", "z", "Stream-Closed", "true")
		for _, test := range []struct {
			method, target, body string
			status               int
			want                 string // in the text
		}{
			{"GET", "s", "", 200, "ab"},
			{"HEAD", "s", "", 200, ""},
			{"GET", "s?offset=now", "", 200, ""},
			{"GET", "s?live=long-poll&offset=-1", "", 200, "ab"},
			{"GET", "s?live=long-poll&offset=" + tail, "", 204, ""},
			{"GET", "closed?live=sse&offset=-1", "", 200, `"streamClosed":true`},
			{"PUT", "new", "", 201, ""},
			{"POST", "s", "d", 204, ""},
			{"DELETE", "s", "", 204, ""},
			{"GET", "s", "", 404, ""},
		} {
			status, text, err := s.halfClosed(test.method, test.target, test.body)
			if status != test.status || !strings.Contains(text, test.want) || err != nil {
				t.Errorf("%s %s is answered with %d %.100q, %v", test.method, test.target, status, text, err)
			}
		}
	})
}

package judges

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

// twoLengths is a request with a Content-Length beside its Transfer-Encoding, and
// another one behind it.
const twoLengths = "POST /first HTTP/1.1\r\nHost: example.com\r\n" +
	"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n" +
	"5\r\nhello\r\n0\r\n\r\n" +
	"GET /second HTTP/1.1\r\nHost: example.com\r\n\r\n"

func TestARequestWithTwoLengthsEndsAsUnderNetHTTP(t *testing.T) {
	t.Parallel()
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, seen(r, string(body))) // the client reads to the end
	})
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET", "POST"}, "/{path}", func(request *bare.HttpRequest) bare.HttpResponse {
		body, err := request.Text()
		if err != nil {
			return bare.ErrorResponse(err)
		}
		return bare.TextResponse(http.StatusOK, seen(request.Scope, body))
	})
	want := askTwice(t, serveNetHTTP(t, plain, nil))
	if got := askTwice(t, serveBare(t, app, bare.Server{})); got != want {
		t.Errorf("under bare\n%sunder net/http\n%s", got, want)
	}
	checkRecord(t, "lengths.txt", want)
}

// askTwice sends both requests at once, and returns what is answered.
func askTwice(t *testing.T, addr string) string {
	t.Helper()
	connection, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(connection, twoLengths); err != nil {
		t.Fatal(err)
	}
	said := ""
	answers := bufio.NewReader(connection)
	for range 2 {
		if _, err := answers.Peek(1); err != nil {
			return said + "then the connection is closed\n"
		}
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		said += fmt.Sprintf("%d, Connection: close %t, the handler saw: %s\n", response.StatusCode, response.Close, body)
	}
	return said
}

// seen says what a handler can see of a request.
func seen(r *http.Request, body string) string {
	return fmt.Sprintf("%s %s, body %q, %d Content-Length", r.Method, r.URL.Path, body, len(r.Header["Content-Length"]))
}

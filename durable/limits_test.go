package durable_test

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/durable"
	"github.com/bare-go/bare/eventlog"
)

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{RecordBytes: 500})
	eachProtocol(t, durable.Options{MaxAppend: 1000, MaxStreams: 10}, func(t *testing.T, s *server) {
		s.text("s", strings.Repeat("x", 1000))
		long := strings.Repeat("1", 257)
		for _, test := range []struct {
			name    string
			status  int
			method  string
			path    string
			body    string
			headers []string
		}{
			{"an append over the limit", 413, "POST", "s", strings.Repeat("x", 1001), []string{"Content-Type", "text/plain"}},
			{"a first append over the limit", 413, "PUT", "new", strings.Repeat("x", 1001), nil},
			{"a producer's name", 400, "POST", "s", "x", []string{"Producer-Id", long, "Producer-Epoch", "0", "Producer-Seq", "0"}},
			{"a Stream-Seq", 400, "POST", "s", "x", []string{"Stream-Seq", long}},
			{"a time", 400, "PUT", "new", "", []string{"Stream-Expires-At", "2100-01-01T00:00:00." + long + "Z"}},
			{"a content type", 400, "PUT", "new", "", []string{"Content-Type", "text/" + long}},
			{"a stream's name", 400, "PUT", strings.Repeat("n", 201), "", nil},
			{"a name that is not printable", 400, "PUT", "new%0Aline", "", nil},
			{"a name that is not UTF-8", 400, "PUT", "%FF", "", nil},
			{"no name", 400, "PUT", "", "", nil},
			{"a source's name", 404, "PUT", "new", "", []string{"Stream-Forked-From", prefix + "/" + strings.Repeat("n", 201)}},
			{"a number", 400, "PUT", "new", "", []string{"Stream-TTL", long}},
		} {
			if got := s.do(test.method, test.path, test.body, test.headers...); got.status != test.status {
				t.Errorf("%s: the answer is %d %q, want %d", test.name, got.status, got.body, test.status)
			}
		}
		for i := range 9 {
			s.want(201, "PUT", fmt.Sprint("n", i), "")
		}
		s.want(429, "PUT", "one-too-many", "")
		s.want(200, "PUT", "n1", "") // this one is there
		s.want(204, "DELETE", "n1", "")
		s.want(201, "PUT", "instead", "")
	})
	t.Run("by the log", func(t *testing.T) {
		overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
			s.text("s")
			s.want(413, "POST", "s", strings.Repeat("x", 501), "Content-Type", "text/plain")
			s.want(413, "PUT", "new", strings.Repeat("x", 501))
			s.want(404, "GET", "new", "")
		})
	})
}

// A source that is there for its forks only takes as much room as before.
func TestAHiddenSourceCountsAsAStream(t *testing.T) {
	overHTTP1(t, durable.Options{MaxStreams: 2}, func(t *testing.T, s *server) {
		s.text("source", "a")
		s.forkOf("source", "fork", "", "")
		s.want(204, "DELETE", "source", "")
		s.want(429, "PUT", "new", "")
		s.want(204, "DELETE", "fork", "")
		s.text("new")
		s.text("newer")
		s.want(429, "PUT", "newest", "")
	})
}

func TestWhatIsLongWhereAnOffsetIsMeant(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("s", "a")
		digits := strings.Repeat("0", bare.DefaultMaxHeaderBytes/2)
		for _, target := range []string{"s?offset=" + digits, "s?live=sse&offset=" + digits, "s?live=" + digits + "&offset=-1"} {
			got := s.want(400, "GET", target, "")
			if len(got.body) > 200 {
				t.Errorf("it is answered with %d bytes", len(got.body))
			}
		}
		got := s.want(200, "GET", "s?offset=-1&live=long-poll&cursor="+digits, "")
		if cursor := got.header.Get("Stream-Cursor"); cursor == "" || len(cursor) > 20 {
			t.Errorf("the cursor is %.50q", cursor)
		}
		s.want(400, "PUT", "fork", "", "Stream-Forked-From", prefix+"/s", "Stream-Fork-Offset", digits)
		s.want(200, "GET", "s", "", "If-None-Match", digits)
		// A megabyte does not come as far as that, in the address or in a header.
		s.want(431, "GET", "s?offset="+strings.Repeat("0", 1<<20), "")
		s.want(431, "PUT", "fork", "", "Stream-Forked-From", prefix+"/s", "Stream-Fork-Offset", strings.Repeat("0", 1<<20))
	})
}

func TestRequestsThatCannotBeRead(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		tail := s.text("s", "a").next()
		for _, test := range []struct {
			method, target string
			headers        []string
		}{
			{"GET", "s?offset=", nil},
			{"GET", "s?offset=%zz", nil},
			{"GET", "s?offset=-1;live=sse", nil},
			{"GET", "s?offset=-2", nil},
			{"GET", "s?offset=NOW", nil},
			{"GET", "s?offset=" + strings.ToUpper("0000000000000abc_0000000000000001"), nil},
			{"GET", "s?offset=" + tail + "%00", nil},
			{"GET", "s?offset=-1&offset=-1", nil},
			{"GET", "s?live=sse", nil},
			{"GET", "s?live=long-poll", nil},
			{"GET", "s?live=websocket&offset=-1", nil},
			{"POST", "s", []string{"Producer-Id", "p"}},
			{"POST", "s", []string{"Producer-Epoch", "0", "Producer-Seq", "0"}},
			{"POST", "s", []string{"Producer-Id", "p", "Producer-Epoch", "0"}},
			{"POST", "s", []string{"Producer-Id", "p", "Producer-Seq", "0"}},
			{"POST", "s", []string{"Producer-Id", "", "Producer-Epoch", "0", "Producer-Seq", "0"}},
			{"POST", "s", produced("p", -1, 0)},
			{"POST", "s", produced("p", 0, math.MaxInt64)},
			{"POST", "s", []string{"Stream-Seq", ""}},
			{"POST", "s", []string{"Stream-Seq", "1", "Stream-Seq", "2"}},
			{"PUT", "new", []string{"Content-Type", "nonsense"}},
			{"PUT", "new", []string{"Content-Type", "text/plain; charset"}},
			{"PUT", "new", []string{"Stream-TTL", "-1"}},
			{"PUT", "new", []string{"Stream-TTL", "01"}},
			{"PUT", "new", []string{"Stream-TTL", "1_0"}},
			{"PUT", "new", []string{"Stream-TTL", "1", "Stream-Expires-At", "2100-01-01T00:00:00Z"}},
			{"PUT", "new", []string{"Stream-Expires-At", "tomorrow"}},
		} {
			body, headers := "", test.headers
			if test.method == "POST" { // nothing else is wrong with it
				body, headers = "x", append(headers, "Content-Type", "text/plain")
			}
			if got := s.do(test.method, test.target, body, headers...); got.status != 400 {
				t.Errorf("%s %s %q is answered with %d %q", test.method, test.target, test.headers, got.status, got.body)
			}
		}
		s.want(400, "POST", "s", "", "Content-Type", "text/plain")                         // nothing to append
		s.want(400, "POST", "s", "", "Content-Type", "text/plain", "Stream-Closed", "yes") // nor to do
		s.want(400, "POST", "s", "x")                                                      // of what type?
		s.want(404, "GET", "new", "")
		s.wantBody("s", "a")
	})
}

// net/http sets the length of a short answer by itself.
func TestALongAnswerSaysHowLongItIs(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("text", strings.Repeat("x", 50_000), strings.Repeat("y", 50_000))
		s.wantBody("text", strings.Repeat("x", 50_000)+strings.Repeat("y", 50_000))
		s.want(201, "PUT", "json", "", "Content-Type", "application/json")
		long := `"` + strings.Repeat("x", 50_000) + `"`
		for range 2 {
			s.want(204, "POST", "json", long, "Content-Type", "application/json")
		}
		s.wantBody("json", "["+long+","+long+"]")
	})
}

func TestJSONThatIsRefused(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		s.want(201, "PUT", "s", " [ ] ", "Content-Type", "application/json; charset=utf-8")
		for _, body := range []string{`[]`, ` [ ] `, `{`, `1 2`, `[1,]`, `"` + "\xff" + `"`, `[1],2`, ` `, strings.Repeat("[", 100_000)} {
			s.want(400, "POST", "s", body, "Content-Type", "Application/JSON")
		}
		s.want(204, "POST", "s", "\t[ 1 , [2], \"]\" ] \n", "Content-Type", "application/json")
		s.wantBody("s", `[1 , [2], "]"]`)
	})
}

// A stream's name is its path below the prefix, decoded once.
func TestNamesWithEscapes(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		for i, name := range []string{"a b", "ä/ö", "100%", "%2F", "q?offset=now", "#", "a/b/c", "a//b", ".."} {
			path := url.PathEscape(name)
			created := s.do("PUT", path, fmt.Sprint("source ", i), "Content-Type", "text/plain")
			if created.status != 201 {
				t.Errorf("%q cannot be created: %d", name, created.status)
				continue
			}
			if location := created.header.Get("Location"); !strings.HasPrefix(location, s.URL+prefix+"/") || strings.Contains(location, "\n") {
				t.Errorf("%q is at %q", name, location)
			}
			s.wantBody(path, fmt.Sprint("source ", i))
			fork := fmt.Sprint("fork", i)
			s.want(201, "PUT", fork, "", "Stream-Forked-From", prefix+"/"+path)
			s.wantBody(fork, fmt.Sprint("source ", i))
		}
	})
}

func TestAnExpiryInThePastOrNow(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		s.want(201, "PUT", "zero", "", "Stream-TTL", "0")
		s.want(404, "GET", "zero", "")
		s.want(201, "PUT", "past", "", "Stream-Expires-At", "1999-12-31T00:00:00Z")
		s.want(404, "GET", "past", "")
		s.want(201, "PUT", "past", "", "Stream-Expires-At", "9999-12-31T23:59:59Z")
		time.Sleep(time.Hour)
		s.want(200, "GET", "past", "")
	})
}

package main

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// text is what a handler answers, without a server.
func text(handler bare.HttpHandler, target string) string {
	return strings.Join(baretest.Chunks(handler(baretest.NewRequest("GET", target, nil)).Body, -1), "")
}

func TestTimeIsTheTimeOfTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := text(currentTime, "/time"); got != "2000-01-01 00:00:00" {
			t.Errorf("got %q", got)
		}
		time.Sleep(time.Minute)
		if got := text(currentTime, "/time"); got != "2000-01-01 00:01:00" {
			t.Errorf("a minute later: %q", got)
		}
	})
}

func TestLongPollIsHeldUntilThereIsSomethingNew(t *testing.T) {
	for name, test := range map[string]struct {
		seen string
		held time.Duration
		want string
	}{
		"nothing seen: answered at once":       {"", 0, "2000-01-01 00:00:00"},
		"an old time seen: answered at once":   {"1999-12-31 23:59:59", 0, "2000-01-01 00:00:00"},
		"the current time seen: held a moment": {"2000-01-01 00:00:00", 700 * time.Millisecond, "2000-01-01 00:00:01"},
		"no news for long: answered without":   {"2000-01-01 01:00:00", 30*time.Second + 700*time.Millisecond, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(300 * time.Millisecond)
				start := time.Now()
				got := text(nextTime, "/wait?"+url.Values{"seen": {test.seen}}.Encode())
				if held := time.Since(start); got != test.want || held != test.held {
					t.Errorf("got %q after %v, want %q after %v", got, held, test.want, test.held)
				}
			})
		})
	}
}

func TestAnAnswerWithoutNewsSaysSoAndIsNotCached(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				stream := server.Get("/wait?seen=2000-01-01+01:00:00")
				if got := stream.Response; got.StatusCode != http.StatusNoContent || got.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("status %d, cache-control %q", got.StatusCode, got.Header.Get("Cache-Control"))
				}
			})
		})
	}
}

func TestProgramOverEveryProtocol(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				for path, want := range map[string]string{
					"/": string(page), "/test": string(page), "/long": string(longPage),
				} {
					if got := server.Get(path).Rest(); got != want {
						t.Errorf("%s is not its page", path)
					}
				}
				stream := server.Get("/time")
				if got := stream.Response.Header.Get("Cache-Control"); got != "no-store" {
					t.Errorf("the answer may be cached: %q", got)
				}
				seen := stream.Rest()
				next := server.Get("/wait?" + url.Values{"seen": {seen}}.Encode()).Rest()
				if next <= seen {
					t.Errorf("after %q came %q", seen, next)
				}
			})
		})
	}
}

func TestHeldRequestEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		conn := server.Dial()
		if _, err := conn.Write([]byte("GET /wait?seen=2000-01-01+00:00:00 HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 900*time.Millisecond {
			t.Errorf("the request of a client that left held the server for %v", took)
		}
	})
}

func TestPagesAreWrittenAsTheChapterSays(t *testing.T) {
	for name, content := range map[string][]byte{"test.html": page, "long.html": longPage} {
		for _, fault := range []string{"innerHTML", "var ", "://"} {
			if bytes.Contains(content, []byte(fault)) {
				t.Errorf("%s has %q", name, fault)
			}
		}
	}
}

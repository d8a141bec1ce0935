package main

import (
	"bytes"
	"flag"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the recorded transcript")

func TestEndpointEndsWithThePoisonPillWithoutAClosingEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chunks := baretest.Chunks(endpoint(baretest.NewRequest("GET", "/endpoint/?name=Ada", nil)).Body, -1)
		if last := chunks[len(chunks)-1]; last != "data: [DONE]\n\n" {
			t.Errorf("the last chunk is %q", last)
		}
	})
}

func TestMessagesArriveASecondApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/endpoint/?closing=done")
		if got := stream.Response.Header.Get("Content-Type"); got != "text/event-stream" {
			t.Errorf("the content type is %q", got)
		}
		start := time.Now()
		for i, want := range []string{"data: Message # 0\n\n", "data: Message # 1\n\n"} {
			if got := stream.Next(); got != want {
				t.Errorf("message %d is %q, want %q", i, got, want)
			}
			if at := time.Since(start).Round(10 * time.Millisecond); at != time.Duration(i)*time.Second {
				t.Errorf("message %d came after %v", i, at)
			}
		}
		if rest := stream.Rest(); !strings.HasSuffix(rest, "data: It really is.\n\n") || stream.Err() != nil {
			t.Errorf("the stream ends with %q, %v", rest, stream.Err())
		}
	})
}

func TestClosedTabEndsTheProducer(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				stream := server.Get("/endpoint/")
				stream.Next()
				stream.Close()
				start := time.Now()
				if err := server.Stop(); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took > 5*time.Second {
					t.Errorf("the producer kept the server from stopping for %v", took)
				}
			})
		})
	}
}

func TestQueryCannotBeginAField(t *testing.T) {
	attack := url.Values{"name": {"Ada\nevent: done\rid: 7\r\nretry: 1\n\ndata: forged\x00"}}
	synctest.Test(t, func(t *testing.T) {
		body := baretest.NewServer(t, newApp()).Get("/endpoint/?closing=done&" + attack.Encode()).Rest()
		events := parseEvents(body)
		if len(events) != 12 {
			t.Fatalf("the stream has %d events, want 12: %q", len(events), body)
		}
		want := event{"message", "That was all for\nAda\nevent: done\nid: 7\nretry: 1\n\ndata: forged\x00"}
		if events[10] != want {
			t.Errorf("got %q, want %q", events[10], want)
		}
	})
}

func TestNameOfAnEventOfSeveralLinesIsRefused(t *testing.T) {
	for _, name := range []string{"a\rb", "a\nb", "a\r\nb", "a\x00b", "\n"} {
		query := url.Values{"closing": {name}}.Encode()
		response := endpoint(baretest.NewRequest("GET", "/endpoint/?"+query, nil))
		text := strings.Join(baretest.Chunks(response.Body, -1), "")
		if response.Status != 400 || text != "The name of an event is one line of text." {
			t.Errorf("closing=%q is answered with %d %q", name, response.Status, text)
		}
	}
}

func TestPageAndItsRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		stream := server.Get("/") // the client follows
		if got := stream.Response.Request.URL.Path; got != "/test" {
			t.Errorf("/ leads to %q", got)
		}
		if got := stream.Response.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("the page's content type is %q", got)
		}
		if stream.Rest() != string(page) {
			t.Error("the page is not test.html")
		}
	})
}

func TestPageIsWrittenAsTheChapterSays(t *testing.T) {
	for _, fault := range []string{"innerHTML", "var ", "onmessage(", "://"} {
		if bytes.Contains(page, []byte(fault)) {
			t.Errorf("the page has %q", fault)
		}
	}
	if !bytes.Contains(page, []byte(`const poisonPill = "`+poisonPill+`"`)) {
		t.Error("the page waits for another poison pill than the one that is sent")
	}
}

// TestTranscript compares the chapter's transcript with what goes over the wire.
func TestTranscript(t *testing.T) {
	const target = "/endpoint/?name=Ada&closing=done"
	transcript := "$ curl -N -i --raw 'http://localhost:9009" + target + "'\n"
	synctest.Test(t, func(t *testing.T) {
		conn := baretest.NewServer(t, newApp()).Dial()
		_, err := io.WriteString(conn, "GET "+target+" HTTP/1.1\r\nHost: localhost:9009\r\nConnection: close\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil {
			t.Fatal(err)
		}
		// Asked for by this test, which reads to the connection's end.
		transcript += strings.Replace(string(answer), "Connection: close\r\n", "", 1)
	})
	got := strings.ReplaceAll(transcript, "\r\n", "\n")
	path := filepath.FromSlash("../../docs/tutorial/transcripts/finite-events.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is stale: run go test ./examples/finite_events -update\ngot\n%s", path, got)
	}
}

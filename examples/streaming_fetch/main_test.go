package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// newRequest is a POST as the page sends it, without a server.
func newRequest(body string) *bare.HttpRequest {
	request := baretest.NewRequest("POST", "/events", strings.NewReader(body))
	request.Scope.Header.Set("content-type", "application/json")
	return request
}

// post is the same over a server's connection.
func post(t *testing.T, server *baretest.Server, body string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/events", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("content-type", "application/json")
	return server.Do(request)
}

// captureOutput has what the program prints go to a file until the test ends, and
// returns a function that reads it.
func captureOutput(t *testing.T) func() string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	t.Cleanup(func() {
		os.Stdout = stdout
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
	return func() string {
		content, err := os.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
}

func TestTheStreamEndsWhenTheClientLeaves(t *testing.T) {
	output := captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		stream := post(t, baretest.NewServer(t, newApp()), `{"message": "hello"}`)
		stream.Next()
		stream.Next() // a fake second later
		stream.Close()
		synctest.Wait()
		if got, want := output(), "Sending event\nSending event\nCancelled\n"; got != want {
			t.Errorf("the program printed %q, want %q", got, want)
		}
	})
}

func TestLinesArriveAsTheyAreMadeOverEveryProtocol(t *testing.T) {
	captureOutput(t)
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				start := time.Now()
				stream := post(t, server, `{"message": "<b>hello</b>"}`)
				if got, want := stream.Response.Header.Get("content-type"), "application/x-ndjson"; got != want {
					t.Errorf("content type %q, want %q", got, want)
				}
				for i := range 3 {
					at := time.Duration(i) * time.Second
					want := `{"message":"<b>hello</b>","time":"` + start.Add(at).UTC().Format(time.RFC3339) + `"}` + "\n"
					if got := stream.Next(); got != want {
						t.Errorf("line %d: got %q, want %q", i, got, want)
					}
					if took := time.Since(start); took < at || took > at+10*time.Millisecond {
						t.Errorf("line %d came after %v, want %v", i, took, at)
					}
				}
			})
		})
	}
}

func TestAStopOfTheServerEndsTheStreamCleanly(t *testing.T) {
	output := captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		stream := post(t, server, `{"message": "hello"}`)
		stream.Next()
		if err := server.Stop(); err != nil {
			t.Errorf("the stop failed: %v", err)
		}
		if rest, err := stream.Rest(), stream.Err(); rest != "" || err != nil {
			t.Errorf("after the stop came %q and %v, want a clean end", rest, err)
		}
		if got, want := output(), "Sending event\nCancelled\n"; got != want {
			t.Errorf("the program printed %q, want %q", got, want)
		}
	})
}

func TestARequestThatCannotBeAnsweredIsRefusedInOneSentence(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		status                  int
		text                    string
	}{
		{"broken JSON", "application/json", `{"message"`, 400, "The request body is not valid JSON: see byte 10."},
		{"no body", "application/json", ``, 400, "The request body is empty, where a JSON document is expected."},
		{"another type of value", "application/json", `{"message": 7}`, 400, `The JSON value at "message" has the wrong form.`},
		{"no JSON content type", "text/plain", `{}`, 415, "The request body must have the content type application/json."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := newRequest(test.body)
			request.Scope.Header.Set("content-type", test.contentType)
			response := testEvents(request)
			if response.Status != test.status {
				t.Errorf("status %d, want %d", response.Status, test.status)
			}
			if got := strings.Join(baretest.Chunks(response.Body, -1), ""); got != test.text {
				t.Errorf("text %q, want %q", got, test.text)
			}
		})
	}
}

func TestThePageIsWhereTheChapterSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		stream := server.Get("/") // redirected
		if got, want := stream.Response.Request.URL.Path, "/test"; got != want {
			t.Errorf("/ leads to %s, want %s", got, want)
		}
		if got, want := stream.Response.Header.Get("content-type"), "text/html; charset=utf-8"; got != want {
			t.Errorf("content type %q, want %q", got, want)
		}
		if got := stream.Rest(); !bytes.Equal([]byte(got), page) {
			t.Errorf("the page is %d bytes, want the embedded %d", len(got), len(page))
		}
		if got, want := server.Get("/events").Response.StatusCode, http.StatusMethodNotAllowed; got != want {
			t.Errorf("GET /events: status %d, want %d", got, want)
		}
	})
}

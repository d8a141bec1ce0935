package javascript_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/javascript"
)

const path = "/streams.js"

// eachProtocol runs a test in a bubble, against a server that has the module.
func eachProtocol(t *testing.T, test func(t *testing.T, server *baretest.Server)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := bare.NewApplication()
				app.HttpRouter.Add(bare.Methods{"GET"}, path, javascript.Handle)
				test(t, baretest.Config{Protocol: protocol}.NewServer(t, app))
			})
		})
	}
}

// ask makes a request for the module, with headers in pairs.
func ask(t *testing.T, server *baretest.Server, method string, headers ...string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	return server.Do(request)
}

func TestABrowserGetsTheModuleAndAsksForItEachTime(t *testing.T) {
	want, err := os.ReadFile("streams.js")
	if err != nil {
		t.Fatal(err)
	}
	eachProtocol(t, func(t *testing.T, server *baretest.Server) {
		for method, body := range map[string]string{"GET": string(want), "HEAD": ""} {
			stream := ask(t, server, method)
			if got := stream.Rest(); got != body || stream.Err() != nil {
				t.Errorf("%s: got %d bytes (%v), want %d", method, len(got), stream.Err(), len(body))
			}
			response := stream.Response
			if response.StatusCode != http.StatusOK || response.ContentLength != int64(len(want)) {
				t.Errorf("%s: status %d, length %d", method, response.StatusCode, response.ContentLength)
			}
			for name, value := range map[string]string{
				"Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache",
			} {
				if got := response.Header.Get(name); got != value {
					t.Errorf("%s: %s is %q, want %q", method, name, got, value)
				}
			}
		}
	})
}

func TestABrowserThatHasTheModuleIsToldSo(t *testing.T) {
	eachProtocol(t, func(t *testing.T, server *baretest.Server) {
		first := ask(t, server, "GET")
		first.Rest()
		tag := first.Response.Header.Get("ETag")
		if len(tag) < 20 || !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) {
			t.Fatalf("the tag is %s, want a strong one", tag)
		}
		tests := []struct {
			name, header string
			status       int
		}{
			{"its tag", tag, 304},
			{"its tag, made weak by a proxy", "W/" + tag, 304},
			{"a list that has its tag", `"old", ` + tag, 304},
			{"any", "*", 304},
			{"the tag of another version", `"old"`, 200},
			{"the tag without its quotes", strings.Trim(tag, `"`), 200},
			{"nothing", "", 200},
		}
		for _, test := range tests {
			stream := ask(t, server, "GET", "if-none-match", test.header)
			body := stream.Rest()
			if got := stream.Response.StatusCode; got != test.status || (body == "") != (got == 304) {
				t.Errorf("%s: status %d and %d bytes, want status %d", test.name, got, len(body), test.status)
			}
			if got := stream.Response.Header; got.Get("ETag") != tag || got.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: the headers are %v", test.name, got)
			}
		}
	})
}

// A request that a test has made may have nothing in it.
func TestARequestThatHasNothingInItGetsTheModule(t *testing.T) {
	response := javascript.Handle(&bare.HttpRequest{})
	if chunks := baretest.Chunks(response.Body, -1); response.Status != 200 || len(chunks) == 0 {
		t.Errorf("the answer is %d with %d chunks", response.Status, len(chunks))
	}
}

// Somebody should be able to read the module before they trust it.
func TestTheModuleIsSmallAndImportsNothing(t *testing.T) {
	text, err := os.ReadFile("streams.js")
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		if strings.HasPrefix(line, "import") || strings.Contains(line, "import(") {
			t.Errorf("line %d: %s", number, line)
		}
	}
	if number > 200 {
		t.Errorf("the module has %d lines", number)
	}
}

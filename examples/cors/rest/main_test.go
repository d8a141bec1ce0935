package main

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

const (
	page  = "http://localhost:9009"
	other = "http://localhost:9011"
)

// eachWay runs a test with the middleware around the application and around the group,
// over every protocol.
func eachWay(t *testing.T, test func(t *testing.T, server *baretest.Server)) {
	t.Helper()
	apps := map[string]func() *bare.Application{"around the application": newApp, "around the group": newGroupApp}
	for name, app := range apps {
		for _, protocol := range baretest.Protocols() {
			t.Run(name+" over "+protocol.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					test(t, baretest.Config{Protocol: protocol}.NewServer(t, app()))
				})
			})
		}
	}
}

// ask sends a request with headers, in pairs.
func ask(t *testing.T, server *baretest.Server, method, path, body string, headers ...string) *baretest.Stream {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	return server.Do(request)
}

func TestAPreflightSaysWhatAPageMayDo(t *testing.T) {
	tests := []struct {
		name, origin, method, header string
		allowed                      bool
	}{
		{"a POST of JSON by the page", page, "POST", "content-type", true},
		{"a GET by the page", page, "GET", "", true},
		{"a POST by another page", other, "POST", "content-type", false},
		{"a DELETE by the page", page, "DELETE", "", false},
		{"a header that nobody expects", page, "POST", "x-secret", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, server *baretest.Server) {
				headers := []string{"origin", test.origin, "access-control-request-method", test.method}
				if test.header != "" {
					headers = append(headers, "access-control-request-headers", test.header)
				}
				got := ask(t, server, "OPTIONS", "/api/info", "", headers...).Response
				wantOrigin, wantMethod := "", ""
				if test.allowed {
					wantOrigin, wantMethod = test.origin, test.method
				}
				if got.StatusCode != http.StatusNoContent || got.Header.Get("Access-Control-Allow-Origin") != wantOrigin ||
					got.Header.Get("Access-Control-Allow-Methods") != wantMethod || got.Header.Get("Access-Control-Allow-Headers") != test.header && test.allowed {
					t.Errorf("got %d %v", got.StatusCode, got.Header)
				}
			})
		})
	}
}

func TestAPageMayReadAnswersAndErrors(t *testing.T) {
	const json = "application/json"
	tests := []struct {
		name, method, path, contentType, body string
		status                                int
		want                                  string
	}{
		{"the information", "GET", "/api/info", "", "", 200, `{"name":"Michael Caine"}` + "\n"},
		{"a change", "POST", "/api/info", json, `{"name": "Peter Sellers"}`, 204, ""},
		{"JSON that is none", "POST", "/api/info", json, `{`, 400, "The request body is not valid JSON: see byte 1."},
		{"a form", "POST", "/api/info", "application/x-www-form-urlencoded", "name=x", 415, "The request body must have the content type application/json."},
		{"a path that is not there", "GET", "/api/nowhere", "", "", 404, "Not Found"},
		{"a method that is not there", "POST", "/api/clock", json, "{}", 405, "Method Not Allowed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, server *baretest.Server) {
				for origin, allowed := range map[string]string{page: page, other: "", "": ""} {
					headers := []string{"content-type", test.contentType}
					if origin != "" {
						headers = append(headers, "origin", origin)
					}
					stream := ask(t, server, test.method, test.path, test.body, headers...)
					got, header := stream.Rest(), stream.Response.Header
					if stream.Response.StatusCode != test.status || got != test.want && origin == page || header.Get("Access-Control-Allow-Origin") != allowed {
						t.Errorf("%q gets %d %q %v", origin, stream.Response.StatusCode, got, header)
					}
					if vary := strings.Join(header.Values("Vary"), ", "); !strings.Contains(vary, "Origin") || test.status >= 400 && !strings.Contains(vary, "Accept") {
						t.Errorf("Vary is %q", vary)
					}
				}
			})
		})
	}
}

func TestTheClockTicksForAPageOfAnotherOrigin(t *testing.T) {
	eachWay(t, func(t *testing.T, server *baretest.Server) {
		start := time.Now()
		stream := ask(t, server, "GET", "/api/clock", "", "origin", page)
		if got := stream.Response.Header.Get("Access-Control-Allow-Origin"); got != page {
			t.Errorf("the origin that may read is %q", got)
		}
		stream.Event()
		for i := range 30 {
			want := "data: " + start.Add(time.Duration(i)*time.Second).Format(time.TimeOnly) + "\n\n"
			if got := stream.Event(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if late := time.Since(start) - time.Duration(i)*time.Second; late > time.Millisecond {
				t.Errorf("event %d is %v late", i, late)
			}
		}
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if rest := stream.Rest(); rest != "" || stream.Err() != nil {
			t.Errorf("the stream ends with %q, %v", rest, stream.Err())
		}
	})
}

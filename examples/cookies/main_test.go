package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestABrowserKeepsTheName(t *testing.T) {
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				browser := server.Client()
				var err error
				if browser.Jar, err = cookiejar.New(nil); err != nil {
					t.Fatal(err)
				}
				for _, want := range []string{"<h1>Hello, Michael Caine!</h1>", "<li>none</li>"} {
					wantPage(t, server, want)
				}
				form := url.Values{"first_name": {`Zoë; "Z"`}, "last_name": {"O'Neill & <Sons>"}}
				stream := server.Post("/post_form", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
				if got, want := stream.Rest(), "<h1>Hello, Zoë; &#34;Z&#34; O&#39;Neill &amp; &lt;Sons&gt;!</h1>"; !strings.Contains(got, want) {
					t.Errorf("the page is\n%s, want %s", got, want)
				}
				wantPage(t, server, "<li>first_name: Zo%C3%AB%3B&#43;%22Z%22</li>")
			})
		})
	}
}

// wantPage fails the test unless the page has a text.
func wantPage(t *testing.T, server *baretest.Server, want string) {
	t.Helper()
	if got := server.Get("/").Rest(); !strings.Contains(got, want) {
		t.Errorf("the page is\n%s, want %s", got, want)
	}
}

func TestACookieThatIsMalformedIsNone(t *testing.T) {
	request := baretest.NewRequest("GET", "/", nil)
	request.Scope.AddCookie(&http.Cookie{Name: "first_name", Value: "%"})
	if got := readCookie(request, "first_name", "Michael"); got != "Michael" {
		t.Errorf("got %q", got)
	}
}

func TestAFormOfAnotherTypeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		if got := server.Post("/post_form", "text/plain", strings.NewReader("first_name=a")).Response.StatusCode; got != 415 {
			t.Errorf("got %d, want 415", got)
		}
	})
}

package middleware_test

import (
	"strings"
	"testing"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

func TestRequestsFromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method string
		headers      []string
		want         int
	}{
		{"a program, which is no browser", "POST", nil, 200},
		{"the service's own page", "POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"another site", "POST", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"another host of the same site", "POST", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"another site that only reads", "GET", []string{"Sec-Fetch-Site", "cross-site"}, 200},
		{"an old browser, the own origin", "POST", []string{"Origin", "https://in.memory"}, 200},
		{"an old browser, another origin", "POST", []string{"Origin", "https://evil.example"}, 403},
		{"an opaque origin", "POST", []string{"Origin", "null"}, 403},
		{"an origin that is trusted", "POST", []string{"Origin", "https://admin.example", "Sec-Fetch-Site", "cross-site"}, 200},
		{"the host that a proxy was asked for", "POST", []string{
			"Origin", "https://shop.example", "X-Peer", "127.0.0.1:1", "X-Forwarded-Host", "shop.example",
		}, 200},
		{"the same, not from a proxy", "POST", []string{
			"Origin", "https://shop.example", "X-Peer", "192.0.2.7:1", "X-Forwarded-Host", "shop.example",
		}, 403},
		{"a huge origin", "POST", []string{"Origin", "https://" + strings.Repeat("a", 32<<10)}, 403},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app := from(newApp(new(log),
					middleware.Proxies{Headers: []string{"X-Forwarded-Host"}}.Middleware(),
					middleware.CSRF{TrustedOrigins: []string{"https://admin.example"}}.Middleware()))
				server := baretest.Config{Protocol: protocol}.NewServer(t, app)
				for _, path := range []string{"/hello", "/ticks/2"} {
					stream := do(t, server, test.method, path, test.headers...)
					if stream.Rest(); stream.Response.StatusCode != test.want {
						t.Errorf("%s: got %d, want %d", path, stream.Response.StatusCode, test.want)
					}
				}
			})
		})
	}
}

func TestAnOriginThatIsNoneIsAProgrammersError(t *testing.T) {
	t.Parallel()
	wantPanic(t, "middleware: CSRF: ", func() {
		middleware.CSRF{TrustedOrigins: []string{"https://good.example", "shop.example"}}.Middleware()
	})
}

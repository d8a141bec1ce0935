package middleware_test

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

// whoami answers with what it sees of its client.
func whoami(request *bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, middleware.ClientAddr(request).String()+" "+request.URL().String())
}

func proxied(proxies middleware.Proxies) *bare.Application {
	app := newApp(new(log), proxies.Middleware())
	app.HttpRouter.Add(bare.Methods{"GET"}, "/whoami", whoami)
	return from(app)
}

func prefixes(texts ...string) []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range texts {
		networks = append(networks, netip.MustParsePrefix(text))
	}
	return networks
}

func TestARequestLooksAsItDidToTheFirstProxy(t *testing.T) {
	t.Parallel()
	ten := prefixes("10.0.0.0/8", "fd00::/8")
	all := []string{"X-Forwarded-For", "X-Forwarded-Proto", "x-forwarded-host"}
	standard := []string{"Forwarded"}
	const here = "http://in.memory/whoami?q=1"
	tests := []struct {
		name    string
		proxies middleware.Proxies
		peer    string
		headers []string
		want    string
	}{
		{"no proxy", middleware.Proxies{}, "192.0.2.7:1", nil, "192.0.2.7 " + here},
		{"a proxy that says nothing", middleware.Proxies{}, "127.0.0.1:1", nil, "127.0.0.1 " + here},
		{
			"a proxy on the same machine",
			middleware.Proxies{},
			"127.0.0.1:1",
			[]string{"X-Forwarded-For", "192.0.2.7", "X-Forwarded-Proto", "https"},
			"192.0.2.7 https://in.memory/whoami?q=1",
		},
		{"likewise with IPv6", middleware.Proxies{}, "[::1]:1", []string{"X-Forwarded-For", "2001:db8::7"}, "2001:db8::7 " + here},
		{"IPv4 mapped to IPv6", middleware.Proxies{}, "[::ffff:127.0.0.1]:1", []string{"X-Forwarded-For", "::ffff:192.0.2.7"}, "192.0.2.7 " + here},
		{"a host is not believed unless it is named", middleware.Proxies{}, "127.0.0.1:1", []string{"X-Forwarded-Host", "evil.example"}, "127.0.0.1 " + here},
		{"nor the standard header", middleware.Proxies{}, "127.0.0.1:1", []string{"Forwarded", "for=192.0.2.9"}, "127.0.0.1 " + here},
		{
			"nor anything from elsewhere",
			middleware.Proxies{Trusted: ten, Headers: all},
			"192.0.2.7:1",
			[]string{"X-Forwarded-For", "10.0.0.9", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example"},
			"192.0.2.7 " + here,
		},
		{"nor of a proxy on this machine when others are named", middleware.Proxies{Trusted: ten}, "127.0.0.1:1", []string{"X-Forwarded-For", "192.0.2.7"}, "127.0.0.1 " + here},
		{"nobody", middleware.Proxies{Trusted: []netip.Prefix{}}, "127.0.0.1:1", []string{"X-Forwarded-For", "192.0.2.7"}, "127.0.0.1 " + here},

		{
			"a client that has made up an address",
			middleware.Proxies{Trusted: ten},
			"10.0.0.1:1",
			[]string{"X-Forwarded-For", "203.0.113.1, 192.0.2.7"},
			"192.0.2.7 " + here,
		},
		{
			"one that pretends to come through a proxy",
			middleware.Proxies{Trusted: ten},
			"10.0.0.1:1",
			[]string{"X-Forwarded-For", "203.0.113.1, 10.0.0.3, 192.0.2.7, 10.0.0.2"},
			"192.0.2.7 " + here,
		},
		{
			"in several lines",
			middleware.Proxies{Trusted: ten},
			"10.0.0.1:1",
			[]string{"X-Forwarded-For", "203.0.113.1", "X-Forwarded-For", "192.0.2.7,, 10.0.0.2,"},
			"192.0.2.7 " + here,
		},
		{"proxies all the way", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}, "10.0.0.3 " + here},
		{"an entry that is no address", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", "203.0.113.1, unknown, 10.0.0.2"}, "10.0.0.2 " + here},
		{"a zone", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", "fe80::1%eth0"}, "10.0.0.1 " + here},
		{"ports", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", "[2001:db8::7]:4711, 10.0.0.3:80"}, "2001:db8::7 " + here},
		{"a bracket that does not close", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", "[2001:db8::7"}, "10.0.0.1 " + here},
		{"a bracket with something after it", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", "[2001:db8::7]80"}, "10.0.0.1 " + here},
		{"IPv4 in brackets", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", "[192.0.2.7]"}, "10.0.0.1 " + here},
		{"commas alone", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", strings.Repeat(",", 32<<10)}, "10.0.0.1 " + here},
		{"a list without an end", middleware.Proxies{Trusted: ten}, "10.0.0.1:1", []string{"X-Forwarded-For", strings.Repeat("10.0.0.2,", 4000)}, "10.0.0.2 " + here},

		{
			"all three",
			middleware.Proxies{Headers: all},
			"127.0.0.1:1",
			[]string{"X-Forwarded-For", "192.0.2.7", "X-Forwarded-Proto", "HTTPS", "X-Forwarded-Host", "shop.example:8443"},
			"192.0.2.7 https://shop.example:8443/whoami?q=1",
		},
		{
			"a host that is made up, before the proxy's",
			middleware.Proxies{Headers: all},
			"127.0.0.1:1",
			[]string{"X-Forwarded-For", "192.0.2.7", "X-Forwarded-Host", "evil.example, shop.example"},
			"192.0.2.7 http://shop.example/whoami?q=1",
		},
		{
			"two proxies that both add",
			middleware.Proxies{Trusted: ten, Headers: all},
			"10.0.0.1:1",
			[]string{"X-Forwarded-For", "192.0.2.7, 10.0.0.2", "X-Forwarded-Proto", "http, https, http"},
			"192.0.2.7 https://in.memory/whoami?q=1",
		},
		{
			"two proxies, of which the second keeps what is there",
			middleware.Proxies{Trusted: ten, Headers: all},
			"10.0.0.1:1",
			[]string{"X-Forwarded-For", "192.0.2.7, 10.0.0.2", "X-Forwarded-Proto", "https"},
			"192.0.2.7 https://in.memory/whoami?q=1",
		},
		{"a scheme that is none", middleware.Proxies{}, "127.0.0.1:1", []string{"X-Forwarded-Proto", "javascript"}, "127.0.0.1 " + here},
		{"a host that is none", middleware.Proxies{Headers: all}, "127.0.0.1:1", []string{"X-Forwarded-Host", "evil.example/<script>"}, "127.0.0.1 " + here},
		{"a host with a user", middleware.Proxies{Headers: all}, "127.0.0.1:1", []string{"X-Forwarded-Host", "shop.example@evil.example"}, "127.0.0.1 " + here},
		{"a host with a port that is none", middleware.Proxies{Headers: all}, "127.0.0.1:1", []string{"X-Forwarded-Host", "shop.example:x"}, "127.0.0.1 " + here},
		{"a host that is an address", middleware.Proxies{Headers: all}, "127.0.0.1:1", []string{"X-Forwarded-Host", "[2001:db8::1]:80"}, "127.0.0.1 http://[2001:db8::1]:80/whoami?q=1"},
		{"a host in brackets that do not close", middleware.Proxies{Headers: all}, "127.0.0.1:1", []string{"X-Forwarded-Host", "[2001:db8::1"}, "127.0.0.1 " + here},
		{"a host that is IPv4 in brackets", middleware.Proxies{Headers: all}, "127.0.0.1:1", []string{"X-Forwarded-Host", "[192.0.2.1]"}, "127.0.0.1 " + here},
		{"a port alone", middleware.Proxies{Headers: all}, "127.0.0.1:1", []string{"X-Forwarded-Host", ":80"}, "127.0.0.1 " + here},
		{"a huge host", middleware.Proxies{Headers: all}, "127.0.0.1:1", []string{"X-Forwarded-Host", strings.Repeat("a", 32<<10)}, "127.0.0.1 " + here},

		{
			"the standard header",
			middleware.Proxies{Headers: standard},
			"127.0.0.1:1",
			[]string{"Forwarded", `For="[2001:db8::7]:4711";proto=https;by=203.0.113.43;host="shop.example"`},
			"2001:db8::7 https://shop.example/whoami?q=1",
		},
		{"it excludes the others", middleware.Proxies{Headers: standard}, "127.0.0.1:1", []string{"X-Forwarded-For", "192.0.2.7"}, "127.0.0.1 " + here},
		{
			"the standard header, made up in part",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=203.0.113.1;host=evil.example", "Forwarded", "for=192.0.2.7;proto=https, for=10.0.0.2;host=shop.example"},
			"192.0.2.7 https://shop.example/whoami?q=1",
		},
		{
			"a quote that would swallow the proxy's element",
			middleware.Proxies{Headers: standard},
			"127.0.0.1:1",
			[]string{"Forwarded", `for=203.0.113.1;x=", for=192.0.2.7`},
			"127.0.0.1 " + here,
		},
		{
			"the same in a line before the proxy's",
			middleware.Proxies{Headers: standard},
			"127.0.0.1:1",
			[]string{"Forwarded", `for=203.0.113.1;x="`, "Forwarded", `for=192.0.2.7`},
			"192.0.2.7 " + here,
		},
		{
			"a comma and an escape in a quoted string",
			middleware.Proxies{Headers: standard},
			"127.0.0.1:1",
			[]string{"Forwarded", `for=192.0.2.7;x="a,\";b"`},
			"192.0.2.7 " + here,
		},
		{"a client that is hidden", middleware.Proxies{Headers: standard}, "127.0.0.1:1", []string{"Forwarded", "for=_hidden;proto=https"}, "127.0.0.1 https://in.memory/whoami?q=1"},
		{
			"a line that is malformed, before one of proxies only",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=192.0.2.7;x=\"", "Forwarded", "for=10.0.0.2"},
			"10.0.0.2 " + here,
		},
		{
			"an element that is malformed, after another line",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=203.0.113.1", "Forwarded", "for=10.0.0.3;for=10.0.0.4"},
			"10.0.0.1 " + here,
		},
		{
			"a quoted string without an end, after another line",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=203.0.113.1", "Forwarded", `for="10.0.0.3`},
			"10.0.0.1 " + here,
		},
		{
			"several lines of proxies",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=192.0.2.7;proto=https", "Forwarded", "for=10.0.0.2"},
			"192.0.2.7 https://in.memory/whoami?q=1",
		},
		{
			"a scheme that only one of two proxies knows",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=192.0.2.7, for=10.0.0.2;proto=https"},
			"192.0.2.7 https://in.memory/whoami?q=1",
		},
		{
			"a client that is unknown to the first of two proxies",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=unknown, for=10.0.0.2"},
			"10.0.0.2 " + here,
		},
		{
			"empty elements",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=192.0.2.7, , for=10.0.0.2,"},
			"192.0.2.7 " + here,
		},
		{
			"a line of which a part is malformed",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "for=192.0.2.7;for=192.0.2.8, for=10.0.0.2"},
			"10.0.0.1 " + here,
		},
		{
			"a name that is no token",
			middleware.Proxies{Trusted: ten, Headers: standard},
			"10.0.0.1:1",
			[]string{"Forwarded", "a b=c;for=192.0.2.7"},
			"10.0.0.1 " + here,
		},
		{"a parameter twice", middleware.Proxies{Headers: standard}, "127.0.0.1:1", []string{"Forwarded", "for=203.0.113.1;for=192.0.2.7"}, "127.0.0.1 " + here},
		{"no parameter between two semicolons", middleware.Proxies{Headers: standard}, "127.0.0.1:1", []string{"Forwarded", "for=192.0.2.7;;proto=https;"}, "192.0.2.7 https://in.memory/whoami?q=1"},
		{"a parameter without a value", middleware.Proxies{Headers: standard}, "127.0.0.1:1", []string{"Forwarded", "for"}, "127.0.0.1 " + here},
		{"an address that would have to be quoted", middleware.Proxies{Headers: standard}, "127.0.0.1:1", []string{"Forwarded", "for=[2001:db8::7]"}, "127.0.0.1 " + here},
		{"thousands of parameters", middleware.Proxies{Headers: standard}, "127.0.0.1:1", []string{"Forwarded", strings.Repeat("a=b;", 8000) + "for=192.0.2.7"}, "127.0.0.1 " + here},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				want := test.want
				if protocol == baretest.HTTP2 { // which has TLS: without a word of the proxy it counts
					want = strings.Replace(want, "http://in.memory", "https://in.memory", 1)
				}
				if protocol == baretest.HTTP2 && !strings.Contains(strings.Join(test.headers, " "), "roto") {
					want = strings.Replace(want, "http://", "https://", 1)
				}
				server := baretest.Config{Protocol: protocol}.NewServer(t, proxied(test.proxies))
				stream := do(t, server, "GET", "/whoami?q=1", append(test.headers, "X-Peer", test.peer)...)
				if got := stream.Rest(); got != want {
					t.Errorf("the handler sees %s, want %s", got, want)
				}
			})
		})
	}
}

// The address that a client sends whole has a host of its own.
func TestTheHostOfAWholeAddressIsReplacedToo(t *testing.T) {
	t.Parallel()
	server := baretest.NewServer(t, proxied(middleware.Proxies{Headers: []string{"X-Forwarded-Host"}}))
	conn := server.Dial()
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET http://inner.example/whoami HTTP/1.1\r\nHost: inner.example\r\n"+
		"X-Peer: 127.0.0.1:1\r\nX-Forwarded-Host: shop.example\r\nConnection: close\r\n\r\n")
	if answer, _ := io.ReadAll(conn); !strings.HasSuffix(string(answer), "127.0.0.1 http://shop.example/whoami") {
		t.Errorf("the answer is %s, want one for shop.example", answer)
	}
}

func TestWhatComesThroughAUnixSocketIsTrusted(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: proxied(middleware.Proxies{Trusted: []netip.Prefix{}})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /whoami HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\nConnection: close\r\n\r\n")
	if answer, _ := io.ReadAll(conn); !strings.HasSuffix(string(answer), "192.0.2.7 http://a/whoami") {
		t.Errorf("the answer is %s, want one for 192.0.2.7", answer)
	}
}

func TestAMountSeesTheClientInsideWrap(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app := from(newApp(new(log)))
		app.Mount("/mounted", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, r.RemoteAddr+" "+r.URL.Scheme)
		}))
		app.Wrap(middleware.Proxies{}.Wrap)
		server := baretest.Config{Protocol: protocol}.NewServer(t, app)
		stream := do(t, server, "GET", "/mounted", "X-Peer", "127.0.0.1:1", "X-Forwarded-For", "192.0.2.7:5", "X-Forwarded-Proto", "https")
		if got := stream.Rest(); got != "192.0.2.7:5 https" {
			t.Errorf("the mount sees %q", got)
		}
	})
}

func TestTheScopeOutsideIsNotChanged(t *testing.T) {
	t.Parallel()
	request := baretest.NewRequest("GET", "http://inner.example/", nil)
	request.Scope.RemoteAddr = "127.0.0.1:1"
	request.Scope.Header.Set("X-Forwarded-For", "192.0.2.7")
	request.Scope.Header.Set("X-Forwarded-Proto", "https")
	response := bare.Chain(whoami, middleware.Proxies{}.Middleware())(request)
	if got := baretest.Chunks(response.Body, -1); len(got) != 1 || got[0] != "192.0.2.7 https://inner.example/" {
		t.Errorf("inside it is %q", got)
	}
	if outside := request.Scope.RemoteAddr + " " + request.URL().String(); outside != "127.0.0.1:1 http://inner.example/" {
		t.Errorf("outside it has become %q", outside)
	}
}

func TestProxiesThatCannotBeAreProgrammersErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		proxies middleware.Proxies
		want    string
	}{
		{"a prefix that is none", middleware.Proxies{Trusted: []netip.Prefix{{}}}, "middleware: Proxies: Trusted[0] is not valid"},
		{"a header that says nothing", middleware.Proxies{Headers: []string{"X-Real-IP"}}, `middleware: Proxies: the header "X-Real-IP" is not known`},
		{"two families of headers", middleware.Proxies{Headers: []string{"Forwarded", "X-Forwarded-Host"}}, "middleware: Proxies: the header Forwarded excludes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wantPanic(t, test.want, func() { test.proxies.Middleware() })
			wantPanic(t, test.want, func() { test.proxies.Wrap(http.NotFoundHandler()) })
		})
	}
}

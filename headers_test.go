package bare_test

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// FuzzHeader holds the check of headers against what would end up on the wire.
func FuzzHeader(f *testing.F) {
	f.Add("X-Name", "value")
	f.Add("X\r\nY", "a\r\nB: c")
	f.Add("", "\t\x7f\x00é")
	f.Fuzz(func(t *testing.T, name, value string) {
		if bare.IsFieldValue(value) && strings.ContainsAny(value, "\r\n\x00") {
			t.Errorf("the value %q would be sent", value)
		}
		if bare.IsToken(name) && (name == "" || strings.ContainsAny(name, " \t\r\n:\x00(),/;<=>?@[]{}\"\\\x7f")) {
			t.Errorf("the name %q would be sent", name)
		}
	})
}

func TestWithHeaderLeavesTheOriginalAlone(t *testing.T) {
	t.Parallel()
	original := bare.HttpResponse{Headers: http.Header{"X-A": {"1"}}}
	changed := original.WithHeader("x-a", "2").WithHeader("x-b", "3")
	if len(original.Headers) != 1 || original.Headers["X-A"][0] != "1" {
		t.Errorf("the original became %v", original.Headers)
	}
	if changed.Headers.Get("X-A") != "2" || changed.Headers.Get("X-B") != "3" || len(changed.Headers) != 2 {
		t.Errorf("the copy is %v", changed.Headers)
	}
	if (bare.HttpResponse{}).WithHeader("a", "b").Headers.Get("A") != "b" {
		t.Error("a response without headers has got none")
	}
}

func TestTokensAreThoseOfTheSpecification(t *testing.T) {
	t.Parallel()
	// RFC 9110, section 5.6.2.
	const tchar = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for b := range 256 {
		if got, want := bare.IsToken(string([]byte{byte(b)})), strings.IndexByte(tchar, byte(b)) >= 0; got != want {
			t.Errorf("the byte %#x is part of a token: %t", b, got)
		}
		if got, want := bare.IsFieldValue(string([]byte{byte(b)})), b == '\t' || b >= ' ' && b != 0x7f; got != want {
			t.Errorf("the byte %#x is part of a value: %t", b, got)
		}
	}
	if bare.IsToken("") || bare.IsToken("a b") || !bare.IsToken("a-b") || !bare.IsFieldValue("") {
		t.Error("a token of several bytes, or of none")
	}
}

func TestLengthsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	const space = " "
	for length, want := range map[string]int{"5": 200, "05": 200, "+5": 500, "-5": 500, "": 500, "5" + space: 500, "0x5": 500} {
		synctest.Test(t, func(t *testing.T) {
			app, _ := respond(bare.HttpResponse{Headers: http.Header{"Content-Length": {length}}, Body: bare.TextWriter("hello")})
			if got := serve(t, baretest.HTTP1, app).Get("/").Response.StatusCode; got != want {
				t.Errorf("the length %q is a %d, want %d", length, got, want)
			}
		})
	}
}

func TestNamesAreSentInTheirCanonicalSpelling(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		for name, canonical := range map[string]string{
			"content-type": "Content-Type", "Content-Type": "Content-Type", "CONTENT-type": "Content-Type",
			"cache-control": "Cache-Control", "Cache-Control": "Cache-Control",
			"content-length": "Content-Length", "Content-Length": "Content-Length",
			"x-one": "X-One",
		} {
			app, _ := respond(bare.HttpResponse{Headers: http.Header{name: {"0"}}})
			conn := serve(t, baretest.HTTP1, app).Dial()
			send(t, conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			got, err := io.ReadAll(conn)
			if err != nil || !strings.Contains(string(got), "\r\n"+canonical+": 0\r\n") {
				t.Errorf("%s is sent as %q (%v)", name, got, err)
			}
			conn.Close()
		}
	})
}

func TestAConnectionOfHTTP2IsNotClosedByAHeader(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := respond(bare.HttpResponse{Headers: bare.Headers("connection", "close")})
		server := serve(t, protocol, app)
		reused := false
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
			GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused },
		})
		for range 3 {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			server.Do(request).Rest()
			time.Sleep(time.Second)
		}
		if reused != (protocol != baretest.HTTP1) {
			t.Errorf("the connection serves a further request: %t", reused)
		}
	})
}

func TestHeadersOfAWrapperAreReplacedButForLists(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := respond(bare.HttpResponse{
			Headers: http.Header{
				"x-one": {"ours"}, "X-ONE": {"too"}, "Vary": {"Accept"}, "set-cookie": {"b=2"}, "X-Two": {"ours"},
			},
			Body: bare.TextWriter("x"),
		})
		outer := bare.NewApplication()
		outer.Mount("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name, value := range map[string]string{
				"X-One": "theirs", "X-Two": "theirs", "X-Three": "theirs", "Vary": "Origin", "Set-Cookie": "a=1",
			} {
				w.Header().Set(name, value)
			}
			app.ServeHTTP(w, r)
		}))
		got := serve(t, protocol, outer).Get("/").Response.Header
		for name, want := range map[string][]string{
			"X-Two": {"ours"}, "X-Three": {"theirs"}, "Vary": {"Accept", "Origin"}, "Set-Cookie": {"a=1", "b=2"}, "X-One": {"ours", "too"},
		} {
			values := slices.Sorted(slices.Values(got[name]))
			if !slices.Equal(values, want) {
				t.Errorf("%s is %q, want %q", name, values, want)
			}
		}
		wantLogged(t, log)
	})
}

func TestAMapThatHandlersShareIsNeverWritten(t *testing.T) {
	t.Parallel()
	list := append(make([]string, 0, 8), "one") // with room for more
	shared := http.Header{"x-list": list, "Content-Type": {"text/plain"}}
	synctest.Test(t, func(t *testing.T) {
		app, _ := respond(bare.HttpResponse{Headers: shared, Body: bare.TextWriter("x")})
		app.Middlewares = []bare.HttpMiddleware{func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			response := handler(request)
			response.Headers.Add("x-list", "two")
			response.Headers["Content-Type"][0] = "text/html"
			response.Headers.Set("x-more", "three")
			return response
		}}
		server := serve(t, baretest.HTTP1, app)
		for range 2 {
			got := server.Get("/").Response.Header
			if !slices.Equal(got["X-List"], []string{"one", "two"}) || got.Get("Content-Type") != "text/html" {
				t.Errorf("got %v", got)
			}
		}
	})
	if len(shared) != 2 || list[:2][1] != "" || shared["Content-Type"][0] != "text/plain" {
		t.Errorf("the shared map became %v", shared)
	}
}

func TestHeadersThatAreTheServersOwnAreDropped(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := respond(bare.HttpResponse{
			Headers: bare.Headers("transfer-encoding", "gzip", "keep-alive", "timeout=5", "proxy-connection", "x", "upgrade", "x", "connection", "x-hop"),
			Body:    bare.TextWriter("x"),
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "x" || len(stream.Response.TransferEncoding) != 0 {
			t.Errorf("got %q, encoded as %v", got, stream.Response.TransferEncoding)
		}
		for _, name := range []string{"Keep-Alive", "Proxy-Connection", "Upgrade", "Connection"} {
			if got := stream.Response.Header.Get(name) != ""; got != (protocol == baretest.HTTP1) {
				t.Errorf("%s is there: %t", name, got)
			}
		}
		wantLogged(t, log)
	})
}

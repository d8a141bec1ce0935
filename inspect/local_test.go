package inspect_test

import (
	"net/http"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/inspect"
)

func TestOnlyLocalRequestsAreLocal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		peer, host, header string
		want               bool
	}{
		"a browser on this machine":             {"127.0.0.1:4000", "localhost:9009", "", true},
		"the same over IPv6":                    {"[::1]:4000", "[::1]:9009", "", true},
		"an IPv4 address in one of IPv6":        {"[::ffff:127.0.0.1]:4000", "127.0.0.1", "", true},
		"a name below localhost":                {"127.0.0.2:4000", "App.LocalHost.", "", true},
		"another machine":                       {"192.0.2.1:4000", "localhost:9009", "", false},
		"another machine in the same network":   {"10.0.0.7:4000", "localhost", "", false},
		"a name that was made to lead here":     {"127.0.0.1:4000", "evil.example:9009", "", false},
		"a name that looks like localhost":      {"127.0.0.1:4000", "localhost.evil.example", "", false},
		"a name that ends like localhost":       {"127.0.0.1:4000", "notlocalhost", "", false},
		"this machine's address in the network": {"127.0.0.1:4000", "192.168.0.4:9009", "", false},
		"no host":                               {"127.0.0.1:4000", "", "", false},
		"a Unix-domain socket":                  {"@", "localhost", "", false},
		"Forwarded":                             {"127.0.0.1:4000", "localhost", "Forwarded", false},
		"X-Forwarded-For":                       {"127.0.0.1:4000", "localhost", "X-Forwarded-For", false},
		"x-forwarded-host":                      {"127.0.0.1:4000", "localhost", "x-forwarded-host", false},
		"X-Real-IP":                             {"127.0.0.1:4000", "localhost", "X-Real-IP", false},
		"Via":                                   {"127.0.0.1:4000", "localhost", "Via", false},
		"CF-Connecting-IP":                      {"127.0.0.1:4000", "localhost", "CF-Connecting-IP", false},
		"an ordinary header":                    {"127.0.0.1:4000", "localhost", "Accept", true},
	} {
		request := baretest.NewRequest(http.MethodGet, "/inspect", nil)
		request.Scope.RemoteAddr, request.Scope.Host = test.peer, test.host
		if test.header != "" {
			request.Scope.Header.Set(test.header, "127.0.0.1")
		}
		if got := inspect.Local(request); got != test.want {
			t.Errorf("%s: local is %v", name, got)
		}
	}
	old := baretest.NewRequest(http.MethodGet, "/inspect", nil)
	old.Scope.RemoteAddr, old.Scope.Host = "127.0.0.1:4000", "127.0.0.1:9009"
	old.Scope.Proto, old.Scope.ProtoMinor = "HTTP/1.0", 0
	if inspect.Local(old) {
		t.Error("what nginx forwards, as it does by default, is local")
	}
	if inspect.Local(new(bare.HttpRequest)) {
		t.Error("a request that nobody has sent is local")
	}
}

package main

import (
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/acme"

	"github.com/bare-go/bare/baretest"
)

func TestOnlyTheNameThatIsGivenGetsACertificate(t *testing.T) {
	t.Parallel()
	manager := newManager("example.com")
	for host, good := range map[string]bool{"example.com": true, "www.example.com": false, "example.org": false} {
		if err := manager.HostPolicy(t.Context(), host); (err == nil) != good {
			t.Errorf("for %s: %v", host, err)
		}
	}
}

// Let's Encrypt asks over the port for HTTPS itself, by a protocol of its own (RFC 8737),
// and browsers by HTTP/2.
func TestTheServerTakesTheProtocolsThatItNeeds(t *testing.T) {
	t.Parallel()
	has := map[string]bool{}
	for _, protocol := range newManager("example.com").TLSConfig().NextProtos {
		has[protocol] = true
	}
	for _, protocol := range []string{"h2", "http/1.1", acme.ALPNProto} {
		if !has[protocol] {
			t.Errorf("%s is not taken", protocol)
		}
	}
}

func TestTheApplicationAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if got := baretest.NewServer(t, newApp()).Get("/").Rest(); got != "Hello, World!\n" {
			t.Errorf("got %q", got)
		}
	})
}

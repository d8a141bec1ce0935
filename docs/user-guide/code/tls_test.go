package code

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// newTLSServer runs an application with a configuration of TLS, and a certificate.
func newTLSServer(t *testing.T, server bare.Server, app *bare.Application) *baretest.Server {
	t.Helper()
	certificate, err := bare.InsecureDevelopmentCertificate()
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(certificate.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	server.CertFile, server.KeyFile = filepath.Join(folder, server.CertFile), filepath.Join(folder, server.KeyFile)
	for path, block := range map[string]*pem.Block{
		server.CertFile: {Type: "CERTIFICATE", Bytes: certificate.Leaf.Raw},
		server.KeyFile:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return baretest.Config{Server: server}.NewServer(t, app)
}

func newClientCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "Ada"},
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func TestOnlyClientsWithACertificateAreServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := newClientCertificate(t)
		authority := x509.NewCertPool()
		authority.AddCert(client.Leaf)
		app := bare.NewApplication()
		app.OnHttpRequest(bare.Methods{"GET"}, "/", whoAmI)
		server := newTLSServer(t, newStrictServer(authority), app)
		for name, certificates := range map[string][]tls.Certificate{"none": nil, "one": {client}} {
			transport := &http.Transport{
				DialContext:     func(context.Context, string, string) (net.Conn, error) { return server.Dial(), nil }, //nolint:contextcheck // it is at hand
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: certificates},
			}
			response, err := (&http.Client{Transport: transport}).Get("https://localhost/")
			if certificates == nil {
				if err == nil {
					response.Body.Close()
					t.Errorf("%s: got %s", name, response.Status)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, err := io.ReadAll(response.Body); string(got) != "You are Ada.\n" || err != nil {
				t.Errorf("%s: got %q (%v)", name, got, err)
			}
			response.Body.Close()
			transport.CloseIdleConnections()
		}
	})
}

func TestClientsOfHTTPAreSentToHTTPS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newRedirects("https://example.com"))
		server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for path, want := range map[string]string{
			"/":                "https://example.com/",
			"/a/b?c=d&e=%2F":   "https://example.com/a/b?c=d&e=%2F",
			"//evil.example/a": "https://example.com//evil.example/a",
		} {
			response := server.Get(path).Response
			if got := response.Header.Get("Location"); got != want || response.StatusCode != http.StatusPermanentRedirect {
				t.Errorf("%s leads to %q (%s)", path, got, response.Status)
			}
		}
	})
}

func TestBothServersStopTogether(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	listening := bare.Server{Addr: "localhost:0", OnListen: func(net.Addr) { stop() }}
	if err := serveBoth(ctx, bare.NewApplication(), listening, "localhost:0", "https://localhost"); err != nil {
		t.Errorf("a stop: %v", err)
	}
	listening.OnListen = nil
	if err := serveBoth(t.Context(), bare.NewApplication(), listening, "nonsense", "https://localhost"); err == nil {
		t.Error("one that cannot listen leaves the other one running")
	}
}

func TestBrowsersAreToldToComeByHTTPS(t *testing.T) {
	t.Parallel()
	response := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "") }, strict)(baretest.NewRequest("GET", "/", nil))
	if got := response.Headers.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("got %q", got)
	}
}

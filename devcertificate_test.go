package bare_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bare-go/bare"
)

func TestACertificateForDevelopmentIsForThisMachineOnly(t *testing.T) {
	t.Parallel()
	certificate, err := bare.InsecureDevelopmentCertificate()
	must(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(certificate.Leaf)
	for name, good := range map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true, "example.com": false, "127.0.0.2": false} {
		_, err := certificate.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool})
		if (err == nil) != good {
			t.Errorf("for %s: %v", name, err)
		}
	}
	if certificate.Leaf.IsCA || certificate.Leaf.KeyUsage != x509.KeyUsageDigitalSignature {
		t.Error("it may vouch for others")
	}
	if lasts := time.Until(certificate.Leaf.NotAfter); lasts > 31*24*time.Hour {
		t.Errorf("it lasts for %v", lasts)
	}
	again, err := bare.InsecureDevelopmentCertificate()
	must(t, err)
	if bytes.Equal(again.Leaf.RawSubjectPublicKeyInfo, certificate.Leaf.RawSubjectPublicKeyInfo) || again.Leaf.SerialNumber.Cmp(certificate.Leaf.SerialNumber) == 0 {
		t.Error("two have the same key or number")
	}
}

// A listenerAt is a listener with an address of the test's choice.
type listenerAt struct {
	net.Listener

	addr net.Addr
}

func (l listenerAt) Addr() net.Addr { return l.addr }

func TestACertificateForDevelopmentIsRefusedWhereOthersReachIt(t *testing.T) {
	t.Parallel()
	certificate, err := bare.InsecureDevelopmentCertificate()
	must(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	at := func(addr net.Addr) net.Listener {
		inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		must(t, err)
		return listenerAt{inner, addr}
	}
	const loopback = "for loopback addresses only"
	for name, c := range map[string]struct {
		server bare.Server
		want   string // "" when it serves
	}{
		"every address":           {bare.Server{Addr: ":0"}, loopback},
		"every address, spelt":    {bare.Server{Addr: "0.0.0.0:0"}, loopback},
		"every address, IPv6":     {bare.Server{Addr: "[::]:0"}, loopback},
		"an address of a network": {bare.Server{Addr: "192.0.2.1:0"}, loopback},
		"a name":                  {bare.Server{Addr: "example.com:0"}, loopback},
		"a name that begins well": {bare.Server{Addr: "localhost.example.com:0"}, loopback},
		"no address":              {bare.Server{Addr: "nonsense"}, loopback},
		"localhost":               {bare.Server{Addr: "localhost:0"}, ""},
		"127.0.0.1":               {bare.Server{Addr: "127.0.0.1:0"}, ""},
		"a listener for all":      {bare.Server{Listener: at(&net.TCPAddr{IP: net.IPv4zero, Port: 1})}, loopback},
		"a listener of its own":   {bare.Server{Listener: at(&net.TCPAddr{IP: net.IPv6loopback, Port: 1})}, ""},
		"a socket of Unix":        {bare.Server{Listener: at(&net.UnixAddr{Name: "/x", Net: "unix"})}, ""},
		"beside files":            {bare.Server{Addr: "localhost:0", CertFile: "c", KeyFile: "k"}, "exclude each other"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := c.server
			server.TLSConfig = config
			ctx, stop := context.WithCancel(t.Context())
			served := false
			server.OnListen = func(net.Addr) { served = true; stop() }
			switch err := server.Run(ctx, bare.NewApplication()); {
			case c.want == "" && (err != nil || !served):
				t.Errorf("it does not serve: %v", err)
			case c.want != "" && (err == nil || served || !strings.Contains(err.Error(), c.want)):
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestTheProgramServesHTTP2WithACertificateForDevelopment(t *testing.T) {
	t.Parallel()
	program := start(t, "-addr", "localhost:0", "-dev-cert")
	url := program.url(t)
	if !strings.HasPrefix(url, "https://localhost:") {
		t.Errorf("the program printed %q", url)
	}
	line, err := program.stdout.ReadString('\n')
	must(t, err)
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true,
	}}
	defer client.CloseIdleConnections()
	response, err := client.Get(url + "/events")
	must(t, err)
	defer response.Body.Close()
	if response.ProtoMajor != 2 {
		t.Errorf("the protocol is %s", response.Proto)
	}
	sum := sha256.Sum256(response.TLS.PeerCertificates[0].Raw)
	_, shown, _ := strings.Cut(strings.TrimSpace(line), "SHA-256: ")
	if want := hex.EncodeToString(sum[:]); strings.ToLower(strings.ReplaceAll(shown, ":", "")) != want || len(shown) != 95 {
		t.Errorf("the program printed %q, and its certificate is %s", line, want)
	}
	program.signal(t, syscall.SIGTERM)
	if status, _ := program.wait(t); status != 0 {
		t.Errorf("the status is %d: %s", status, program.stderr.String())
	}
}

func TestTheFlagForDevelopmentIsRefusedWithOneLine(t *testing.T) {
	t.Parallel()
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	writeCertificate(t, certFile, keyFile)
	for _, c := range []struct {
		arguments []string
		want      string
	}{
		{[]string{"-addr", ":0", "-dev-cert"}, "bare: a certificate for development is for loopback addresses only, and :0 is none\n"},
		{[]string{"-dev-cert", "-cert", certFile, "-key", keyFile}, "bare: CertFile and a certificate for development exclude each other\n"},
	} {
		program := start(t, c.arguments...)
		if status, stdout := program.wait(t); status != 1 || stdout != "" || program.stderr.String() != c.want {
			t.Errorf("%v: status %d, printed %q and %q", c.arguments, status, stdout, program.stderr.String())
		}
	}
}

func TestTheFlagForDevelopmentCanBeOff(t *testing.T) {
	t.Parallel()
	program := startProgram(t, "no flags of its own", "-dev-cert=false")
	url := program.url(t)
	if body, err := io.ReadAll(get(t, url+"/").Body); !strings.HasPrefix(url, "http://") || err != nil || string(body) != "hello" {
		t.Errorf("%s says %q (%v)", url, body, err)
	}
	program.signal(t, syscall.SIGTERM)
	program.wait(t)
}

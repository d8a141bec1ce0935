package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestThePageSaysHowItWasAskedFor(t *testing.T) {
	t.Parallel()
	for protocol, want := range map[baretest.Protocol]string{
		baretest.HTTP1: "You came by HTTP/1.1 and no TLS.\n",
		baretest.H2C:   "You came by HTTP/2.0 and no TLS.\n",
		baretest.HTTP2: "You came by HTTP/2.0 and TLS 1.3.\n",
	} {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if got := (baretest.Config{Protocol: protocol}).NewServer(t, newApp()).Get("/").Rest(); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		})
	}
}

// What -dev-cert does, with a client that trusts that one certificate.
func TestAClientThatTrustsTheDevelopmentCertificateGetsHTTP2(t *testing.T) {
	t.Parallel()
	certificate, err := bare.InsecureDevelopmentCertificate()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	listening, ended := make(chan net.Addr, 1), make(chan error, 1)
	server := bare.Server{
		Addr:      "localhost:0",
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		OnListen:  func(addr net.Addr) { listening <- addr },
	}
	go func() { ended <- server.Run(ctx, newApp()) }()

	pool := x509.NewCertPool()
	pool.AddCert(certificate.Leaf)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	response, err := (&http.Client{Transport: transport}).Get("https://" + (<-listening).String())
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got, err := io.ReadAll(response.Body); string(got) != "You came by HTTP/2.0 and TLS 1.3.\n" || err != nil {
		t.Errorf("got %q (%v)", got, err)
	}
	transport.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

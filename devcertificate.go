package bare

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"time"
)

// developmentName is the subject by which a certificate for development is known.
const developmentName = "bare: for development only"

// developmentTime is how long a certificate for development is valid.
const developmentTime = 30 * 24 * time.Hour

// InsecureDevelopmentCertificate makes a self-signed certificate for localhost,
// 127.0.0.1 and ::1, and a key of its own (ECDSA, P-256). Both are in memory only, are
// new at each call, and last for 30 days. Browsers warn of it, as nobody vouches for it.
// A client in Go trusts it when its Leaf is in the client's RootCAs.
//
// It is for [Server.TLSConfig] on your own machine: a [Server] does not start with it
// unless its address is a loopback one. The flag -dev-cert of [Main] does the same.
func InsecureDevelopmentCertificate() (tls.Certificate, error) {
	certificate, err := newDevelopmentCertificate(time.Now())
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("bare: no certificate can be made: %w", err)
	}
	return certificate, nil
}

func newDevelopmentCertificate(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: developmentName},
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:             now.Add(-time.Hour), // for clocks that differ
		NotAfter:              now.Add(developmentTime),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, // and no authority: whoever trusts it trusts nothing else
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// developmentLeaf returns the certificate for development that a configuration has,
// nil if there is none.
func developmentLeaf(config *tls.Config) *x509.Certificate {
	if config == nil {
		return nil
	}
	for i := range config.Certificates {
		if leaf := config.Certificates[i].Leaf; leaf != nil && leaf.Subject.CommonName == developmentName {
			return leaf
		}
	}
	return nil
}

// checkDevelopment reports a certificate for development that others than the
// developer would see.
func (s Server) checkDevelopment() error {
	switch {
	case developmentLeaf(s.TLSConfig) == nil:
		return nil
	case s.CertFile != "":
		return errors.New("bare: CertFile and a certificate for development exclude each other")
	}
	addr := cmp.Or(s.Addr, DefaultAddr)
	if s.Listener != nil {
		if s.Listener.Addr().Network() == "unix" {
			return nil
		}
		addr = s.Listener.Addr().String()
	}
	if !isLoopback(addr) {
		return fmt.Errorf("bare: a certificate for development is for loopback addresses only, and %s is none", addr)
	}
	return nil
}

// isLoopback reports whether only this machine can reach the address, host:port.
func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// fingerprint is the SHA-256 of a certificate, as browsers show it.
func fingerprint(certificate *x509.Certificate) string {
	sum := sha256.Sum256(certificate.Raw)
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

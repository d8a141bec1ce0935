//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"flag"
	"math/big"
	"net"
	"sync"
	"time"
)

// A service is what a serving process is told, and what it tells of itself. The
// zero value is HTTP/1.1 with the limits that a server has by default.
type service struct {
	stall  time.Duration // bare's StallTimeout; 0 means its default
	secure bool          // TLS, and with it HTTP/2
	h2c    bool          // HTTP/2 without TLS, beside HTTP/1.1
	files  string        // the folder of /files; "" for none

	ends      ledger
	publisher *publisher // of a server that fans out
}

// serverNamed returns the server that a process is to be: a contender, or a broker.
func (s *service) serverNamed(name string) (func(net.Listener) error, error) {
	for _, n := range brokers() {
		if n.name != name {
			continue
		}
		b := n.make()
		publisher, err := newPublisher(b)
		s.publisher = publisher
		return func(l net.Listener) error { return b.serve(s, l) }, err
	}
	c, err := contenderNamed(name)
	return func(l net.Listener) error { return c.serve(l, s) }, err
}

// addFlags lets the process that starts this one set it up.
func (s *service) addFlags(flags *flag.FlagSet) {
	flags.DurationVar(&s.stall, "stall", 0, "bare's StallTimeout")
	flags.BoolVar(&s.secure, "tls", false, "speak TLS")
	flags.BoolVar(&s.h2c, "h2c", false, "speak HTTP/2 without TLS, too")
	flags.StringVar(&s.files, "files", "", "serve this folder")
}

// A ledger knows of each response with a name when it began, and when the server
// saw it end: a client's own buffers hide that from it.
type ledger struct {
	mutex sync.Mutex
	begun map[string]time.Time
	ended map[string]time.Duration
}

// begin notes the begin of a response; the function that it returns, its end.
func (l *ledger) begin(id string) (end func()) {
	now := time.Now()
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.begun == nil {
		l.begun, l.ended = make(map[string]time.Time), make(map[string]time.Duration)
	}
	l.begun[id] = now
	return func() {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.ended[id] = time.Since(now)
	}
}

// counts returns how many responses have begun and ended.
func (l *ledger) counts() (begun, ended int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.begun), len(l.ended)
}

// lasted returns how long a response took, 0 if it has not ended.
func (l *ledger) lasted(id string) time.Duration {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.ended[id]
}

// tlsConfig has a certificate of its own making, nil without TLS.
func (s *service) tlsConfig() (*tls.Config, error) {
	if !s.secure {
		return nil, nil //nolint:nilnil // which is how a server spells no TLS
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}, nil
}

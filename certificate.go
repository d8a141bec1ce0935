package bare

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// certificateInterval is how often, at most, handshakes look whether the files of a
// certificate have changed.
const certificateInterval = time.Second

// A certificateFile is a certificate in two PEM files, which a handshake looks at
// again. Nothing runs between handshakes. What counts is the content: so it makes no
// difference whether a file is written anew, renamed to its place, or behind a symbolic
// link that leads elsewhere, and whether its time of change says so.
type certificateFile struct {
	certFile, keyFile string
	logger            func() *slog.Logger

	current atomic.Pointer[tls.Certificate]

	mutex   sync.Mutex // of the handshake that looks: no other one waits for it
	looked  time.Time
	used    fileState // of the current certificate
	refused fileState // of the pair that was refused by the last look; nothing if none was
	told    bool      // the log was told of it
}

// A fileState stands for the content of both files, or for the error of reading them.
type fileState [sha256.Size]byte

// newCertificateFile reads the certificate.
func newCertificateFile(certFile, keyFile string, logger func() *slog.Logger) (*certificateFile, error) {
	c := &certificateFile{certFile: certFile, keyFile: keyFile, logger: logger, looked: time.Now()}
	certificate, state, err := c.read()
	if err != nil {
		return nil, fmt.Errorf("bare: the certificate cannot be used: %w", err)
	}
	c.current.Store(certificate)
	c.used = state
	return c, nil
}

// configure returns a copy of a configuration, nil for none, with the certificate in
// the place of its own ones. Its GetCertificate is asked first.
func (c *certificateFile) configure(config *tls.Config) *tls.Config {
	if config = config.Clone(); config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	first := config.GetCertificate
	config.Certificates = nil
	config.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		// Without a name crypto/tls would not have asked either.
		if first != nil && hello.ServerName != "" {
			if certificate, err := first(hello); certificate != nil || err != nil {
				return certificate, err
			}
		}
		c.look(hello.Context())
		return c.current.Load(), nil
	}
	return config
}

// look takes the certificate anew if its files have changed. One handshake at a time
// does so, and the others go on with the certificate that there is: a disk that hangs
// holds up no more than one.
func (c *certificateFile) look(ctx context.Context) {
	if !c.mutex.TryLock() {
		return
	}
	defer c.mutex.Unlock()
	now := time.Now()
	if now.Sub(c.looked) < certificateInterval || isPipe(c.certFile) || isPipe(c.keyFile) {
		return
	}
	c.looked = now
	certificate, state, err := c.read()
	switch {
	case state == c.used:
		c.refused = fileState{}
	case err != nil:
		c.refuse(ctx, state, err)
	default:
		c.current.Store(certificate)
		c.used, c.refused = state, fileState{}
		c.logger().LogAttrs(ctx, slog.LevelInfo, "bare: the certificate was replaced",
			slog.String("file", c.certFile), slog.Time("not_after", certificate.Leaf.NotAfter))
	}
}

// refuse keeps the old certificate. The log is told once, when a second look has found
// the same: a key that is written after its certificate is no fault.
func (c *certificateFile) refuse(ctx context.Context, state fileState, err error) {
	if state != c.refused {
		c.refused, c.told = state, false
		return
	}
	if c.told {
		return
	}
	c.told = true
	c.logger().LogAttrs(ctx, slog.LevelError, "bare: the new certificate cannot be used, and the old one is kept",
		slog.Any("error", err))
}

// read reads both files. The error names the one that is at fault, or both.
func (c *certificateFile) read() (*tls.Certificate, fileState, error) {
	chain, chainErr := os.ReadFile(c.certFile)
	key, keyErr := os.ReadFile(c.keyFile)
	if err := errors.Join(chainErr, keyErr); err != nil {
		return nil, sha256.Sum256([]byte(err.Error())), err
	}
	ends := sha256.Sum256(chain) // so that no two pairs are the same text
	state := sha256.Sum256(append(ends[:], key...))
	certificate, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, state, fmt.Errorf("%s with the key %s: %w", c.certFile, c.keyFile, err)
	}
	return &certificate, state, nil
}

// isPipe reports whether a file can be read only once, as with a shell's <(command):
// to open it again might wait forever.
func isPipe(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0
}

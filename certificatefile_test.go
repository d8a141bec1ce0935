package bare_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

const replaced = "INFO bare: the certificate was replaced file="

// An encrypted server has its certificate in two files of a folder.
type encrypted struct {
	*baretest.Server

	t                 *testing.T
	log               *logbook
	folder            string
	certFile, keyFile string
}

// newEncrypted runs a server whose certificate has the serial number 1.
func newEncrypted(t *testing.T, config *tls.Config) *encrypted {
	t.Helper()
	app, log := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
		for range request.Every(time.Second) {
			if !yield([]byte("tick")) {
				return
			}
		}
	})
	app.OnHttpRequest(bare.Methods{"GET"}, "/empty", empty)
	e := &encrypted{t: t, log: log, folder: t.TempDir()}
	e.certFile, e.keyFile = filepath.Join(e.folder, "cert.pem"), filepath.Join(e.folder, "key.pem")
	certificate, key := newPair(t, 1)
	e.write(certificate, key)
	e.Server = baretest.Config{Server: bare.Server{CertFile: e.certFile, KeyFile: e.keyFile, TLSConfig: config}}.NewServer(t, app)
	return e
}

func (e *encrypted) write(certificate, key []byte) {
	e.t.Helper()
	writeFile(e.t, e.certFile, certificate)
	writeFile(e.t, e.keyFile, key)
}

// serial is the serial number of the certificate that a new client is shown.
func (e *encrypted) serial(name string) int64 {
	e.t.Helper()
	client := tls.Client(e.Dial(), &tls.Config{ServerName: name, InsecureSkipVerify: true})
	defer client.Close()
	if err := client.HandshakeContext(e.t.Context()); err != nil {
		e.t.Fatal(err)
	}
	return client.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// want fails the test unless a client that comes in a second is shown the certificate.
func (e *encrypted) want(serial int64) {
	e.t.Helper()
	time.Sleep(time.Second)
	if got := e.serial("localhost"); got != serial {
		e.t.Errorf("clients are shown certificate %d, want %d", got, serial)
	}
}

// transport is a client's, over HTTP/2.
func (e *encrypted) transport() *http.Transport {
	transport := &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return e.Dial(), nil }, //nolint:contextcheck // it is at hand
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)},
		ForceAttemptHTTP2: true,
	}
	e.t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func (e *encrypted) get(transport *http.Transport, path string) *http.Response {
	e.t.Helper()
	request, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, "https://localhost"+path, http.NoBody)
	if err != nil {
		e.t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestACertificateIsReplacedHoweverItsFilesAre(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string]func(t *testing.T, e *encrypted, certificate, key []byte){
		"written anew": func(_ *testing.T, e *encrypted, certificate, key []byte) { e.write(certificate, key) },
		"renamed to their places": func(t *testing.T, e *encrypted, certificate, key []byte) {
			writeFile(t, e.certFile+".new", certificate)
			writeFile(t, e.keyFile+".new", key)
			must(t, os.Rename(e.certFile+".new", e.certFile))
			must(t, os.Rename(e.keyFile+".new", e.keyFile))
		},
		"written without a change of their times": func(t *testing.T, e *encrypted, certificate, key []byte) {
			info, err := os.Stat(e.certFile)
			must(t, err)
			e.write(certificate, key)
			must(t, os.Chtimes(e.certFile, info.ModTime(), info.ModTime()))
			must(t, os.Chtimes(e.keyFile, info.ModTime(), info.ModTime()))
		},
		"removed for a while": func(t *testing.T, e *encrypted, certificate, key []byte) {
			must(t, os.Remove(e.keyFile))
			e.want(1)
			e.write(certificate, key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := newEncrypted(t, nil)
				e.want(1)
				certificate, key := newPair(t, 2)
				replace(t, e, certificate, key)
				e.want(2)
				e.want(2)
				wantLogged(t, e.log, replaced+e.certFile+" not_after=2000-")
			})
		})
	}
}

// Kubernetes mounts a secret so: the files lead through a link to a folder, and an
// update changes that link.
func TestACertificateIsReplacedBehindASymbolicLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEncrypted(t, nil)
		for _, version := range []string{"v1", "v2"} {
			must(t, os.Mkdir(filepath.Join(e.folder, version), 0o700))
		}
		must(t, os.Rename(e.certFile, filepath.Join(e.folder, "v1", "cert.pem")))
		must(t, os.Rename(e.keyFile, filepath.Join(e.folder, "v1", "key.pem")))
		must(t, os.Symlink("v1", filepath.Join(e.folder, "data")))
		must(t, os.Symlink("data/cert.pem", e.certFile))
		must(t, os.Symlink("data/key.pem", e.keyFile))
		e.want(1)
		certificate, key := newPair(t, 2)
		writeFile(t, filepath.Join(e.folder, "v2", "cert.pem"), certificate)
		writeFile(t, filepath.Join(e.folder, "v2", "key.pem"), key)
		must(t, os.Symlink("v2", filepath.Join(e.folder, "data.new")))
		must(t, os.Rename(filepath.Join(e.folder, "data.new"), filepath.Join(e.folder, "data")))
		e.want(2)
		wantLogged(t, e.log, replaced)
	})
}

func TestAKeyThatIsWrittenAfterItsCertificateIsNoFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEncrypted(t, nil)
		certificate, key := newPair(t, 2)
		writeFile(t, e.certFile, certificate)
		e.want(1) // the files do not belong together yet
		writeFile(t, e.keyFile, key)
		e.want(2)
		wantLogged(t, e.log, replaced)
	})
}

func TestABadNewCertificateIsLoggedOncePerChangeAndTheOldOneIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEncrypted(t, nil)
		old, oldKey := newPair(t, 2)
		e.write(old, oldKey)
		e.want(2)
		_, stranger := newPair(t, 3)
		const kept = "ERROR bare: the new certificate cannot be used, and the old one is kept error="
		want := []string{replaced}
		for _, c := range []struct {
			certificate, key []byte
			logged           string
		}{
			{[]byte("nonsense"), oldKey, kept + e.certFile + " with the key " + e.keyFile + ": tls: failed to find"},
			{nil, oldKey, kept + e.certFile + " with the key " + e.keyFile + ": tls: failed to find"},
			{old, stranger, kept + e.certFile + " with the key " + e.keyFile + ": tls: private key does not match"},
		} {
			e.write(c.certificate, c.key)
			for range 10 {
				e.want(2)
			}
			want = append(want, c.logged)
			wantLogged(t, e.log, want...)
		}
		must(t, os.Remove(e.certFile))
		for range 10 {
			e.want(2)
		}
		want = append(want, kept+"open "+e.certFile)
		wantLogged(t, e.log, want...)
		e.write(old, oldKey) // as it was: nothing is replaced
		e.want(2)
		wantLogged(t, e.log, want...)
		e.write(newPair(t, 4))
		e.want(4)
		wantLogged(t, e.log, append(want, replaced)...)
	})
}

func TestTheFilesOfACertificateAreLookedAtOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEncrypted(t, nil)
		e.write(newPair(t, 2))
		time.Sleep(time.Second - time.Nanosecond)
		if got := e.serial("localhost"); got != 1 {
			t.Errorf("before the second is over: certificate %d", got)
		}
		time.Sleep(time.Nanosecond)
		if got := e.serial("localhost"); got != 2 {
			t.Errorf("after a second: certificate %d", got)
		}
	})
}

func TestOpenStreamsOutliveTheirCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEncrypted(t, nil)
		transport := e.transport()
		response := e.get(transport, "/")
		e.write(newPair(t, 2))
		e.want(2)
		for range 3 {
			time.Sleep(time.Second)
			buffer := make([]byte, 64)
			if n, err := response.Body.Read(buffer); err != nil || !strings.HasPrefix(string(buffer[:n]), "tick") {
				t.Errorf("got %q (%v)", buffer[:n], err)
			}
		}
		second := e.get(transport, "/empty") // on the same connection
		for _, r := range []*http.Response{response, second} {
			if got := r.TLS.PeerCertificates[0].SerialNumber.Int64(); r.ProtoMajor != 2 || got != 1 {
				t.Errorf("%s with certificate %d", r.Proto, got)
			}
		}
	})
}

func TestASessionIsResumedAfterItsCertificateWasReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := newEncrypted(t, nil)
		transport := e.transport()
		if e.get(transport, "/empty").TLS.DidResume {
			t.Error("the first connection resumes a session")
		}
		transport.CloseIdleConnections()
		e.write(newPair(t, 2))
		e.want(2)
		if response := e.get(transport, "/empty"); !response.TLS.DidResume || response.StatusCode != http.StatusOK {
			t.Errorf("the session is not resumed: %+v", response)
		}
	})
}

func TestGetCertificateIsAskedBeforeTheFilesAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		other, err := tls.X509KeyPair(newPair(t, 7))
		must(t, err)
		config := &tls.Config{Certificates: []tls.Certificate{other}, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName != "localhost" {
				return &other, nil
			}
			return nil, nil //nolint:nilnil // the next one is to be asked
		}}
		e := newEncrypted(t, config)
		for name, want := range map[string]int64{"other.example": 7, "localhost": 1, "": 1} {
			if got := e.serial(name); got != want {
				t.Errorf("for %q: certificate %d, want %d", name, got, want)
			}
		}
	})
}

func TestAServerWithoutAUsableCertificateDoesNotStart(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writeCertificate(t, certFile, keyFile)
	nonsense := filepath.Join(folder, "nonsense.pem")
	writeFile(t, nonsense, []byte("nonsense"))
	missing := filepath.Join(folder, "missing.pem")
	for name, c := range map[string]struct {
		certFile, keyFile string
		named             []string
	}{
		"no certificate":  {missing, keyFile, []string{missing}},
		"no key":          {certFile, missing, []string{missing}},
		"neither":         {missing + "1", missing + "2", []string{missing + "1", missing + "2"}},
		"bad certificate": {nonsense, keyFile, []string{nonsense, keyFile}},
		"bad key":         {certFile, nonsense, []string{certFile, nonsense}},
		"another's key":   {certFile, certFile, []string{certFile}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := bare.NewApplication()
			app.OnStartup(func(context.Context) error { t.Error("the application was started"); return nil })
			err := bare.Server{Addr: "localhost:0", CertFile: c.certFile, KeyFile: c.keyFile}.Run(t.Context(), app)
			if err == nil || !strings.HasPrefix(err.Error(), "bare: the certificate cannot be used: ") {
				t.Fatalf("the error is %v", err)
			}
			for _, file := range c.named {
				if !strings.Contains(err.Error(), file) {
					t.Errorf("the error does not name %s: %v", file, err)
				}
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

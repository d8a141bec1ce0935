package bare_test

import (
	"bytes"
	"net/http"
	"os"
	"time"
)

// A deadlineWriter is a writer of a foreign server that waits in each flush, until
// the client reads, or the deadline is set.
type deadlineWriter struct {
	head    http.Header
	written bytes.Buffer
	flushes int
	blocked int // the number of the flush that waits; 0 for none
	read    chan struct{}
	expired chan struct{}
}

func newDeadlineWriter(blocked int) *deadlineWriter {
	return &deadlineWriter{head: make(http.Header), blocked: blocked, read: make(chan struct{}), expired: make(chan struct{})}
}

func (w *deadlineWriter) Header() http.Header                { return w.head }
func (*deadlineWriter) WriteHeader(int)                      {}
func (w *deadlineWriter) Write(chunk []byte) (int, error)    { return w.written.Write(chunk) }
func (*deadlineWriter) SetReadDeadline(time.Time) error      { return nil }
func (w *deadlineWriter) SetWriteDeadline(_ time.Time) error { close(w.expired); return nil }

func (w *deadlineWriter) FlushError() error {
	if w.flushes++; w.flushes == w.blocked {
		select {
		case <-w.read:
		case <-w.expired:
			return os.ErrDeadlineExceeded
		}
	}
	return nil
}

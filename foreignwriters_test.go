package bare_test

import "net/http"

// A foreign server's ResponseWriter, or that of a middleware around the
// application, may lack anything but its three methods.
type bareWriter struct{ w http.ResponseWriter }

func (b bareWriter) Header() http.Header         { return b.w.Header() }
func (b bareWriter) WriteHeader(status int)      { b.w.WriteHeader(status) }
func (b bareWriter) Write(p []byte) (int, error) { return b.w.Write(p) }

// hiddenFlush has its flush behind Unwrap.
type hiddenFlush struct{ bareWriter }

func (h hiddenFlush) Unwrap() http.ResponseWriter { return h.w }

// failingFlush fails where another one would flush.
type failingFlush struct {
	bareWriter

	err error
}

func (f failingFlush) FlushError() error { return f.err }

type panickingFlush struct{ bareWriter }

func (panickingFlush) FlushError() error { panic("no flush today") }

type panickingWrite struct{ bareWriter }

func (panickingWrite) Write([]byte) (int, error) { panic("no write today") }

package topic

import (
	"net/http"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// A grammar is how one transport says what a stream has to say. Each method appends
// to dst.
type grammar interface {
	// name is that of the transport, for [Stats] and [End].
	name() string
	contentType() string
	// open is the first thing that is said, at once, so that proxies pass on the head,
	// with the position at which the stream begins, "" if a gap says so. A client that
	// is cut before its first event goes on from there.
	open(dst []byte, at string) []byte
	event(dst []byte, event Event, id eventlog.Offset) []byte
	// gap says that what was between two positions is lost. Its id is where the
	// stream goes on.
	gap(dst []byte, from string, to eventlog.Offset) []byte
	// keepAlive says nothing, so that proxies see something.
	keepAlive(dst []byte) []byte
	// retry says when to come back.
	retry(dst []byte, after time.Duration) []byte
	// done and failed are the last things that are said. With the zero offset, a
	// failure is the log's own, and says nothing about where the stream has ended.
	done(dst []byte, at eventlog.Offset) []byte
	failed(dst []byte, message string, at eventlog.Offset) []byte
}

// spoken is a format whose events are those of this one, encoded once for both.
func (f *format) spoken(g grammar) *format {
	return &format{grammar: g, encoding: f.encoding, silence: g.keepAlive(nil)}
}

// A format is a grammar, and what a topic has for all subscribers that use it.
type format struct {
	grammar

	encoding *eventlog.Encoding
	headers  http.Header // shared: it is only read
	silence  []byte      // the keep-alive
}

func newFormat(t *Topic, g grammar) *format {
	f := &format{
		grammar: g,
		headers: bare.Headers("content-type", g.contentType(), "cache-control", "no-store", "vary", "Accept"),
		silence: g.keepAlive(nil),
	}
	f.encoding = t.feed.Encoding(func(dst []byte, record *eventlog.Record, at eventlog.Offset) []byte {
		return g.event(dst, eventOf(record), at)
	})
	return f
}

package bare

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bare-go/bare/internal/accept"
)

const (
	// DefaultMinCompressSize is how many bytes a body must have to be compressed
	// unless [Compression.MinSize] says something else.
	DefaultMinCompressSize = 1024

	// DefaultMaxEncoderMemory is how many bytes the encoders of all open responses and the
	// decoders of all requests may hold together unless [Compression.MaxMemory] says something else: 256 MiB.
	DefaultMaxEncoderMemory = 256 << 20

	// assumedMemory is what an encoder or a decoder holds that does not say it.
	assumedMemory = 1 << 20
)

// Compression says how an application compresses its responses, and that it
// decompresses the bodies of requests (RFC 9110, section 8.4). The zero value uses
// gzip. It is copied when the application starts.
//
// A response is compressed for a client that accepts one of the encodings, if it has
// one of the types. Each flush of the response flushes what was compressed, so an
// event of a stream is on the wire as soon as without compression. The Content-Length
// is deleted, a strong ETag becomes a weak one, Accept-Ranges is deleted, and Vary has
// Accept-Encoding, as it also has where another client would get a compressed response,
// and in the 304 and the 206 of one. A response that is cut does not look complete to the decoder.
//
// These responses stay as they are: to HEAD, whose headers are those of GET where they
// can be known; 204, 206 and 304, but for their Vary and the ETag of a 304; one that has a Content-Encoding, a Content-Range or
// a digest already; and one with Cache-Control: no-transform, which is how a handler
// says that it does not want to be compressed. What [Application.Mount] takes is never
// touched. What [FromHTTPMiddleware] has compressed is not compressed again.
//
// Compression tells who can see the length of a response something about its content:
// do not compress a secret together with text that a client chose (BREACH).
//
// A request's body with a Content-Encoding is decompressed while it is read, and its
// Scope has no Content-Encoding and no Content-Length then. [Application.BodyLimit] and
// [Application.ReadLimit] count decompressed bytes; what is sent may have a 64th and 64 KiB
// more than BodyLimit. A body that has much more than it decodes to, 32 bytes for one and
// 1 MiB, fails with status 400. A body in an encoding that is not
// there fails with an [HttpError] with status 415, whose [ErrorResponse] names those
// that are (RFC 9110, section 15.5.16), and one that cannot be decoded with status 400.
type Compression struct {
	// Encodings are those to choose from. The client's preference decides; of those that
	// it likes equally the first one is used, and for a stream the one that takes the
	// least memory. nil means [Gzip]. Package github.com/bare-go/bare/ext/compress has
	// Brotli and Zstandard.
	Encodings []ContentEncoding

	// MinSize is how many bytes a body must have to be compressed; 0 means
	// [DefaultMinCompressSize], a negative one 1. Up to so many bytes of a body of
	// unknown length are held until more come, or they have to be flushed, which is
	// within a millisecond. A stream is compressed whatever its size.
	MinSize int

	// Types are the media types that are compressed, in any case and without parameters:
	// "text/html", "text/*", "*+json", or "*/*" for all. nil means texts, event streams, JSON and lines of it,
	// JavaScript, XML, SVG, WebAssembly, uncompressed fonts and the like.
	Types []string

	// MaxMemory is how many bytes the encoders of all open responses and the decoders of
	// all requests that are being read may hold together, as they say themselves. Further
	// responses are sent as they are, and further encoded requests fail with an
	// [HttpError] with status 503, whose [ErrorResponse] has a Retry-After. 0 means
	// [DefaultMaxEncoderMemory], a negative one no limit.
	MaxMemory int64
}

// A ContentEncoding is a way to compress content. Encoders are used again for other
// responses, decoders are not. Its functions must be safe for concurrent use.
type ContentEncoding struct {
	// Name is the content coding as it is registered, in lower case (RFC 9110, section
	// 8.4.1): gzip, br, zstd.
	Name string

	// NewEncoder returns an encoder for whole responses.
	NewEncoder func() ContentEncoder

	// NewStreamEncoder returns an encoder for streams, that is for event streams and
	// lines of JSON. It should take little memory, as it may be open for hours. nil
	// means NewEncoder.
	NewStreamEncoder func() ContentEncoder

	// Memory is how many bytes one of NewEncoder holds, and StreamMemory one of
	// NewStreamEncoder; 0 means 1 MiB.
	Memory, StreamMemory int64

	// NewDecoder returns a decoder, which is closed when the body has been read to its
	// end or has failed, and at the latest when the request has ended. nil means that no
	// request is decompressed.
	NewDecoder func(source io.Reader) (io.ReadCloser, error)

	// DecoderMemory is how many bytes a decoder holds at most, whatever the client sends:
	// a large window is its choice. 0 means 1 MiB.
	DecoderMemory int64
}

// A ContentEncoder compresses one content after the other. [compress/gzip.Writer] is
// one. It is used by one goroutine at a time.
type ContentEncoder interface {
	// Write compresses data, and Close the end of it. Either may keep output until
	// Flush or Close.
	io.WriteCloser
	// Flush writes all that a decoder needs to return what came before.
	Flush() error
	// Reset forgets everything, and has the next content written to target.
	Reset(target io.Writer)
}

// check reports what is wrong. nil is right.
func (c *Compression) check() error {
	if c == nil {
		return nil
	}
	var faults []error
	for i, e := range c.Encodings {
		if !e.valid() {
			faults = append(faults, fmt.Errorf("bare: Compression.Encodings[%d] (%q) needs a NewEncoder and the name of a coding in lower case", i, e.Name))
		}
	}
	for i, kind := range c.Types {
		if !isKind(kind) {
			faults = append(faults, fmt.Errorf("bare: Compression.Types[%d] (%q) is no media type", i, kind))
		}
	}
	return errors.Join(faults...)
}

func (e ContentEncoding) valid() bool {
	return e.NewEncoder != nil && isToken(e.Name) && e.Name != "identity" && e.Name == strings.ToLower(e.Name)
}

// encodings is Encodings with its default.
func (c *Compression) encodings() []ContentEncoding {
	if c.Encodings == nil {
		return []ContentEncoding{Gzip()}
	}
	return c.Encodings
}

// types is a copy of Types with its default.
func (c *Compression) types() []string {
	if c.Types == nil {
		return compressible()
	}
	kinds := slices.Clone(c.Types)
	for i, kind := range kinds {
		kinds[i] = strings.ToLower(kind)
	}
	return kinds
}

// isKind reports whether a pattern of Types can match anything: a media type without
// parameters, with one asterisk at its begin or end, or "*/*".
func isKind(kind string) bool {
	if suffix, ok := strings.CutPrefix(kind, "*+"); ok {
		return isToken(suffix) && !strings.Contains(suffix, "*")
	}
	family, name, _ := strings.Cut(kind, "/")
	inner := strings.TrimSuffix(strings.TrimPrefix(kind, "*"), "*")
	whole := !strings.Contains(inner, "*") && len(kind)-len(inner) <= 1
	return isToken(family) && isToken(name) && (whole || kind == "*/*")
}

// minSize is MinSize with its default.
func (c *Compression) minSize() int64 {
	if c.MinSize == 0 {
		return DefaultMinCompressSize
	}
	return max(int64(c.MinSize), 1)
}

// maxMemory is MaxMemory with its default.
func (c *Compression) maxMemory() int64 {
	switch {
	case c.MaxMemory == 0:
		return DefaultMaxEncoderMemory
	case c.MaxMemory < 0:
		return math.MaxInt64
	}
	return c.MaxMemory
}

// A compressor is the Compression of a running application. A nil one leaves
// everything as it is.
type compressor struct {
	encodings []*pooledEncoding
	accepted  string // what 415 says
	least     int64  // in bytes
	types     []string
	spare     atomic.Int64 // what further encoders and decoders may hold, in bytes
}

// newCompressor copies what is valid in c. The rest keeps the application from
// starting, if somebody starts it.
func newCompressor(c *Compression) *compressor {
	if c == nil {
		return nil
	}
	made := &compressor{least: c.minSize(), types: c.types()}
	made.spare.Store(c.maxMemory())
	var accepted []string
	for _, e := range c.encodings() {
		if !e.valid() {
			continue
		}
		made.encodings = append(made.encodings, newPooledEncoding(e))
		if e.NewDecoder != nil {
			accepted = append(accepted, e.Name)
		}
	}
	made.accepted = strings.Join(append(accepted, "identity"), ", ")
	return made
}

// compressible are the types that are compressed by default: those that are text, or
// are as repetitive as text. Pictures, sound, films and archives are compressed already.
func compressible() []string {
	return []string{
		"text/*",
		"application/json", "*+json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq",
		"application/javascript", "application/x-javascript", "application/xml", "*+xml", "application/wasm",
		"application/yaml", "application/graphql", "font/ttf", "font/otf", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon",
	}
}

// suits reports whether a response may be compressed, for one client or another: it
// asks the type and whatever forbids it.
func (c *compressor) suits(status int, head http.Header) bool {
	if hasNoBody(status) || status == http.StatusPartialContent || len(head["Content-Range"]) > 0 {
		return false
	}
	return isChangeable(head) && c.compresses(contentType(head))
}

// stands reports whether a response stands for another one that may be compressed, and
// so must have the same Vary: a 304, which need not say the type, or a 206 (RFC 9110,
// sections 15.4.5 and 15.3.7).
func (c *compressor) stands(status int, head http.Header) bool {
	kind := contentType(head)
	switch status {
	case http.StatusNotModified:
		return isChangeable(head) && (kind == "" || c.compresses(kind))
	case http.StatusPartialContent:
		return isChangeable(head) && (kind == "multipart/byteranges" || c.compresses(kind))
	}
	return false
}

// isChangeable reports whether nothing in the head forbids to compress what it describes.
func isChangeable(head http.Header) bool {
	for _, name := range [...]string{"Content-Encoding", "Content-Digest", "Repr-Digest", "Digest", "Content-Md5"} {
		if len(head[name]) > 0 {
			return false
		}
	}
	return !forbidsTransform(head)
}

// compresses reports whether the media type is among the types.
func (c *compressor) compresses(kind string) bool {
	if kind == "" {
		return false
	}
	for _, pattern := range c.types {
		family, wild := strings.CutSuffix(pattern, "*")
		suffix, structured := strings.CutPrefix(pattern, "*")
		switch {
		case pattern == kind, pattern == "*/*", wild && strings.HasPrefix(kind, family), structured && strings.HasSuffix(kind, suffix):
			return true
		}
	}
	return false
}

// forbidsTransform reports whether the head has Cache-Control: no-transform (RFC 9111,
// section 5.2.2.6).
func forbidsTransform(head http.Header) bool {
	for _, value := range head["Cache-Control"] {
		for directive := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(directive), "no-transform") {
				return true
			}
		}
	}
	return false
}

// choose returns the encoding that a client likes best, nil for none, and whether it
// refuses content without one (RFC 9110, section 12.5.3).
func (c *compressor) choose(header []string, stream bool) (best *pooledEncoding, must bool) {
	if len(header) == 0 {
		return nil, false
	}
	preferences := accept.Parse(header)
	// It is acceptable if it is not named, and anything that is named is better.
	weight := preferences.Quality("identity")
	for _, e := range c.encodings {
		q := preferences.Quality(e.names()...)
		// Of equals the encoded content is smaller than the plain one.
		if q > weight || q == weight && q > 0 && (best == nil || stream && e.StreamMemory < best.StreamMemory) {
			best, weight = e, q
		}
	}
	return best, preferences.Refuses("identity", "*")
}

// acquire takes the memory of an encoder or a decoder, and reports whether there was enough. The
// caller gives it back with release.
func (c *compressor) acquire(memory int64) bool {
	if c.spare.Add(-memory) >= 0 {
		return true
	}
	c.release(memory)
	return false
}

func (c *compressor) release(memory int64) { c.spare.Add(memory) }

// A pooledEncoding keeps the encoders of responses that have ended for others.
type pooledEncoding struct {
	ContentEncoding

	whole, stream sync.Pool
}

func newPooledEncoding(e ContentEncoding) *pooledEncoding {
	if e.NewStreamEncoder == nil {
		e.NewStreamEncoder, e.StreamMemory = e.NewEncoder, e.Memory
	}
	e.Memory = cmp.Or(e.Memory, assumedMemory)
	e.StreamMemory = cmp.Or(e.StreamMemory, assumedMemory)
	e.DecoderMemory = cmp.Or(e.DecoderMemory, assumedMemory)
	return &pooledEncoding{
		ContentEncoding: e,
		whole:           sync.Pool{New: func() any { return e.NewEncoder() }},
		stream:          sync.Pool{New: func() any { return e.NewStreamEncoder() }},
	}
}

// names are what a request may call the encoding, the most specific one first.
func (e *pooledEncoding) names() []string {
	if e.Name == gzipName {
		return []string{e.Name, "x-gzip", "*"} // RFC 9110, section 8.4.1.3
	}
	return []string{e.Name, "*"}
}

// pool has the encoders for streams or for other responses.
func (e *pooledEncoding) pool(stream bool) *sync.Pool {
	if stream {
		return &e.stream
	}
	return &e.whole
}

// memory is what an encoder holds.
func (e *pooledEncoding) memory(stream bool) int64 {
	if stream {
		return e.StreamMemory
	}
	return e.Memory
}

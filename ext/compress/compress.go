// Package compress has encodings for [bare.Compression] beside gzip: Brotli, which makes
// pages the shortest, and Zstandard, which is the fastest. It is a module of its own, as
// it needs libraries that bare does not.
//
//	app.Compression = &bare.Compression{Encodings: compress.Encodings()}
//
// Browsers accept all of them over HTTPS, and only gzip over HTTP.
package compress

import (
	"errors"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/bare-go/bare"
)

// Encodings are Brotli, Zstandard and gzip, in this order. A stream has gzip if the
// client likes it as much as the others, as its encoder takes the least memory.
func Encodings() []bare.ContentEncoding {
	return []bare.ContentEncoding{Brotli(), Zstd(), bare.Gzip()}
}

// The windows are how far back the encoders look, and the decoders must remember, as
// powers of two.
const (
	streamWindow = 14 // of the encoders of streams: 16 KB
	brotliWindow = 16 // of those of other responses
	zstdWindow   = 18 // likewise
	// maxZstdWindow is the largest that a request may ask for: 8 MB, which is what a
	// decoder must support (RFC 9659).
	maxZstdWindow = 8 << 20
	// maxBrotliWindow is likewise a power of two. It is what encoders use unless they are
	// told otherwise: 4 MB.
	maxBrotliWindow = 22
)

// Brotli is the encoding br (RFC 7932). The encoder of a stream holds 340 KB, or 620 KB if its
// chunks are large, and that of another response 1.8 MB. The decoder of a request holds
// 8 MB at most, and counts as that much: one that needs a window of more than 4 MB is
// refused. So is what the command brotli makes of a pipe, unless it is given --lgwin=22.
func Brotli() bare.ContentEncoding {
	return bare.ContentEncoding{
		Name:             "br",
		NewEncoder:       func() bare.ContentEncoder { return newBrotli(4, brotliWindow) },
		NewStreamEncoder: func() bare.ContentEncoder { return newBrotli(3, streamWindow) },
		Memory:           1800 << 10,
		StreamMemory:     620 << 10,
		NewDecoder: func(source io.Reader) (io.ReadCloser, error) {
			return io.NopCloser(brotli.NewReader(&brotliSource{source: source})), nil
		},
		DecoderMemory: 8 << 20,
	}
}

// A brotliSource refuses content that needs a large window, as the library has no limit
// for it.
type brotliSource struct {
	source io.Reader
	begun  bool
}

var errBrotliWindow = errors.New("compress: the content needs a window of more than 4 MB")

func (s *brotliSource) Read(buffer []byte) (int, error) {
	n, err := s.source.Read(buffer)
	if n > 0 && !s.begun {
		s.begun = true
		if windowBits(buffer[0]) > maxBrotliWindow {
			return 0, errBrotliWindow
		}
	}
	return n, err
}

// windowBits is the size of the window, as a power of two, that content with this first
// byte asks for; 17 or less are one, as they are all small (RFC 7932, section 9.1).
func windowBits(first byte) int {
	if n := int(first >> 1 & 7); first&1 == 1 && n > 0 {
		return 17 + n
	}
	return 17
}

func newBrotli(quality, window int) *brotli.Writer {
	return brotli.NewWriterOptions(io.Discard, brotli.WriterOptions{Quality: quality, LGWin: window})
}

// Zstd is the encoding zstd (RFC 8878). The encoder of a stream holds 464 KB, that of
// another response 773 KB. The decoder of a request holds 9 MB at most, and counts as
// that much: one that needs a window of more than 8 MB is refused.
func Zstd() bare.ContentEncoding {
	return bare.ContentEncoding{
		Name:             "zstd",
		NewEncoder:       func() bare.ContentEncoder { return newZstd(zstdWindow) },
		NewStreamEncoder: func() bare.ContentEncoder { return newZstd(streamWindow) },
		Memory:           780 << 10,
		StreamMemory:     464 << 10,
		NewDecoder:       newZstdDecoder,
		DecoderMemory:    9 << 20,
	}
}

// newZstd makes an encoder that needs no goroutines.
func newZstd(window int) *zstd.Encoder {
	encoder, err := zstd.NewWriter(io.Discard,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(1<<window),
		zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic("compress: " + err.Error()) //nolint:forbidigo // an option that there is not: a fault of this package
	}
	return encoder
}

func newZstdDecoder(source io.Reader) (io.ReadCloser, error) {
	decoder, err := zstd.NewReader(source,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxZstdWindow))
	if err != nil {
		return nil, err
	}
	return decoder.IOReadCloser(), nil
}

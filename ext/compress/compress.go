// Package compress has encodings for [bare.Compression] beside gzip: Brotli, which makes
// pages the shortest, and Zstandard, which is the fastest. It is a module of its own, as
// it needs libraries that bare does not.
//
//	app.Compression = &bare.Compression{Encodings: compress.Encodings()}
//
// Browsers accept all of them over HTTPS, and only gzip over HTTP.
package compress

import (
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
	// maxWindow is the largest that a request may ask for: 8 MB, which is what a
	// decoder must support (RFC 9659).
	maxWindow = 8 << 20
)

// Brotli is the encoding br (RFC 7932). The encoder of a stream holds 340 KB, or 620 KB if its
// chunks are large, and that of another response 1.8 MB. The decoder of a request may
// hold 16 MB, the largest window that there is.
func Brotli() bare.ContentEncoding {
	return bare.ContentEncoding{
		Name:             "br",
		NewEncoder:       func() bare.ContentEncoder { return newBrotli(4, brotliWindow) },
		NewStreamEncoder: func() bare.ContentEncoder { return newBrotli(3, streamWindow) },
		Memory:           1800 << 10,
		StreamMemory:     620 << 10,
		NewDecoder:       func(source io.Reader) (io.ReadCloser, error) { return io.NopCloser(brotli.NewReader(source)), nil },
	}
}

func newBrotli(quality, window int) *brotli.Writer {
	return brotli.NewWriterOptions(io.Discard, brotli.WriterOptions{Quality: quality, LGWin: window})
}

// Zstd is the encoding zstd (RFC 8878). The encoder of a stream holds 464 KB, that of
// another response 773 KB. The decoder of a request holds about 8 MB at most: one that
// needs a larger window is refused.
func Zstd() bare.ContentEncoding {
	return bare.ContentEncoding{
		Name:             "zstd",
		NewEncoder:       func() bare.ContentEncoder { return newZstd(zstdWindow) },
		NewStreamEncoder: func() bare.ContentEncoder { return newZstd(streamWindow) },
		Memory:           780 << 10,
		StreamMemory:     464 << 10,
		NewDecoder:       newZstdDecoder,
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
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return decoder.IOReadCloser(), nil
}

package bare

import (
	"compress/gzip"
	"io"
)

const (
	gzipName = "gzip"
	// gzipLevel takes half the time of the default level, for output that is a few
	// percent longer.
	gzipLevel = 4
)

// Gzip is the encoding that every client knows (RFC 1952).
func Gzip() ContentEncoding {
	return ContentEncoding{
		Name: gzipName,
		NewEncoder: func() ContentEncoder {
			encoder, _ := gzip.NewWriterLevel(io.Discard, gzipLevel) // a level that there is
			return encoder
		},
		NewDecoder: func(source io.Reader) (io.ReadCloser, error) { return gzip.NewReader(source) },
	}
}

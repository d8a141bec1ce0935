package static

import (
	"io/fs"
	"time"

	"github.com/bare-go/bare/internal/accept"
)

// A variant is one form of a file: the file itself, or what is compressed beside it.
type variant struct {
	name   string
	coding string // the Content-Encoding, "" for the file itself
}

// codings are those that a file may be compressed with, the better one first.
func codings() [2]struct{ coding, suffix string } {
	return [...]struct{ coding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}
}

// choose returns the form of a file that the client prefers, and whether there is a
// choice: then the answer depends on the Accept-Encoding header.
func (s *site) choose(name string, file fs.FileInfo, accepted []string) (best variant, choice bool) {
	best = variant{name: name}
	list := accept.Parse(accepted)
	weight := list.Quality("identity") // without one it is acceptable, and anything that was asked for is better
	for _, c := range codings() {
		if !s.hasVariant(name+c.suffix, file) {
			continue
		}
		choice = true
		q := list.Quality(c.coding, "*")
		// Of equals the compressed one is smaller, and Brotli is the smallest.
		if q > weight || q == weight && q > 0 && best.coding == "" {
			best, weight = variant{name + c.suffix, c.coding}, q
		}
	}
	return best, choice
}

// hasVariant reports whether there is a variant, and it is no older than the file: one
// from before the last change has another content. Tools that copy folders may write
// both within a second, in any order.
func (s *site) hasVariant(name string, file fs.FileInfo) bool {
	info, err := s.stat(name)
	return err == nil && !info.IsDir() && !info.ModTime().Before(file.ModTime().Add(-time.Second))
}

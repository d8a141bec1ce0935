package static

import (
	"io/fs"
	"strconv"
	"strings"
	"time"
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
func (s *site) choose(name string, file fs.FileInfo, accept []string) (best variant, choice bool) {
	best = variant{name: name}
	weight, listed := weightOf("identity", accept)
	if !listed {
		weight = 0 // it is acceptable, and anything that was asked for is better
	}
	for _, c := range codings() {
		if !s.hasVariant(name+c.suffix, file) {
			continue
		}
		choice = true
		q, listed := weightOf(c.coding, accept)
		if !listed {
			q, _ = weightOf("*", accept)
		}
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

// weightOf is the weight of a coding in an Accept-Encoding header, from 0 to 1 (RFC
// 9110, section 12.4.2), and whether it is there. A weight that is malformed counts
// as 0.
func weightOf(coding string, accept []string) (weight float64, listed bool) {
	for _, value := range accept {
		for member := range strings.SplitSeq(value, ",") {
			name, parameter, weighted := strings.Cut(member, ";")
			if !strings.EqualFold(strings.Trim(name, " \t"), coding) {
				continue
			}
			if !weighted {
				return 1, true
			}
			key, text, _ := strings.Cut(strings.Trim(parameter, " \t"), "=")
			weight, err := strconv.ParseFloat(text, 64)
			if !strings.EqualFold(key, "q") || err != nil || !(weight >= 0 && weight <= 1) {
				return 0, true
			}
			return weight, true
		}
	}
	return 0, false
}

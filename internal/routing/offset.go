package routing

import (
	"iter"
	"strings"
)

// offsets yields the text with an offset in it written out, as ±HH:MM:SS, once
// for each place that looks like one. What strptime's %z takes (±HHMM, ±HH:MM,
// either with seconds, and Z) is not what the library's takes, but its %::z reads
// that one form and Z: so exactly the texts that have an offset in the right place
// are read. A fraction of a second has no place in a [time.Location], and is no
// offset here.
func offsets(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if strings.Contains(text, "Z") && !yield(text) {
			return
		}
		for i := range len(text) {
			if text[i] != '+' && text[i] != '-' {
				continue
			}
			for spelled := range spellings(text[i:]) {
				if !yield(text[:i] + spelled) {
					return
				}
			}
		}
	}
}

// spellings yields a text that begins with an offset, with the offset written
// out: with its seconds, if it has any, and then without.
func spellings(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, shape := range []string{"+00:00:00", "+000000", "+00:00", "+0000"} {
			if len(text) < len(shape) || !hasShape(text[1:len(shape)], shape[1:]) {
				continue
			}
			digits := strings.ReplaceAll(text[1:len(shape)], ":", "") + "00"
			spelled := text[:1] + digits[:2] + ":" + digits[2:4] + ":" + digits[4:6]
			if !yield(spelled + text[len(shape):]) {
				return
			}
		}
	}
}

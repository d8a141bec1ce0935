package eventlog

import (
	"cmp"
	"errors"
	"fmt"
)

// An Offset is a position in a log: who has it had everything through the record
// Seq. The zero value is the start of any log.
//
// The epoch names the space that the sequence counts in. A log that is created
// anew gets a greater one, so that an offset from before is not taken for one of
// its own; a fork counts on in the epoch of its source.
type Offset struct{ Epoch, Seq uint64 }

// offsetLength is that of two numbers of 16 hexadecimal digits and an underscore.
const offsetLength = 16 + 1 + 16

// ErrOffset is returned by [ParseOffset] for a text that is no offset.
var ErrOffset = errors.New("eventlog: not an offset")

// String returns the offset's only spelling: epoch and sequence as 16 lower-case
// hexadecimal digits each, with an underscore between them. These texts sort as the
// offsets do, "-1" sorts below all of them, and "now" above.
func (o Offset) String() string { return string(o.Append(nil)) }

// Append appends the offset's spelling to dst.
func (o Offset) Append(dst []byte) []byte {
	dst = appendHex(dst, o.Epoch)
	dst = append(dst, '_')
	return appendHex(dst, o.Seq)
}

func appendHex(dst []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&0xf])
	}
	return dst
}

// ParseOffset reads what [Offset.String] has written, and nothing else. It fails
// with [ErrOffset].
func ParseOffset(text string) (Offset, error) {
	if len(text) != offsetLength || text[16] != '_' {
		return Offset{}, badOffset(text)
	}
	epoch, ok := parseHex(text[:16])
	seq, ok2 := parseHex(text[17:])
	if !ok || !ok2 {
		return Offset{}, badOffset(text)
	}
	return Offset{epoch, seq}, nil
}

// badOffset quotes no more of the text than an offset has: it comes from a client.
func badOffset(text string) error {
	return fmt.Errorf("%w: %.33q", ErrOffset, text)
}

func parseHex(text string) (n uint64, ok bool) {
	for i := range len(text) {
		digit := text[i]
		switch {
		case '0' <= digit && digit <= '9':
			digit -= '0'
		case 'a' <= digit && digit <= 'f':
			digit -= 'a' - 10
		default:
			return 0, false
		}
		n = n<<4 | uint64(digit)
	}
	return n, true
}

// Compare returns -1, 0 or 1 as o is before, at or after other.
func (o Offset) Compare(other Offset) int {
	return cmp.Or(cmp.Compare(o.Epoch, other.Epoch), cmp.Compare(o.Seq, other.Seq))
}

// IsZero reports whether the offset is the start of any log.
func (o Offset) IsZero() bool { return o == Offset{} }

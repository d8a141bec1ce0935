// Package smallgzip writes gzip (RFC 1952) in little memory, for streams that are open
// for hours: 22 KB for each, where compress/gzip takes 814 KB.
//
// It looks for repetitions in the last 8 to 16 KB only, remembers one place for each beginning
// of four bytes, and has the fixed code of DEFLATE (RFC 1951, section 3.2.6), which is
// the best one for short records anyway. Long texts are better off with compress/gzip.
package smallgzip

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

const (
	// history is how many bytes are kept for repetitions of them when the window is full.
	history = 8 << 10
	// tableBits is the size of the table of places, as a power of two.
	tableBits = 11
	// storeCost is how many bytes it takes to store data as they are.
	storeCost = 4
	// keptOutput is how much memory is kept for the next output.
	keptOutput = 1 << 10
)

// A Writer compresses what is written to it. It keeps up to 16 KB until Flush or Close.
// The zero value must be Reset before it is used. It is not safe for concurrent use.
type Writer struct {
	target io.Writer
	err    error // the first one: it is final
	begun  bool  // the header is out
	sum    uint32
	size   uint32 // modulo 2^32

	window [2 * history]byte
	coded  int // how much of the window is compressed
	used   int // how much of it is filled

	// places are where a beginning was seen last, plus one; 0 is nowhere.
	places [1 << tableBits]uint16

	bits bitWriter
}

// New returns a Writer that writes to target.
func New(target io.Writer) *Writer {
	w := new(Writer)
	w.Reset(target)
	return w
}

// Reset begins anew, with another target.
func (w *Writer) Reset(target io.Writer) {
	w.target, w.err, w.begun = target, nil, false
	w.sum, w.size = 0, 0
	w.coded, w.used = 0, 0
	clear(w.places[:])
	w.bits.reset()
}

// Write compresses data. It returns the error of the target.
func (w *Writer) Write(data []byte) (int, error) {
	w.begin()
	for rest := data; len(rest) > 0 && w.err == nil; {
		n := copy(w.window[w.used:], rest)
		rest = rest[n:]
		w.used += n
		if w.used == len(w.window) {
			w.compress()
			w.slide()
			w.send()
		}
	}
	if w.err != nil {
		return 0, w.err
	}
	w.sum = crc32.Update(w.sum, crc32.IEEETable, data)
	w.size += uint32(len(data)) //nolint:gosec // modulo 2^32 is what the format has
	return len(data), nil
}

// Flush sends all that was written, so that a decoder can return it.
func (w *Writer) Flush() error {
	w.begin()
	w.compress()
	w.bits.store(nil) // ends with a whole byte
	w.send()
	return w.err
}

// Close sends the end. It does not close the target.
func (w *Writer) Close() error {
	w.begin()
	w.compress()
	w.bits.begin(1)
	w.bits.end()
	w.bits.align()
	w.bits.out = binary.LittleEndian.AppendUint32(w.bits.out, w.sum)
	w.bits.out = binary.LittleEndian.AppendUint32(w.bits.out, w.size)
	w.send()
	return w.err
}

// begin writes the header: no name, no time, an unknown system.
func (w *Writer) begin() {
	if !w.begun {
		w.begun = true
		w.bits.out = append(w.bits.out, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
	}
}

// send sends the whole bytes of the output.
func (w *Writer) send() {
	if w.err == nil && len(w.bits.out) > 0 {
		_, w.err = w.target.Write(w.bits.out)
	}
	w.bits.out = w.bits.out[:0]
	if cap(w.bits.out) > keptOutput {
		w.bits.out = nil
	}
}

// compress makes one block of what is not compressed yet.
func (w *Writer) compress() {
	if w.coded == w.used {
		return
	}
	data := w.window[w.coded:w.used]
	before, length := w.bits.bitState, len(w.bits.out)
	w.bits.begin(0)
	w.match()
	w.bits.end()
	if len(w.bits.out)-length > len(data)+storeCost {
		w.bits.bitState, w.bits.out = before, w.bits.out[:length]
		w.bits.store(data)
	}
	w.coded = w.used
}

// match writes the symbols of a block: repetitions, and bytes that are none.
func (w *Writer) match() {
	window := w.window[:w.used]
	at := w.coded
	for at+4 <= len(window) {
		place := w.note(at)
		if place < 0 || !same(window, place, at) {
			w.bits.literal(window[at])
			at++
			continue
		}
		n := lengthOf(window, place, at)
		w.bits.repetition(n, at-place)
		for end := at + n; at < end; at++ {
			if at+4 <= len(window) {
				w.note(at)
			}
		}
	}
	for ; at < len(window); at++ {
		w.bits.literal(window[at])
	}
}

// note remembers a place, and returns the last one with the same beginning, which may
// be another one after all; a negative one is none.
func (w *Writer) note(at int) (before int) {
	slot := binary.LittleEndian.Uint32(w.window[at:]) * 0x9e3779b1 >> (32 - tableBits)
	before = int(w.places[slot]) - 1
	w.places[slot] = uint16(at + 1) //nolint:gosec // the window has 16 KB
	return before
}

// same reports whether the same four bytes are at both places.
func same(window []byte, a, b int) bool {
	return binary.LittleEndian.Uint32(window[a:]) == binary.LittleEndian.Uint32(window[b:])
}

// lengthOf is how many bytes are the same at both places, four of which are known to be.
func lengthOf(window []byte, place, at int) int {
	n := 4
	for n < maxLength && at+n < len(window) && window[place+n] == window[at+n] {
		n++
	}
	return n
}

// slide makes room in a full window, and keeps the history.
func (w *Writer) slide() {
	copy(w.window[:history], w.window[history:])
	w.coded, w.used = history, history
	for i := range w.places {
		w.places[i] = max(w.places[i], history) - history
	}
}

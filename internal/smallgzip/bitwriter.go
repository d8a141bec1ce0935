package smallgzip

import (
	"encoding/binary"
	"math/bits"
)

const (
	fixedCode = 1   // the type of a block that has the code of section 3.2.6
	maxLength = 258 // of a repetition, in bytes
)

// A bitWriter makes the blocks of DEFLATE. Numbers are written with the lowest bit
// first, and codes with the highest one (RFC 1951, section 3.1.1).
type bitWriter struct {
	bitState

	out []byte
}

// bitState is what does not make a byte yet.
type bitState struct {
	value uint32
	count int // below 8
}

func (b *bitWriter) reset() { b.bitState, b.out = bitState{}, b.out[:0] }

// add writes the n lowest bits of a number, at most 16, which has no others.
func (b *bitWriter) add(number uint32, n int) {
	b.value |= number << b.count
	for b.count += n; b.count >= 8; b.count -= 8 {
		b.out = append(b.out, byte(b.value&0xff))
		b.value >>= 8
	}
}

// align fills the last byte.
func (b *bitWriter) align() {
	if b.count > 0 {
		b.add(0, 8-b.count)
	}
}

// code writes a code of n bits, at most 16.
func (b *bitWriter) code(code uint16, n int) {
	b.add(uint32(bits.Reverse16(code)>>(16-n)), n)
}

// begin writes the head of a compressed block (RFC 1951, section 3.2.3).
func (b *bitWriter) begin(last uint32) {
	b.add(last, 1)
	b.add(fixedCode, 2)
}

// end writes the end of a compressed block.
func (b *bitWriter) end() { b.code(0, 7) }

// store writes a block of data as they are, which ends with a whole byte. They are not
// longer than a window.
func (b *bitWriter) store(data []byte) {
	b.add(0, 3)
	b.align()
	length := uint16(len(data)) //nolint:gosec // the window has 16 KB
	b.out = binary.LittleEndian.AppendUint16(b.out, length)
	b.out = binary.LittleEndian.AppendUint16(b.out, ^length)
	b.out = append(b.out, data...)
}

// literal writes one byte (RFC 1951, section 3.2.6).
func (b *bitWriter) literal(value byte) {
	if value < 144 {
		b.code(0x30+uint16(value), 8)
		return
	}
	b.code(0x190+uint16(value-144), 9)
}

// repetition says that the next length bytes, 3 to 258, are those at a distance behind,
// 1 to 32768 (RFC 1951, section 3.2.5). The codes of both are in groups, whose size
// doubles with each further bit that follows the code.
func (b *bitWriter) repetition(length, distance int) {
	symbol, rest, n := group(length-3, 4)
	if length == maxLength {
		symbol, rest, n = 28, 0, 0
	}
	if symbol++; symbol < 24 {
		b.code(symbol, 7)
	} else {
		b.code(0xc0+symbol-24, 8)
	}
	b.add(rest, n)
	symbol, rest, n = group(distance-1, 2)
	b.code(symbol, 5)
	b.add(rest, n)
}

// group returns the code of a number, and the n bits that follow it, where each group
// has size codes.
func group(number, size int) (code uint16, rest uint32, n int) {
	n = max(bits.Len(uint(number))-bits.Len(uint(size)), 0)
	return uint16(size*n + number>>n), uint32(number & (1<<n - 1)), n //nolint:gosec // both are small
}

package durable

import (
	"encoding/binary"
	"errors"
)

// A stamp is what a record's Meta keeps of the request that appended it: who the
// producer was, and the Stream-Seq. The zero stamp is an empty Meta.
type stamp struct {
	producer string // empty means none
	epoch    uint64
	number   uint64 // the producer's own, Producer-Seq
	sequence string // Stream-Seq; empty means none
}

var errStamp = errors.New("durable: the record's Meta is not that of a stream")

// encode writes the producer's name, epoch and number, and the Stream-Seq. Texts
// have their length before them.
func (s *stamp) encode() []byte {
	if *s == (stamp{}) {
		return nil
	}
	meta := appendText(make([]byte, 0, len(s.producer)+len(s.sequence)+4*binary.MaxVarintLen32), s.producer)
	if s.producer != "" {
		meta = binary.AppendUvarint(meta, s.epoch)
		meta = binary.AppendUvarint(meta, s.number)
	}
	return appendText(meta, s.sequence)
}

func decodeStamp(meta []byte) (s stamp, err error) {
	if len(meta) == 0 {
		return s, nil
	}
	r := metaReader{rest: meta}
	if s.producer = r.text(); s.producer != "" {
		s.epoch, s.number = r.number(), r.number()
	}
	s.sequence = r.text()
	if r.failed || len(r.rest) > 0 {
		return stamp{}, errStamp
	}
	return s, nil
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// metaReader reads what was appended. After a failure there are only zero values.
type metaReader struct {
	rest   []byte
	failed bool
}

func (r *metaReader) number() uint64 {
	n, length := binary.Uvarint(r.rest)
	if length <= 0 {
		r.rest, r.failed = nil, true
		return 0
	}
	r.rest = r.rest[length:]
	return n
}

func (r *metaReader) text() string {
	length := r.number()
	if length > uint64(len(r.rest)) {
		r.rest, r.failed = nil, true
		return ""
	}
	text := string(r.rest[:length])
	r.rest = r.rest[length:]
	return text
}

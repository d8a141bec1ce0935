package durable

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The protocol's headers, in their canonical form. Those that say where to read on
// are in package longpoll.
const (
	streamTTL        = "Stream-Ttl"
	streamExpires    = "Stream-Expires-At"
	streamSeq        = "Stream-Seq"
	forkedFrom       = "Stream-Forked-From"
	forkOffset       = "Stream-Fork-Offset"
	forkSubOffset    = "Stream-Fork-Sub-Offset"
	producerID       = "Producer-Id"
	producerEpoch    = "Producer-Epoch"
	producerSeq      = "Producer-Seq"
	producerExpected = "Producer-Expected-Seq"
	producerReceived = "Producer-Received-Seq"
	dataEncoding     = "Stream-Sse-Data-Encoding"
)

// given returns the value of a header, and whether it is there at all. One that is
// there more than once is not valid.
func given(header http.Header, name string) (value string, ok bool, err error) {
	switch values := header[name]; len(values) {
	case 0:
		return "", false, nil
	case 1:
		return values[0], true, nil
	}
	return "", false, invalid(name)
}

// text returns the value of a header that is not empty and has a limit, as it is
// kept.
func text(header http.Header, name string, limit int) (value string, ok bool, err error) {
	value, ok, err = given(header, name)
	if ok && (value == "" || len(value) > limit) {
		err = invalid(name)
	}
	return value, ok, err
}

// number returns the value of a header that is a number in decimal digits, without
// leading zeros if it is strict, and at most limit.
func number(header http.Header, name string, strict bool, limit uint64) (n uint64, ok bool, err error) {
	value, ok, err := given(header, name)
	if !ok || err != nil {
		return 0, ok, err
	}
	n, err = strconv.ParseUint(value, 10, 64) // takes no sign, no space and no underscore
	if err != nil || n > limit || strict && len(value) > 1 && value[0] == '0' {
		return 0, ok, invalid(name)
	}
	return n, ok, nil
}

// isTrue reports whether a header says true; any other value counts as none
// (section 4.1).
func isTrue(header http.Header, name string) bool {
	return strings.EqualFold(header.Get(name), "true")
}

// lifetime reads how long a new stream lives (section 5.1).
func lifetime(header http.Header, c *config) error {
	seconds, sliding, err := number(header, streamTTL, true, 1<<53-1)
	if err != nil {
		return err
	}
	end, absolute, err := text(header, streamExpires, maxExpires)
	switch {
	case err != nil:
		return err
	case sliding && absolute:
		return refuse(http.StatusBadRequest, "A stream has a Stream-TTL or a Stream-Expires-At, and not both.")
	case sliding:
		ttl := int64(seconds) //nolint:gosec // at most 2^53
		c.TTL = &ttl
	case absolute:
		c.end, err = time.Parse(time.RFC3339, end)
		if err != nil {
			return invalid(streamExpires)
		}
		c.Expires = end
	}
	return nil
}

// producer reads who appends. A stamp without a producer is nobody's.
func producer(header http.Header) (s stamp, err error) {
	id, named, err := text(header, producerID, maxProducerID)
	if err != nil {
		return s, err
	}
	epoch, hasEpoch, err := number(header, producerEpoch, false, 1<<53-1)
	if err != nil {
		return s, err
	}
	seq, hasSeq, err := number(header, producerSeq, false, 1<<53-1)
	if err != nil {
		return s, err
	}
	if named != hasEpoch || named != hasSeq {
		return s, refuse(http.StatusBadRequest, "Producer-Id, Producer-Epoch and Producer-Seq go together.")
	}
	s = stamp{producer: id, epoch: epoch, number: seq}
	s.sequence, _, err = text(header, streamSeq, maxSequence)
	return s, err
}

// How many bytes a Producer-Id and a Stream-Seq may have, which are kept with each
// record, and a Stream-Expires-At, which is kept with the stream: a second may have
// any number of decimals.
const (
	maxProducerID = 256
	maxSequence   = 256
	maxExpires    = 64
)

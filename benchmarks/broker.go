//go:build unix

package main

import (
	"bytes"
	"net"
	"strconv"
	"time"
)

// The names of those that fan out, as the tables speak of them. The depths of the
// channels are part of what they are: 16 is what people write, and deepChannel
// loses nothing of a burst.
const (
	plainLoop = "net/http, channels of 16"
	deepLoop  = "net/http, channels of 1024"
	tmaxmax   = "tmaxmax/go-sse"
	r3labs    = "r3labs/sse"
	darkly    = "launchdarkly/eventsource"
	deepDark  = "launchdarkly/eventsource, `BufferSize` 1024"
	bareLoop  = "bare, channels of 16"
	bareDeep  = "bare, channels of 1024"
	bareTopic = "bare, `topic`"
	// ownBroker is the one that has the goals.
	ownBroker = bareTopic

	shallowChannel = 16
	deepChannel    = 1024
)

// A broker is a server that fans events out to whoever asks for /fanout. All of
// them speak HTTP/1.1 and send an event stream.
type broker interface {
	// serve serves subscribers, until the listener is closed.
	serve(*service, net.Listener) error
	// publish sends an event to all who have subscribed. Whether it waits for them
	// is the broker's own nature.
	publish(event) error
}

// A namedBroker is how to make a broker.
type namedBroker struct {
	name string
	make func() broker
	// role is what the broker is compared as.
	role role
}

// A role says what a broker is in the comparison.
type role int

const (
	loop    role = iota // what one writes without a library
	library             // what others offer
	own                 // with this project
)

// brokers are all of them; the first is what the others are measured against: it
// loses nothing here.
func brokers() []namedBroker {
	return []namedBroker{
		{deepLoop, func() broker { return &channelLoop{hub: newHub(deepChannel)} }, loop},
		{plainLoop, func() broker { return &channelLoop{hub: newHub(shallowChannel)} }, loop},
		{tmaxmax, func() broker { return newJoe() }, library},
		{r3labs, func() broker { return newR3labs() }, library},
		{darkly, func() broker { return newDarkly(0) }, library},
		{deepDark, func() broker { return newDarkly(deepChannel) }, library},
		{bareLoop, func() broker { return &bareChannels{hub: newHub(shallowChannel)} }, own},
		{bareDeep, func() broker { return &bareChannels{hub: newHub(deepChannel)} }, own},
		{bareTopic, func() broker { return newTopic() }, own},
	}
}

// An event is what a broker publishes. All brokers send an id, a type and data, so
// that the same number of bytes goes out, up to a few.
type event struct {
	number int64  // the id; 0 is a probe, which tells that somebody has subscribed
	data   []byte // one line: the number, the time at which it was made, and padding
}

// eventName is the type of each event.
const eventName = "price"

// newEvent makes an event whose data has a size, if that holds the number and the
// time. A broker may keep the data.
func newEvent(number int64, at time.Duration, size int) event {
	data := make([]byte, 0, max(size, 48))
	data = strconv.AppendInt(data, number, 10)
	data = append(data, ' ')
	data = strconv.AppendInt(data, int64(at), 10)
	if pad := size - len(data); pad > 0 {
		data = append(data, ' ')
		data = append(data, bytes.Repeat([]byte{'x'}, pad-1)...)
	}
	return event{number, data}
}

func (e event) id() string { return strconv.FormatInt(e.number, 10) }

// encode is the event as it goes over the wire.
func (e event) encode() []byte {
	out := make([]byte, 0, len(e.data)+48)
	out = append(out, "id: "...)
	out = strconv.AppendInt(out, e.number, 10)
	out = append(out, "\nevent: "+eventName+"\ndata: "...)
	out = append(out, e.data...)
	return append(out, "\n\n"...)
}

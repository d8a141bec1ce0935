//go:build unix

package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// chunkedStream is a response whose body comes in the given chunks, and ends.
func chunkedStream(chunks ...string) string {
	var out strings.Builder
	out.WriteString("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
	for _, chunk := range chunks {
		fmt.Fprintf(&out, "%x\r\n%s\r\n", len(chunk), chunk)
	}
	return out.String() + "0\r\n\r\n"
}

// eventAt is an event as a broker sends it.
func eventAt(number int64, at time.Duration) string { return string(newEvent(number, at, 40).encode()) }

func eventsAt(numbers ...int64) string {
	var out strings.Builder
	for _, n := range numbers {
		out.WriteString(eventAt(n, time.Second))
	}
	return out.String()
}

func TestASubscriberCountsWhatItIsSent(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, stream string
		want         summary
	}{
		{
			"all events, in order",
			chunkedStream(eventsAt(1), eventsAt(2, 3)),
			summary{Delivered: 3},
		}, {
			"probes are none of the series, and the first one says that it has joined",
			chunkedStream(eventsAt(0, 0, 1, 2, 3)),
			summary{Joined: 1, Delivered: 3},
		}, {
			"one is lost in the middle",
			chunkedStream(eventsAt(1, 3)),
			summary{Delivered: 2, Lost: 1, Holes: 1},
		}, {
			"one is lost, and that is announced",
			chunkedStream(eventsAt(1), "id: 2\nevent: gap\ndata: {}\n\n", eventsAt(3)),
			summary{Delivered: 2, Lost: 1, Gaps: 1},
		}, {
			"one is lost, and what is announced is another loss",
			chunkedStream("event: gap\ndata: {}\n\n", eventsAt(1, 3)),
			summary{Delivered: 2, Lost: 1, Gaps: 1, Holes: 1},
		}, {
			"one that has joined late has lost nothing between two events",
			chunkedStream(eventsAt(2, 3)),
			summary{Delivered: 2, Lost: 1},
		}, {
			"one is lost at the end",
			chunkedStream(eventsAt(1, 2)),
			summary{Delivered: 2, Lost: 1},
		}, {
			"one comes twice",
			chunkedStream(eventsAt(1, 2, 2, 3, 1)),
			summary{Delivered: 3, Repeated: 2},
		}, {
			"one comes late",
			chunkedStream(eventsAt(1, 3, 2)),
			summary{Delivered: 3, Reordered: 1, Holes: 1},
		}, {
			"one is of another series, and another is none",
			chunkedStream(eventsAt(1, 2, 3, 4), "data: 17\n\n", "data: x 1\n\n"),
			summary{Delivered: 3, Strange: 3},
		}, {
			"comments, other fields and lines that end with CRLF",
			chunkedStream(":\n\nretry: 5\n\n", "data: 1 1000000000\r\nid: 7\r\n\r\n", eventsAt(2, 3)),
			summary{Delivered: 3},
		}, {
			"an event whose end has not come has not come",
			chunkedStream(eventsAt(1, 2) + strings.TrimSuffix(eventsAt(3), "\n")),
			summary{Delivered: 2, Lost: 1},
		},
	}
	for _, test := range cases {
		for _, size := range []int{1, 7, len(test.stream)} {
			t.Run(fmt.Sprintf("%s, %d bytes at a time", test.name, size), func(t *testing.T) {
				t.Parallel()
				if got := read(t, test.stream, size, errStreamEnded); got != test.want {
					t.Errorf("got %+v, want %+v", got, test.want)
				}
			})
		}
	}
}

// read has one subscriber read a stream of a series of three events, so many bytes
// at a time, and returns what it has counted, without the times.
func read(t *testing.T, stream string, size int, want error) summary {
	t.Helper()
	crowd := tally{summary: summary{Readers: 1}}
	crowd.begin(1, 3)
	s := subscriber{tally: &crowd}
	var err error
	for rest := []byte(stream); len(rest) > 0 && err == nil; rest = rest[min(size, len(rest)):] {
		err = s.feed(rest[:min(size, len(rest))], 2*time.Second)
	}
	if !errors.Is(err, want) {
		t.Errorf("it ended with %v, want %v", err, want)
	}
	got := crowd.sum()
	got.Readers, got.Took, got.P50, got.P99, got.Spent = 0, 0, 0, 0, 0
	return got
}

func TestASubscriberReadsAStreamWithoutChunksToo(t *testing.T) {
	t.Parallel()
	stream := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + eventsAt(1, 2, 3)
	if got, want := read(t, stream, 5, nil), (summary{Delivered: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestASubscriberRefusesWhatIsNoStream(t *testing.T) {
	t.Parallel()
	read(t, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 100, errNoEvents)
	var s subscriber
	if err := s.feed([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nwhat\r\n"), 0); err == nil {
		t.Error("a chunk without a size was taken")
	}
}

func TestATallyKnowsHowLongTheEventsTook(t *testing.T) {
	t.Parallel()
	crowd := tally{summary: summary{Readers: 2}}
	crowd.begin(11, 50)
	var one, two record
	for i := range int64(50) {
		crowd.arrived(&one, 11+i, time.Duration(i)*time.Second, time.Duration(i)*time.Second+time.Millisecond)
	}
	for i := range int64(50) {
		if crowd.complete() {
			t.Fatalf("it is complete without %d events", 50-i)
		}
		crowd.arrived(&two, 11+i, time.Duration(i)*time.Second, time.Duration(i)*time.Second+3*time.Millisecond)
	}
	want := summary{Readers: 2, Delivered: 100, Took: 49*time.Second + 3*time.Millisecond, P50: 3 * time.Millisecond, P99: 3 * time.Millisecond}
	got := crowd.sum()
	got.Spent = 0
	if got != want || !crowd.complete() {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

package sse_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bare-go/bare/sse"
)

// shown are the events of a sequence, each on a line, and then the error.
func shown(events iter.Seq2[sse.Event, error]) string {
	var b strings.Builder
	for event, err := range events {
		if err != nil {
			fmt.Fprintf(&b, "error %v\n", err)
			continue
		}
		fmt.Fprintf(&b, "%q %q", event.Type, event.Data)
		if event.ID != "" {
			fmt.Fprintf(&b, " id %q", event.ID)
		}
		if event.Retry != 0 {
			fmt.Fprintf(&b, " retry %v", event.Retry)
		}
		if event.Data == nil || event.Comment != "" {
			b.WriteString(" which no event has")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestAStreamIsReadAsTheSpecificationSays(t *testing.T) {
	t.Parallel()
	longest := time.Duration(math.MaxInt64).Truncate(time.Millisecond)
	tests := []struct{ name, stream, want string }{
		{"nothing", "", ""},
		{"data", "data: a\n\n", `"" "a"` + "\n"},
		{"two events", "data: a\n\ndata: b\n\n", `"" "a"` + "\n" + `"" "b"` + "\n"},
		{"LF, CR and CRLF end a line", "data: a\rdata: b\r\ndata: c\n\n", `"" "a\nb\nc"` + "\n"},
		{"CR alone", "data: a\r\rdata: b\r\r", `"" "a"` + "\n" + `"" "b"` + "\n"},
		{"CRLF alone", "data: a\r\n\r\ndata: b\r\n\r\n", `"" "a"` + "\n" + `"" "b"` + "\n"},
		{"CR CR LF is an empty line", "data: a\r\r\n", `"" "a"` + "\n"},
		{"a byte order mark", "\xEF\xBB\xBFdata: a\n\n", `"" "a"` + "\n"},
		{"only the first of two", "\xEF\xBB\xBF\xEF\xBB\xBFdata: a\n\ndata: b\n\n", `"" "b"` + "\n"},
		{"none in the middle", "data: a\n\n\xEF\xBB\xBFdata: b\n\n", `"" "a"` + "\n"},
		{"no space after the colon", "data:a\n\n", `"" "a"` + "\n"},
		{"one space is dropped", "data:  a\n\n", `"" " a"` + "\n"},
		{"a tab is not", "data:\ta\n\n", `"" "\ta"` + "\n"},
		{"no colon", "data\n\n", `"" ""` + "\n"},
		{"two without a colon", "data\ndata\n\n", `"" "\n"` + "\n"},
		{"empty data", "data:\n\n", `"" ""` + "\n"},
		{"a colon in the value", "data: a:b\n\n", `"" "a:b"` + "\n"},
		{"comments", ": x\n:\n:data: y\ndata: a\n:\n\n", `"" "a"` + "\n"},
		{"unknown fields", "foo: x\nDATA: y\n data: z\ndata: a\n\n", `"" "a"` + "\n"},
		{"a type", "event: price\ndata: a\n\ndata: b\n\n", `"price" "a"` + "\n" + `"" "b"` + "\n"},
		{"a type without data is forgotten", "event: price\n\ndata: b\n\n", `"" "b"` + "\n"},
		{"the last type counts", "event: a\nevent: b\ndata: x\n\n", `"b" "x"` + "\n"},
		{"an empty type", "event: a\nevent\ndata: x\n\n", `"" "x"` + "\n"},
		{"an id stays", "id: 1\ndata: a\n\ndata: b\n\n", `"" "a" id "1"` + "\n" + `"" "b" id "1"` + "\n"},
		{"an id without data counts", "id: 1\n\ndata: b\n\n", `"" "b" id "1"` + "\n"},
		{"an empty id resets it", "id: 1\ndata: a\n\nid\ndata: b\n\n", `"" "a" id "1"` + "\n" + `"" "b"` + "\n"},
		{"an id with NUL is ignored", "id: 1\ndata: a\n\nid: 2\x00\ndata: b\n\n", `"" "a" id "1"` + "\n" + `"" "b" id "1"` + "\n"},
		{"retry", "retry: 1500\ndata: a\n\ndata: b\n\n", `"" "a" retry 1.5s` + "\n" + `"" "b"` + "\n"},
		{"retry before an event", "retry: 1500\n\ndata: a\n\n", `"" "a" retry 1.5s` + "\n"},
		{"a retry that is no number", "retry: 1e3\nretry: -1\nretry: +1\nretry: 1.5\nretry:\nretry:  2\nretry: ٣\ndata: a\n\n", `"" "a"` + "\n"},
		{"a retry beyond all time", "retry: 99999999999999999999\ndata: a\n\n", `"" "a" retry ` + longest.String() + "\n"},
		{"an event without its empty line", "data: a\n\nid: 2\ndata: b\n", `"" "a"` + "\n"},
		{"a line without its end", "data: a\n\ndata: b", `"" "a"` + "\n"},
		{"NUL in data", "data: \x00\n\n", `"" "\x00"` + "\n"},
		{"the specification's stocks", "data: YHOO\ndata: +2\ndata: 10\n\n", `"" "YHOO\n+2\n10"` + "\n"},
		{"the specification's four blocks", ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n", `"" "first event" id "1"` + "\n" + `"" "second event"` + "\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for name, source := range map[string]io.Reader{
				"at once":               strings.NewReader(test.stream),
				"byte by byte":          iotest.OneByteReader(strings.NewReader(test.stream)),
				"the end with the data": iotest.DataErrReader(strings.NewReader(test.stream)),
			} {
				if got := shown(sse.Read(source, sse.Limits{})); got != test.want {
					t.Errorf("%s: got\n%swant\n%s", name, got, test.want)
				}
			}
		})
	}
}

func TestAnEventIsYieldedAsSoonAsItIsWhole(t *testing.T) {
	t.Parallel()
	for _, stream := range []string{"data: a\n\n", "data: a\r\r", "data: a\r\n\r"} {
		r, w := io.Pipe()
		go func() {
			_, _ = io.WriteString(w, stream)
		}()
		for event, err := range sse.Read(r, sse.Limits{}) {
			if string(event.Data) != "a" || err != nil {
				t.Errorf("%q: got %q, %v", stream, event.Data, err)
			}
			break // a parser that waits for an LF after the last CR never gets here
		}
		_ = r.Close()
	}
}

func TestAFailureIsYieldedLast(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		source io.Reader
		limits sse.Limits
		want   string
	}{
		{"of the reader", io.MultiReader(strings.NewReader("data: a\n\ndata: b\n"), iotest.ErrReader(errors.New("cut"))), sse.Limits{}, `"" "a"` + "\nerror cut\n"},
		{"a reader that reads nothing", stuck{}, sse.Limits{}, "error multiple Read calls return no data or error\n"},
		{"a line at the limit", strings.NewReader("data: a\n\n"), sse.Limits{Line: 7}, `"" "a"` + "\n"},
		{"a line at the limit that comes in pieces", iotest.OneByteReader(strings.NewReader("data: a\r\n\r\n")), sse.Limits{Line: 7}, `"" "a"` + "\n"},
		{"a line over the limit that comes in pieces", iotest.OneByteReader(strings.NewReader("data: ab")), sse.Limits{Line: 7}, "error sse: the event stream is over a limit: a line has more than 7 bytes\n"},
		{"a line over the limit", strings.NewReader("data: a\n\ndata: bc\n\n"), sse.Limits{Line: 7}, `"" "a"` + "\nerror sse: the event stream is over a limit: a line has more than 7 bytes\n"},
		{"a comment over the limit", strings.NewReader(":2345678\n"), sse.Limits{Line: 7}, "error sse: the event stream is over a limit: a line has more than 7 bytes\n"},
		{"a line that never ends", endless{'x'}, sse.Limits{}, "error sse: the event stream is over a limit: a line has more than 1048576 bytes\n"},
		{"limits that make no sense", strings.NewReader("data: a\n\n"), sse.Limits{Line: -1, Event: -1}, `"" "a"` + "\n"},
		{"an event at the limit", strings.NewReader("data: ab\ndata: c\n\n"), sse.Limits{Event: 4}, `"" "ab\nc"` + "\n"},
		{"an event over the limit", strings.NewReader("data: ab\ndata: cd\n\n"), sse.Limits{Event: 4}, "error sse: the event stream is over a limit: the data of an event has more than 4 bytes\n"},
		{"an event that never ends", &repeated{text: "data\n"}, sse.Limits{}, "error sse: the event stream is over a limit: the data of an event has more than 4194304 bytes\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := shown(sse.Read(test.source, test.limits)); got != test.want {
				t.Errorf("got\n%swant\n%s", got, test.want)
			}
		})
	}
	for _, err := range sse.Read(endless{'x'}, sse.Limits{Line: 1}) {
		if !errors.Is(err, sse.ErrTooLarge) {
			t.Errorf("got %v, want ErrTooLarge", err)
		}
	}
}

func TestEventsBelongToTheirReader(t *testing.T) {
	t.Parallel()
	var events []sse.Event
	for event, err := range sse.Read(strings.NewReader("data: first\n\ndata: second\n\n"), sse.Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	_ = append(events[0].Data, "!!!!!!!!!!!!!!!!"...)
	if got := fmt.Sprintf("%s %s", events[0].Data, events[1].Data); got != "first second" {
		t.Errorf("got %s", got)
	}
}

func TestALargeEventComesWhole(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "%d,", i)
	}
	stream, err := sse.Event{Data: []byte("small\n" + text.String())}.AppendText(nil)
	if err != nil {
		t.Fatal(err)
	}
	source := &hesitant{source: &pieces{bytes.NewReader(stream), 1000}}
	for event, err := range sse.Read(source, sse.Limits{}) {
		if got := string(event.Data); err != nil || got != "small\n"+text.String() {
			t.Errorf("got %d bytes, %v, want %d that are the same", len(got), err, text.Len()+6)
		}
	}
}

// hesitant is a reader that reads nothing every other time, as readers may.
type hesitant struct {
	source io.Reader
	reads  int
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.reads++; h.reads%2 == 1 {
		return 0, nil
	}
	return h.source.Read(p)
}

func TestALongStreamOfSmallEventsNeedsASmallBuffer(t *testing.T) {
	t.Parallel()
	source := &measured{source: &repeated{text: "data: a few bytes\n\n"}}
	events := 0
	for _, err := range sse.Read(source, sse.Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		if events++; events == 100_000 {
			break
		}
	}
	if source.largest > 4<<10 {
		t.Errorf("the buffer has grown to %d bytes", source.largest)
	}
}

// measured is a reader that notes the largest buffer that it was given.
type measured struct {
	source  io.Reader
	largest int
}

func (m *measured) Read(p []byte) (int, error) {
	m.largest = max(m.largest, len(p))
	return m.source.Read(p[:min(len(p), 1000)])
}

// stuck is a reader that neither reads nor fails.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

// endless is a reader of one byte, for ever.
type endless struct{ c byte }

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.c
	}
	return len(p), nil
}

// repeated is a reader of a text, for ever.
type repeated struct {
	text string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.text[r.at]
		r.at = (r.at + 1) % len(r.text)
	}
	return len(p), nil
}

// FuzzEvent: what is written is read back, and never another event.
func FuzzEvent(f *testing.F) {
	f.Add("7", "price", []byte("a\r\nb"), int64(1500), "note", uint8(3))
	f.Add("", "", []byte("\r\n\r\ndata: x\n\nevent: y"), int64(0), "x\n\ndata: z", uint8(1))
	f.Add("\n", "a\x00", []byte(nil), int64(-1), "\r", uint8(0))
	f.Fuzz(func(t *testing.T, id, eventType string, data []byte, retry int64, comment string, size uint8) {
		event := sse.Event{ID: id, Type: eventType, Data: data, Retry: time.Duration(retry), Comment: comment}
		stream, err := event.AppendText(nil)
		if refused := strings.ContainsAny(id+eventType, "\r\n\x00") || retry < 0; (err != nil) != refused {
			t.Fatalf("%+v: %v", event, err)
		}
		if err != nil {
			return
		}
		stream = append(stream, "data: next\n\n"...)
		var got []sse.Event
		for event, err := range sse.Read(&pieces{bytes.NewReader(stream), int(size%16) + 1}, sse.Limits{}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, event)
		}
		dispatched := data != nil || eventType != ""
		if want := map[bool]int{false: 1, true: 2}[dispatched]; len(got) != want {
			t.Fatalf("%+v: %d events in %q, want %d", event, len(got), stream, want)
		}
		first, last := got[0], got[len(got)-1]
		if string(last.Data) != "next" || last.ID != id || dispatched && last.Type != "" {
			t.Errorf("%+v: %+v comes after it", event, last)
		}
		if wantRetry := (event.Retry + time.Millisecond - 1).Truncate(time.Millisecond); retry < math.MaxInt64-1e6 && first.Retry != wantRetry {
			t.Errorf("%+v: retry is %v, want %v", event, first.Retry, wantRetry)
		}
		if wantData := normal(data); dispatched && (string(first.Data) != wantData || first.Type != eventType || first.ID != id) {
			t.Errorf("%+v: became %+v", event, first)
		}
	})
}

// FuzzRead: whatever is sent, the pieces in which it comes make no difference, and
// what is read can be written again.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\xEF\xBB\xBFid: 1\r\ndata: a\r\rdata: b\n\n"), uint8(1))
	f.Add([]byte("data: a\r\r\n\r\ndata\n\ndata:\r\nid\x00: \nretry: 07\n\n"), uint8(3))
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		want := shown(sse.Read(bytes.NewReader(stream), sse.Limits{}))
		source := &pieces{bytes.NewReader(stream), int(size%16) + 1}
		if got := shown(sse.Read(source, sse.Limits{})); got != want {
			t.Errorf("%q in pieces of %d: got\n%swant\n%s", stream, source.size, got, want)
		}
		for event, err := range sse.Read(bytes.NewReader(stream), sse.Limits{}) {
			if err == nil {
				_, err = event.AppendText(nil)
			}
			if field, ok := errors.AsType[*sse.FieldError](err); ok && field.Field == "Type" {
				continue // the parser takes a NUL in a type, and the encoder does not
			}
			if err != nil {
				t.Errorf("%q: %v", stream, err)
			}
		}
	})
}

// pieces is a reader of at most size bytes at a time.
type pieces struct {
	source io.Reader
	size   int
}

func (p *pieces) Read(b []byte) (int, error) { return p.source.Read(b[:min(len(b), p.size)]) }

// normal is a text as it arrives: each line break is an LF.
func normal(data []byte) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
}

package sse_test

import (
	"bytes"
	"encoding"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare/sse"
)

var _ encoding.TextAppender = sse.Event{}

func TestAnEventIsEncoded(t *testing.T) {
	t.Parallel()
	text := func(s string) []byte { return []byte(s) }
	tests := []struct {
		name  string
		event sse.Event
		want  string
	}{
		{"nothing", sse.Event{}, ""},
		{"data", sse.Event{Data: text("hello")}, "data: hello\n\n"},
		{"everything", sse.Event{ID: "7", Type: "price", Data: text("42"), Retry: 3 * time.Second, Comment: "note"}, ": note\nevent: price\nid: 7\nretry: 3000\ndata: 42\n\n"},
		{"empty data is dispatched", sse.Event{Data: []byte{}}, "data:\n\n"},
		{"an id without data moves the place to resume at", sse.Event{ID: "7"}, "id: 7\n\n"},
		{"a type without data is dispatched", sse.Event{Type: "done"}, "event: done\ndata:\n\n"},
		{"the default type is written if it is given", sse.Event{Type: "message", Data: text("x")}, "event: message\ndata: x\n\n"},
		{"retry alone", sse.Event{Retry: time.Second}, "retry: 1000\n\n"},
		{"retry is rounded up", sse.Event{Retry: time.Millisecond + 1}, "retry: 2\n\n"},
		{"the shortest retry", sse.Event{Retry: 1}, "retry: 1\n\n"},
		{"the longest retry", sse.Event{Retry: math.MaxInt64}, "retry: 9223372036855\n\n"},
		{"LF", sse.Event{Data: text("a\nb")}, "data: a\ndata: b\n\n"},
		{"CR", sse.Event{Data: text("a\rb")}, "data: a\ndata: b\n\n"},
		{"CRLF is one line break", sse.Event{Data: text("a\r\nb")}, "data: a\ndata: b\n\n"},
		{"LF CR is two", sse.Event{Data: text("a\n\rb")}, "data: a\ndata:\ndata: b\n\n"},
		{"CR CR LF is two", sse.Event{Data: text("a\r\r\nb")}, "data: a\ndata:\ndata: b\n\n"},
		{"each kind in turn", sse.Event{Data: text("a\nb\rc\r\nd\re\nf")}, "data: a\ndata: b\ndata: c\ndata: d\ndata: e\ndata: f\n\n"},
		{"a line break at the end is kept", sse.Event{Data: text("a\n")}, "data: a\ndata:\n\n"},
		{"a CR at the end is kept", sse.Event{Data: text("a\r")}, "data: a\ndata:\n\n"},
		{"a line break alone", sse.Event{Data: text("\r\n")}, "data:\ndata:\n\n"},
		{"data cannot pose as an event", sse.Event{Data: text("x\n\nevent: admin\ndata: y")}, "data: x\ndata:\ndata: event: admin\ndata: data: y\n\n"},
		{"a space at the beginning is kept", sse.Event{Data: text(" x")}, "data:  x\n\n"},
		{"NUL in data is text", sse.Event{Data: text("\x00")}, "data: \x00\n\n"},
		{"a comment of several lines", sse.Event{Comment: "a\r\nb\n\rc"}, ": a\n: b\n:\n: c\n\n"},
		{"a comment cannot pose as an event", sse.Event{Comment: "x\n\ndata: y"}, ": x\n:\n: data: y\n\n"},
		{"a comment that ends with a line break", sse.Event{Comment: "x\r"}, ": x\n:\n\n"},
		{"an id of spaces and colons", sse.Event{ID: " a:b ", Data: text("x")}, "id:  a:b \ndata: x\n\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.event.AppendText([]byte("before|"))
			if want := "before|" + test.want; string(got) != want || err != nil {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		})
	}
}

func TestAnEventThatWouldBeAnotherIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		event   sse.Event
		field   string
		message string
	}{
		{"an id with LF", sse.Event{ID: "7\ndata: x"}, "ID", `sse: the event's ID has a line break or a NUL: "7\ndata: x"`},
		{"an id with CR", sse.Event{ID: "7\r"}, "ID", `sse: the event's ID has a line break or a NUL: "7\r"`},
		{"an id with NUL, which clients ignore", sse.Event{ID: "\x007"}, "ID", `sse: the event's ID has a line break or a NUL: "\x007"`},
		{"a type with LF", sse.Event{Type: "a\nb"}, "Type", `sse: the event's Type has a line break or a NUL: "a\nb"`},
		{"a type with CR", sse.Event{Type: "\ra"}, "Type", `sse: the event's Type has a line break or a NUL: "\ra"`},
		{"a type with NUL", sse.Event{Type: "a\x00"}, "Type", `sse: the event's Type has a line break or a NUL: "a\x00"`},
		{"a long id is not shown whole", sse.Event{ID: strings.Repeat("7", 100) + "\n"}, "ID", `sse: the event's ID has a line break or a NUL: "` + strings.Repeat("7", 64) + `"`},
		{"a negative retry", sse.Event{Retry: -time.Second}, "Retry", `sse: the event's Retry is negative: -1s`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.event.Data = []byte("x")
			got, err := test.event.AppendText([]byte("before"))
			fault, ok := errors.AsType[*sse.FieldError](err)
			if !ok || fault.Field != test.field || err.Error() != test.message {
				t.Errorf("got %v, want the field %s: %s", err, test.field, test.message)
			}
			if string(got) != "before" {
				t.Errorf("appended %q to what was there", got)
			}
		})
	}
}

func TestAnEventThatFitsIsNotAllocated(t *testing.T) {
	event := sse.Event{
		ID: "0000000000000001_0000000000000007", Type: "price", Retry: time.Second,
		Data: []byte("first\r\nsecond\rthird"), Comment: strings.Repeat("a comment of more than one line\n", 4),
	}
	buffer := make([]byte, 0, 1024)
	allocations := testing.AllocsPerRun(100, func() {
		var err error
		if buffer, err = event.AppendText(buffer[:0]); err != nil {
			t.Fatal(err)
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations, want none", allocations)
	}
}

func TestJSONIsDataOfOneLine(t *testing.T) {
	t.Parallel()
	got, err := sse.JSON(map[string]string{"text": "a\nb <c> & d"})
	if want := `{"text":"a\nb <c> & d"}`; string(got) != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if got, err := sse.JSON(math.Inf(1)); got != nil || err == nil || !strings.HasPrefix(err.Error(), "sse: JSON: ") {
		t.Errorf("infinity: got %s, %v, want an error", got, err)
	}
}

func BenchmarkAppendText(b *testing.B) {
	for name, data := range map[string][]byte{
		"a price":               []byte("42.00"),
		"4 KiB":                 bytes.Repeat([]byte("x"), 4<<10),
		"64 KiB of line breaks": bytes.Repeat([]byte("\r"), 64<<10),
	} {
		b.Run(name, func(b *testing.B) {
			event := sse.Event{ID: "0000000000000001_0000000000000007", Type: "price", Data: data}
			buffer, _ := event.AppendText(nil)
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				buffer, _ = event.AppendText(buffer[:0])
			}
		})
	}
}

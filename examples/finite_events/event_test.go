package main

import (
	"strings"
	"testing"
)

func TestFormatMessage(t *testing.T) {
	for name, test := range map[string]struct{ data, want string }{
		"one line":                     {"This is a simple message for the event", "data: This is a simple message for the event\n\n"},
		"two lines":                    {"first\nlast", "data: first\ndata: last\n\n"},
		"CR ends a line":               {"first\rlast", "data: first\ndata: last\n\n"},
		"CR and LF are one end":        {"first\r\nlast", "data: first\ndata: last\n\n"},
		"LF and CR are two":            {"first\n\rlast", "data: first\ndata: \ndata: last\n\n"}, //nolint:dupword // the format repeats it
		"an empty message is one":      {"", "data: \n\n"},
		"a field's name stays data":    {"\nevent: done", "data: \ndata: event: done\n\n"}, //nolint:dupword // the format repeats it
		"an empty line does not split": {"a\n\nb", "data: a\ndata: \ndata: b\n\n"},         //nolint:dupword // the format repeats it
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(formatMessage(test.data)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// An event is what an EventSource makes of a stream.
type event struct{ name, data string }

// parseEvents follows the WHATWG HTML standard, section 9.2.6, to the letter.
func parseEvents(stream string) (events []event) {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(stream, "\n")
	name, data := "", ""
	for _, line := range lines[:len(lines)-1] { // what follows the last end of line is no line
		if line == "" {
			if data != "" {
				if name == "" {
					name = "message"
				}
				events = append(events, event{name, strings.TrimSuffix(data, "\n")})
			}
			name, data = "", ""
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "data":
			data += value + "\n"
		}
	}
	return events
}

// The article's samples, and what an EventSource makes of each.
func TestSamplesOfTheFormat(t *testing.T) {
	for name, test := range map[string]struct {
		stream string
		want   []event
	}{
		"a message of one line": {
			"data: This is a simple message for the event\n\n",
			[]event{{"message", "This is a simple message for the event"}},
		},
		"a message of two lines, with and without the space": {
			"data: This is the first message of the event.\ndata:2nd and last message of event.\n\n",
			[]event{{"message", "This is the first message of the event.\n2nd and last message of event."}},
		},
		"an event of its own, with data": {
			"event: done\ndata: This is the end.\ndata: It really is.\n\n",
			[]event{{"done", "This is the end.\nIt really is."}},
		},
		"a field called done is unknown, and ignored": {"done: \n\n", nil},
		"an event without data is not dispatched":     {"event: done\n\n", nil},
		"an event with empty data is":                 {"event: done\ndata\n\n", []event{{"done", ""}}},
		"an event whose empty line never came is not": {"data: cut", nil},
		"a comment is nothing":                        {":\n\n\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := parseEvents(test.stream)
			if len(got) != len(test.want) || len(got) == 1 && got[0] != test.want[0] {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// FuzzEventEncoding holds that whatever text goes in comes out as the one event
// that was meant, lines kept and nothing added.
func FuzzEventEncoding(f *testing.F) {
	for _, text := range []string{"", "done", "a\nb", "a\rb", "a\r\nb", "\n\r\n\r", "a\x00b", "data: x\n\nevent: y", " two", "\ufeff", "\xff"} {
		f.Add("done", text)
		f.Add(text, "data")
	}
	f.Fuzz(func(t *testing.T, name, data string) {
		lines := strings.ReplaceAll(strings.ReplaceAll(data, "\r\n", "\n"), "\r", "\n")
		encoded, err := formatEvent(name, data)
		if refused := strings.ContainsAny(name, "\r\n\x00"); refused != (err != nil) {
			t.Fatalf("formatEvent(%q, %q) returned the error %v", name, data, err)
		}
		if err == nil {
			want := name
			if want == "" {
				want = "message"
			}
			expectEvent(t, encoded, event{want, lines})
		}
		expectEvent(t, formatMessage(data), event{"message", lines})
	})
}

func expectEvent(t *testing.T, encoded []byte, want event) {
	t.Helper()
	if events := parseEvents(string(encoded)); len(events) != 1 || events[0] != want {
		t.Errorf("%q is read as %q, want %q", encoded, events, want)
	}
}

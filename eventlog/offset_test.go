package eventlog_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/bare-go/bare/eventlog"
)

func TestOffset_is_spelled_in_one_way(t *testing.T) {
	tests := []struct {
		offset eventlog.Offset
		text   string
	}{
		{eventlog.Offset{}, "0000000000000000_0000000000000000"},
		{eventlog.Offset{Epoch: 1, Seq: 2}, "0000000000000001_0000000000000002"},
		{eventlog.Offset{Epoch: 0x18ea1e17e26b9931, Seq: 0xabcdef}, "18ea1e17e26b9931_0000000000abcdef"},
		{eventlog.Offset{Epoch: math.MaxUint64, Seq: math.MaxUint64}, "ffffffffffffffff_ffffffffffffffff"},
	}
	for _, test := range tests {
		if got := test.offset.String(); got != test.text {
			t.Errorf("%#v is %q, want %q", test.offset, got, test.text)
		}
		if got := string(test.offset.Append([]byte("id: "))); got != "id: "+test.text {
			t.Errorf("appended: %q, want %q after what was there", got, test.text)
		}
		if got, err := eventlog.ParseOffset(test.text); got != test.offset || err != nil {
			t.Errorf("ParseOffset(%q) = %v, %v", test.text, got, err)
		}
	}
	if !(eventlog.Offset{}).IsZero() || (eventlog.Offset{Seq: 1}).IsZero() || (eventlog.Offset{Epoch: 1}).IsZero() {
		t.Error("only the offset without epoch and sequence is zero")
	}
}

func TestParseOffset_takes_nothing_else(t *testing.T) {
	good := "18ea1e17e26b9931_0000000000abcdef"
	tests := map[string]string{
		"nothing":                  "",
		"the start of a stream":    "-1",
		"the end of a stream":      "now",
		"a digit too few":          good[1:],
		"a digit too many":         "0" + good,
		"upper case":               strings.ToUpper(good),
		"another separator":        strings.ReplaceAll(good, "_", "-"),
		"the separator elsewhere":  "18ea1e17e26b993_10000000000abcdef",
		"a sign":                   "+" + good[1:],
		"a prefix":                 "0x" + good[2:],
		"a digit of another base":  "g" + good[1:],
		"a character below 0":      "/" + good[1:],
		"a character above 9":      good[:32] + ":",
		"a character below a":      good[:32] + "`",
		"a space":                  " " + good[1:],
		"a digit of other scripts": "٣" + good[2:],
		"a line break at the end":  good[:32] + "\n",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := eventlog.ParseOffset(text); !errors.Is(err, eventlog.ErrOffset) || got != (eventlog.Offset{}) {
				t.Errorf("ParseOffset(%q) = %v, %v, want ErrOffset", text, got, err)
			}
		})
	}
}

// The text is a client's: a log line must not grow with it.
func TestParseOffset_quotes_little(t *testing.T) {
	_, err := eventlog.ParseOffset(strings.Repeat("\x00", 1<<20))
	if n := len(err.Error()); n > 200 {
		t.Errorf("the error has %d bytes", n)
	}
}

func TestOffset_compares_as_its_text_sorts(t *testing.T) {
	numbers := []uint64{0, 1, 9, 10, 15, 16, 255, 1 << 32, math.MaxUint64}
	var offsets []eventlog.Offset
	for _, epoch := range numbers {
		for _, seq := range numbers {
			offsets = append(offsets, eventlog.Offset{Epoch: epoch, Seq: seq})
		}
	}
	for _, a := range offsets {
		for _, b := range offsets {
			if got, want := a.Compare(b), strings.Compare(a.String(), b.String()); got != want {
				t.Errorf("%v compared with %v is %d, and the texts %d", a, b, got, want)
			}
		}
		if texts := []string{"-1", a.String(), "now"}; !slices.IsSorted(texts) {
			t.Errorf("not sorted: %q", texts)
		}
	}
}

func TestOffset_is_appended_without_allocation(t *testing.T) {
	buffer := make([]byte, 0, 64)
	offset := eventlog.Offset{Epoch: 1, Seq: 2}
	if n := testing.AllocsPerRun(100, func() { buffer = offset.Append(buffer[:0]) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzParseOffset_reads_only_what_is_written(f *testing.F) {
	for _, text := range []string{"", "-1", "now", "18ea1e17e26b9931_0000000000abcdef", "18EA1E17E26B9931_0000000000ABCDEF"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		offset, err := eventlog.ParseOffset(text)
		if err != nil {
			if !errors.Is(err, eventlog.ErrOffset) || !offset.IsZero() {
				t.Errorf("ParseOffset(%q) = %v, %v", text, offset, err)
			}
			return
		}
		if got := offset.String(); got != text {
			t.Errorf("%q is read as %#v, which is written %q", text, offset, got)
		}
	})
}

func FuzzOffset_is_read_as_it_is_written(f *testing.F) {
	f.Add(uint64(0), uint64(0))
	f.Add(uint64(math.MaxUint64), uint64(1))
	f.Fuzz(func(t *testing.T, epoch, seq uint64) {
		offset := eventlog.Offset{Epoch: epoch, Seq: seq}
		if got, err := eventlog.ParseOffset(offset.String()); got != offset || err != nil {
			t.Errorf("%#v is written %q, and read as %#v, %v", offset, offset, got, err)
		}
	})
}

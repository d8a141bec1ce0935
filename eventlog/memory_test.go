package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/bare-go/bare/eventlog"
)

// add appends records that are written as "key=data", or as data alone.
func add(t *testing.T, log eventlog.Log, records ...string) (last eventlog.Offset) {
	t.Helper()
	for _, text := range records {
		key, data, found := strings.Cut(text, "=")
		if !found {
			key, data = "", text
		}
		var err error
		last, err = log.Append(t.Context(), eventlog.Record{Key: key, Data: []byte(data)}, eventlog.AppendOptions{})
		if err != nil {
			t.Fatalf("Append(%q): %v", text, err)
		}
	}
	return last
}

// all reads from an offset to the end, in pages of a few bytes, and returns the data
// with "gap" where there was one.
func all(t *testing.T, log eventlog.Log, after eventlog.Offset) (seen []string) {
	t.Helper()
	for {
		page, err := log.Read(t.Context(), after, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if page.Gap {
			seen = append(seen, "gap")
		}
		for _, r := range page.Records {
			seen = append(seen, string(r.Data))
		}
		if len(page.Records) == 0 {
			return seen
		}
		after = page.Next
	}
}

func TestMemory_keeps_what_its_limits_allow(t *testing.T) {
	numbers := func(n int) (texts []string) {
		for i := range n {
			texts = append(texts, fmt.Sprint(i))
		}
		return texts
	}
	tests := []struct {
		name    string
		options eventlog.MemoryOptions
		append  []string
		want    string
	}{
		{"everything", eventlog.MemoryOptions{}, numbers(5), "0 1 2 3 4"},
		{"the last records", eventlog.MemoryOptions{Records: 3}, numbers(5), "gap 2 3 4"},
		{"as many as there may be", eventlog.MemoryOptions{Records: 5}, numbers(5), "0 1 2 3 4"},
		{"the last bytes", eventlog.MemoryOptions{Bytes: 4}, []string{"aa", "bb", "cc"}, "gap bb cc"},
		{"the last record, as large as it may be", eventlog.MemoryOptions{Bytes: 4}, []string{"aa", "bbbb"}, "gap bbbb"},
		{"keys mean nothing without compaction", eventlog.MemoryOptions{}, []string{"a=1", "b=2", "a=3"}, "1 2 3"},
		{"the last of each key", eventlog.MemoryOptions{Compact: true}, []string{"a=1", "b=2", "x", "a=3"}, "2 x 3"},
		{
			"the last of each key, though the ring is long past it",
			eventlog.MemoryOptions{Compact: true, Records: 2},
			[]string{"a=1", "v", "w", "x", "y"},
			"gap 1 x y",
		},
		{
			"the keys that were appended to last",
			eventlog.MemoryOptions{Compact: true, Keys: 2},
			[]string{"a=1", "b=2", "a=3", "c=4"},
			"gap 3 4",
		},
		{
			"the bytes of those with keys and without are counted apart",
			eventlog.MemoryOptions{Compact: true, Bytes: 4},
			[]string{"a=1", "ww", "xx", "b=2", "yy", "c=3"},
			"gap xx 2 yy 3",
		},
		{"what was superseded is no gap", eventlog.MemoryOptions{Compact: true, Keys: 1}, []string{"a=1", "a=2", "a=3"}, "3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := eventlog.NewMemory(test.options)
			add(t, log, test.append...)
			if got := strings.Join(all(t, log, eventlog.Offset{}), " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestMemory_has_the_limits_that_are_documented(t *testing.T) {
	const mib = 1 << 20
	tests := []struct {
		name    string
		options eventlog.MemoryOptions
		record  func(i int) eventlog.Record
		appends int
		kept    int
	}{
		{"65,536 records", eventlog.MemoryOptions{}, func(int) eventlog.Record { return eventlog.Record{} }, 65_537, 65_536},
		{"16 MiB", eventlog.MemoryOptions{}, func(int) eventlog.Record { return eventlog.Record{Data: make([]byte, mib)} }, 17, 16},
		{"65,536 keys", eventlog.MemoryOptions{Compact: true}, func(i int) eventlog.Record {
			return eventlog.Record{Key: fmt.Sprint(i)}
		}, 65_537, 65_536},
		{"none", eventlog.MemoryOptions{Records: eventlog.NoLimit}, func(int) eventlog.Record { return eventlog.Record{} }, 65_537, 65_537},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := eventlog.NewMemory(test.options)
			for i := range test.appends {
				if _, err := log.Append(t.Context(), test.record(i), eventlog.AppendOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			left := all(t, log, eventlog.Offset{})
			gap := left[0] == "gap"
			kept := len(slices.DeleteFunc(left, func(text string) bool { return text == "gap" }))
			if kept != test.kept || gap != (test.kept < test.appends) {
				t.Errorf("of %d records %d are left, gap %v, want %d", test.appends, kept, gap, test.kept)
			}
			tooLarge := eventlog.Record{Data: make([]byte, mib+1)}
			if _, err := log.Append(t.Context(), tooLarge, eventlog.AppendOptions{}); !errors.Is(err, eventlog.ErrTooLarge) {
				t.Errorf("Append of more than 1 MiB: %v, want ErrTooLarge", err)
			}
		})
	}
}

func TestMemory_lets_go_of_what_is_too_old_when_it_is_used(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Age: time.Minute})
		add(t, log, "old")
		time.Sleep(30 * time.Second)
		young := add(t, log, "young")
		time.Sleep(30*time.Second - 1)
		if got := all(t, log, eventlog.Offset{}); !slices.Equal(got, []string{"old", "young"}) {
			t.Errorf("before its age: %q", got)
		}
		time.Sleep(time.Nanosecond)
		if got := all(t, log, eventlog.Offset{}); !slices.Equal(got, []string{"gap", "young"}) {
			t.Errorf("at its age: %q", got)
		}
		time.Sleep(time.Hour)
		if state, err := log.State(t.Context()); err != nil || state.First != young || state.Tail != young {
			t.Errorf("when all are too old: %+v, %v, want first and tail at %v", state, err, young)
		}
		if got := all(t, log, young); got != nil {
			t.Errorf("after the last one: %q, want nothing", got)
		}
	})
}

func TestMemory_lets_go_of_what_is_too_old_when_it_is_appended_to(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Age: time.Minute})
		add(t, log, "a", "b")
		time.Sleep(time.Minute)
		add(t, log, "c")
		if records, _ := log.Blocks(); !slices.Equal(records, []int{1}) {
			t.Errorf("after an append there are %d records, want the new one only", records)
		}
	})
}

func TestMemory_appends_with_one_allocation(t *testing.T) {
	tests := []struct {
		name    string
		options eventlog.MemoryOptions
		record  eventlog.Record
	}{
		{"data", eventlog.MemoryOptions{Records: 1000}, eventlog.Record{Data: make([]byte, 64)}},
		{"data and meta", eventlog.MemoryOptions{Records: 1000}, eventlog.Record{Meta: []byte("price"), Data: make([]byte, 64)}},
		{"a known key", eventlog.MemoryOptions{Compact: true}, eventlog.Record{Key: "ACME", Data: make([]byte, 64)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := eventlog.NewMemory(test.options)
			appendOne := func() {
				if _, err := log.Append(context.Background(), test.record, eventlog.AppendOptions{}); err != nil {
					t.Fatal(err)
				}
			}
			for range 2000 {
				appendOne() // until the log is as large as it gets
			}
			if got := testing.AllocsPerRun(1000, appendOne); got != 1 {
				t.Errorf("%v allocations an append, want 1", got)
			}
		})
	}
}

func TestMemoryLogs_gives_a_name_a_greater_epoch_each_time(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock stands still
		logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
		var before eventlog.Offset
		for range 3 {
			log, err := logs.Create(t.Context(), "name", eventlog.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			state, err := log.State(t.Context())
			if err != nil || state.Tail.Epoch <= before.Epoch {
				t.Fatalf("the epoch is %v, want it after %v (%v)", state.Tail, before, err)
			}
			before = state.Tail
			if err := logs.Delete(t.Context(), "name", 0); err != nil {
				t.Fatal(err)
			}
			if _, err := log.State(t.Context()); !errors.Is(err, eventlog.ErrDeleted) {
				t.Errorf("State of a deleted log: %v, want ErrDeleted", err)
			}
		}
	})
}

func TestMemory_appends_nothing_when_the_context_has_ended(t *testing.T) {
	log := eventlog.NewMemory(eventlog.MemoryOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := log.Append(ctx, eventlog.Record{}, eventlog.AppendOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Append: %v, want the context's error", err)
	}
	if got := all(t, log, eventlog.Offset{}); got != nil {
		t.Errorf("there is %q, want nothing", got)
	}
}

// A key is often a piece of a whole request.
func TestMemory_keeps_no_more_of_a_key_than_it_needs(t *testing.T) {
	for _, compact := range []bool{false, true} {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: compact})
		path := "/prices/ACME"
		if _, err := log.Append(t.Context(), eventlog.Record{Key: path[8:]}, eventlog.AppendOptions{}); err != nil {
			t.Fatal(err)
		}
		page, err := log.Read(t.Context(), eventlog.Offset{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if key := page.Records[0].Key; key != "ACME" || unsafe.StringData(key) == unsafe.StringData(path[8:]) {
			t.Errorf("compact %v: the key %q is a piece of its caller's string", compact, key)
		}
	}
}

func TestMemory_counts_as_far_as_it_can(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	last := eventlog.Offset{Epoch: 7, Seq: math.MaxUint64}
	log, err := logs.Create(t.Context(), "log", eventlog.CreateOptions{Start: eventlog.Offset{Epoch: 7, Seq: last.Seq - 1}})
	if err != nil {
		t.Fatal(err)
	}
	if offset := add(t, log, "a"); offset != last {
		t.Errorf("the last number is %v, want %v", offset, last)
	}
	if _, err := log.Append(t.Context(), eventlog.Record{}, eventlog.AppendOptions{}); !errors.Is(err, eventlog.ErrTooLarge) {
		t.Errorf("an append after it: %v, want ErrTooLarge", err)
	}
	if _, err := log.Append(t.Context(), eventlog.Record{}, eventlog.AppendOptions{Close: eventlog.CloseOnly}); err != nil {
		t.Errorf("a close after it: %v", err)
	}
	if got := all(t, log, eventlog.Offset{}); !slices.Equal(got, []string{"a"}) {
		t.Errorf("got %q, want a", got)
	}
}

// Somebody may have a deleted log for as long as a stream is open.
func TestMemoryLogs_keeps_nothing_of_a_deleted_log(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	log, err := logs.Create(t.Context(), "name", eventlog.CreateOptions{Records: make([]eventlog.Record, 10)})
	if err != nil {
		t.Fatal(err)
	}
	if err := logs.Delete(t.Context(), "name", 1); err != nil {
		t.Fatal(err)
	}
	memory, ok := log.(*eventlog.Memory)
	if !ok {
		t.Fatalf("Create returns a %T, want a *Memory", log)
	}
	if records, _ := memory.Blocks(); records != nil {
		t.Errorf("there are %d records", records)
	}
}

// randomBytes are the same for a seed each time.
func randomBytes(seed uint64, n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}).Read(data)
	return data
}

package eventlog_test

import (
	"fmt"
	"testing"

	"github.com/bare-go/bare/eventlog"
)

// What a read walks over under the lock is limited by the records that it finds: no
// two neighbours among the blocks are sparse, and none has more slots than it should.
func TestMemory_does_not_keep_a_place_for_what_is_gone(t *testing.T) {
	tests := []struct {
		name string
		key  func(i int) string
	}{
		{"nothing has a key", func(int) string { return "" }},
		{"one key", func(int) string { return "key" }},
		{"each key is appended to in turn", func(i int) string { return fmt.Sprint(i % 700) }},
		{"some keys stay, and others come often", func(i int) string {
			if i%20 == 0 {
				return fmt.Sprint("old", i)
			}
			return fmt.Sprint(i % 7)
		}},
		{"keys and none", func(i int) string {
			if i%3 == 0 {
				return ""
			}
			return fmt.Sprint(i % 1000)
		}},
		{"later keys are superseded before earlier ones", func(i int) string {
			if i < 3000 {
				return fmt.Sprint(i)
			}
			return fmt.Sprint(2*3000 - i)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: true, Records: 900, Keys: 3000})
			for i := range 5900 {
				record := eventlog.Record{Key: test.key(i)}
				if _, err := log.Append(t.Context(), record, eventlog.AppendOptions{}); err != nil {
					t.Fatal(err)
				}
				if i%5 > 0 {
					continue
				}
				records, slots := log.Blocks()
				for b := range records {
					if records[b] == 0 || records[b] > slots[b] || slots[b] > eventlog.BlockSize {
						t.Fatalf("append %d: block %d has %d records in %d slots", i, b, records[b], slots[b])
					}
					if b > 0 && records[b-1]+records[b] <= eventlog.BlockSize/2 {
						t.Fatalf("append %d: blocks %d and %d have %d and %d records", i, b-1, b, records[b-1], records[b])
					}
				}
			}
		})
	}
}

package eventlog_test

import (
	"fmt"
	"testing"

	"github.com/bare-go/bare/eventlog"
)

func BenchmarkMemory_Append(b *testing.B) {
	options := map[string]eventlog.MemoryOptions{
		"plain":     {},
		"compacted": {Compact: true},
		"unlimited": {Bytes: eventlog.NoLimit, Records: eventlog.NoLimit},
	}
	for _, size := range []int{64, 1024} {
		for _, name := range []string{"plain", "compacted", "unlimited"} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				log := eventlog.NewMemory(options[name])
				keys := make([]string, 1000)
				for i := range keys {
					keys[i] = fmt.Sprint("key", i)
				}
				record := eventlog.Record{Data: make([]byte, size)}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if name == "compacted" {
						record.Key = keys[i*7919%len(keys)]
					}
					if _, err := log.Append(b.Context(), record, eventlog.AppendOptions{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkMemory_Read(b *testing.B) {
	for _, compact := range []bool{false, true} {
		log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: compact})
		var offsets []eventlog.Offset
		for i := range 50_000 {
			record := eventlog.Record{Data: make([]byte, 64)}
			if i%4 != 0 {
				record.Key = fmt.Sprint("key", i*7919%5000) // a tenth of the log is left
			}
			offset, err := log.Append(b.Context(), record, eventlog.AppendOptions{})
			if err != nil {
				b.Fatal(err)
			}
			offsets = append(offsets, offset)
		}
		for name, limit := range map[string]int{"one record": 0, "64 KiB": 64 << 10} {
			b.Run(fmt.Sprintf("compact=%v/%s", compact, name), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if _, err := log.Read(b.Context(), offsets[i*7919%len(offsets)], limit); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

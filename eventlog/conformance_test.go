package eventlog_test

import (
	"testing"

	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/eventlog/logtest"
)

func TestMemory_is_a_log(t *testing.T) {
	open := func(options eventlog.MemoryOptions) func(testing.TB) eventlog.Log {
		return func(testing.TB) eventlog.Log { return eventlog.NewMemory(options) }
	}
	logtest.Test(t, logtest.LogOptions{
		Open:      open(eventlog.MemoryOptions{}),
		Trimmed:   open(eventlog.MemoryOptions{Records: 500}),
		Compacted: open(eventlog.MemoryOptions{Compact: true}),
		TooLarge:  eventlog.DefaultRecordBytes + 1,
	})
}

func TestMemory_without_limits_is_a_log(t *testing.T) {
	logtest.Test(t, logtest.LogOptions{Open: func(testing.TB) eventlog.Log {
		const none = eventlog.NoLimit
		return eventlog.NewMemory(eventlog.MemoryOptions{Bytes: none, Records: none, RecordBytes: none, Age: none, Keys: none})
	}})
}

func TestMemoryLogs_are_logs(t *testing.T) {
	logtest.TestLogs(t, logtest.LogsOptions{
		Open: func(testing.TB) eventlog.Logs {
			return eventlog.NewMemoryLogs(eventlog.MemoryOptions{RecordBytes: 1000})
		},
		TooLarge: 1001,
	})
}

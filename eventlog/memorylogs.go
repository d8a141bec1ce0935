package eventlog

import (
	"bytes"
	"context"
	"sync"
)

// MemoryLogs are [Logs] in memory. They end with the process, and need no closing.
// Each log has the same limits; the number of logs has none, so let those create
// them whom you trust.
type MemoryLogs struct {
	options MemoryOptions

	mu   sync.Mutex
	logs map[string]*Memory
	// The highest of all epochs and of all revisions, so that deleted names need not
	// be remembered.
	highest   uint64
	revisions uint64
}

// NewMemoryLogs returns logs of which there are none yet.
func NewMemoryLogs(options MemoryOptions) *MemoryLogs {
	return &MemoryLogs{options: options, logs: map[string]*Memory{}}
}

// Create implements [Logs].
func (l *MemoryLogs) Create(ctx context.Context, name string, options CreateOptions) (Log, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.logs[name] != nil {
		return nil, ErrExists
	}
	start := options.Start
	if start.IsZero() {
		start.Epoch = epochAfter(l.highest)
	}
	m := newMemory(l.options, start)
	if err := m.begin(&options); err != nil {
		return nil, err
	}
	l.highest = max(l.highest, start.Epoch)
	l.revisions++
	m.revision = l.revisions
	l.logs[name] = m
	return m, nil
}

// begin puts in what a log begins with. Nobody else has the log yet.
func (m *Memory) begin(options *CreateOptions) error {
	for _, record := range options.Records {
		fits := record.Size() <= m.options.RecordBytes
		if err := m.refuses(fits, AppendOptions{}); err != nil {
			return err
		}
		record = withOwnBytes(record)
		m.add(&record)
	}
	m.attributes = bytes.Clone(options.Attributes)
	if options.Closed {
		m.closed, m.end = true, bytes.Clone(options.End)
	}
	return nil
}

// Open implements [Logs].
func (l *MemoryLogs) Open(ctx context.Context, name string) (Log, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m, err := l.find(name)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (l *MemoryLogs) find(name string) (*Memory, error) {
	if m := l.logs[name]; m != nil {
		return m, nil
	}
	return nil, ErrNotFound
}

// Update implements [Logs].
func (l *MemoryLogs) Update(ctx context.Context, name string, revision uint64, attributes []byte) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	m, err := l.find(name)
	if err != nil {
		return 0, err
	}
	l.revisions++
	return m.update(revision, l.revisions, attributes)
}

// Delete implements [Logs].
func (l *MemoryLogs) Delete(ctx context.Context, name string, revision uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	watchers, err := l.delete(name, revision)
	watchers.call()
	return err
}

func (l *MemoryLogs) delete(name string, revision uint64) (watchers, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, err := l.find(name)
	if err != nil {
		return nil, err
	}
	told, err := m.delete(revision)
	if err == nil {
		delete(l.logs, name)
	}
	return told, err
}

package durable

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
)

// newStream makes a stream, and what a live read of it has.
func newStream(t *testing.T, h *Handler, name string, settings config) *reading {
	t.Helper()
	settings.Type = "text/plain"
	v, _, err := h.ensure(t.Context(), name, &creation{config: settings, typed: true, body: []byte("data")})
	if err != nil {
		t.Fatal(err)
	}
	return &reading{view: &v, request: baretest.NewRequest("GET", "/", nil)}
}

func TestReadersAtTheTailShareOneEncoding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		one := newStream(t, h, "s", config{})
		other := *one
		encode := func(r *reading) *encoded {
			e, err := h.next(r, chain{h, r.view}, eventlog.Offset{})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		first := encode(one)
		if encode(&other) != first {
			t.Error("the second reader has an encoding of its own")
		}
		other.cursor = "7" // from which its own cursor must differ
		if encode(&other) == first {
			t.Error("a reader with another cursor has the same encoding")
		}
		if len(h.expiry.queue) != 0 {
			t.Error("a stream that never ends has an appointment")
		}
		leave := one.attend()
		if leave(); one.latest.Load() != nil {
			t.Error("the encoding stays when nobody reads")
		}
	})
}

func TestStreamsThatAreGoneAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		year := int64(365 * 24 * 3600)
		for i := range 100 {
			r := newStream(t, h, fmt.Sprint(i), config{TTL: &year})
			if err := h.discard(t.Context(), r.view); err != nil {
				t.Fatal(err)
			}
		}
		if len(h.streams) != 0 || len(h.expiry.queue) != 0 {
			t.Errorf("there are %d streams and %d appointments", len(h.streams), len(h.expiry.queue))
		}
	})
}

// What is held by those who have stopped watching would be held as long as the stream is.
func TestNothingIsToldAfterTheEndOfAWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		r := newStream(t, h, "s", config{})
		var stopped, watching atomic.Int64
		stop := chain{h, r.view}.Watch(func() { stopped.Add(1) })
		defer chain{h, r.view}.Watch(func() { watching.Add(1) })()
		stop()
		h.hide("s")
		synctest.Wait()
		if stopped.Load() != 0 || watching.Load() != 1 {
			t.Errorf("the end was told %d times to who had stopped, and %d times to who watched", stopped.Load(), watching.Load())
		}
	})
}

// A stream may end while it is looked at whether it does.
func TestAStreamThatHasEndedGetsNoAppointment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		year := int64(365 * 24 * 3600)
		r := newStream(t, h, "s", config{TTL: &year})
		h.forget("s")
		h.expiry.schedule(r.stream, time.Now().Add(time.Hour))
		if len(h.expiry.queue) != 0 {
			t.Errorf("there are %d appointments", len(h.expiry.queue))
		}
	})
}

// leaving are logs during whose deletion the client leaves.
type leaving struct {
	eventlog.Logs

	leave func()
}

func (l leaving) Delete(ctx context.Context, name string, revision uint64) error {
	defer l.leave()
	return l.Logs.Delete(ctx, name, revision)
}

// A read may find that the stream is over, and ends it. Its client may leave meanwhile.
func TestAReaderThatLeavesEndsAnExpiredForkAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(t.Context())
		h := New(Options{Logs: leaving{eventlog.NewMemoryLogs(eventlog.MemoryOptions{}), leave}})
		newStream(t, h, "source", config{})
		fork := &creation{config: config{TTL: new(int64(0))}, fork: &forking{source: "source", atTail: true}}
		if _, _, err := h.ensure(t.Context(), "fork", fork); err != nil {
			t.Fatal(err)
		}
		if _, err := h.find(ctx, "fork"); !errors.Is(err, errNotFound) {
			t.Errorf("the fork is found: %v", err)
		}
		if source, err := h.look(t.Context(), "source"); err != nil || source.config.References != 0 {
			t.Errorf("the source has %d forks, %v", source.config.References, err)
		}
	})
}

// flaky are logs of which each look fails while it is down.
type flaky struct {
	eventlog.Logs

	down atomic.Bool
}

func (f *flaky) Open(ctx context.Context, name string) (eventlog.Log, error) {
	if f.down.Load() {
		return nil, errors.New("the logs are out of reach")
	}
	return f.Logs.Open(ctx, name)
}

func TestAStreamExpiresWhenTheLogsAreBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logs := &flaky{Logs: eventlog.NewMemoryLogs(eventlog.MemoryOptions{})}
		h := New(Options{Logs: logs})
		ttl := int64(5)
		newStream(t, h, "s", config{TTL: &ttl})
		logs.down.Store(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		logs.down.Store(false)
		time.Sleep(2 * patience)
		if _, err := logs.Open(t.Context(), "s"); !errors.Is(err, eventlog.ErrNotFound) {
			t.Errorf("the stream is still there: %v", err)
		}
	})
}

func TestALogOfSomebodyElseIsNoStream(t *testing.T) {
	t.Parallel()
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	h := New(Options{Logs: logs})
	for name, attributes := range map[string]string{"none": "", "text": "x", "json": `{"type":"text/plain"}`, "time": `{"id":"x","type":"text/plain","expires":"soon"}`} {
		if _, err := logs.Create(t.Context(), name, eventlog.CreateOptions{Attributes: []byte(attributes)}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.find(t.Context(), name); !errors.Is(err, errForeign) {
			t.Errorf("%s is found: %v", name, err)
		}
		if _, _, err := h.ensure(t.Context(), name, &creation{}); !errors.Is(err, errTaken) {
			t.Errorf("%s can be created: %v", name, err)
		}
	}
}

func TestAStampIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	for _, want := range []stamp{
		{},
		{sequence: "1"},
		{producer: "p"},
		{producer: "p", epoch: 1<<53 - 1, number: 1<<53 - 1, sequence: "\x00"},
	} {
		got, err := decodeStamp(want.encode())
		if err != nil || got != want {
			t.Errorf("%+v is read as %+v, %v", want, got, err)
		}
	}
	whole := (&stamp{producer: "producer", epoch: 300, number: 7, sequence: "seq"}).encode()
	for n := 1; n < len(whole); n++ {
		if got, err := decodeStamp(whole[:n]); !errors.Is(err, errStamp) {
			t.Errorf("%d bytes of %d are read as %+v", n, len(whole), got)
		}
	}
	if _, err := decodeStamp(append(whole, 0)); !errors.Is(err, errStamp) {
		t.Error("one byte more is read as well")
	}
}

// What a process knows of a stream can be made anew from its log.
func TestAnotherProcessFoldsTheSame(t *testing.T) {
	t.Parallel()
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	one, other := New(Options{Logs: logs}), New(Options{Logs: logs})
	first := newStream(t, one, "s", config{})
	post := func(v *view, number uint64) (receipt, error) {
		return v.do(t.Context(), &posting{contentType: "text/plain", stamp: stamp{producer: "p", number: number}, body: []byte("x")})
	}
	for number := range uint64(3) {
		if _, err := post(first.view, number); err != nil {
			t.Fatal(err)
		}
	}
	v, err := other.find(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	if done, err := post(&v, 1); err != nil || done.duplicate == nil || done.duplicate.last != 2 {
		t.Errorf("what was appended before is %+v, %v", done, err)
	}
	if done, err := post(&v, 3); err != nil || !done.appended {
		t.Errorf("what comes next is %+v, %v", done, err)
	}
	if done, err := post(first.view, 3); err != nil || done.duplicate == nil {
		t.Errorf("the same in the first process is %+v, %v", done, err)
	}
}

// slow are logs that take a second to create a log.
type slow struct{ eventlog.Logs }

func (s slow) Create(ctx context.Context, name string, options eventlog.CreateOptions) (eventlog.Log, error) {
	time.Sleep(time.Second)
	return s.Logs.Create(ctx, name, options)
}

func TestStreamsThatAreMadeAtOnceAreNotMoreThanThereMayBe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{Logs: slow{eventlog.NewMemoryLogs(eventlog.MemoryOptions{})}, MaxStreams: 3})
		var made, full atomic.Int64
		for i := range 10 {
			go func() {
				switch err := h.Create(t.Context(), fmt.Sprint(i), "text/plain"); {
				case err == nil:
					made.Add(1)
				case errors.Is(err, errFull):
					full.Add(1)
				default:
					t.Error(err)
				}
			}()
		}
		time.Sleep(time.Minute)
		if made.Load() != 3 || full.Load() != 7 {
			t.Errorf("%d streams were made, and %d were not", made.Load(), full.Load())
		}
	})
}

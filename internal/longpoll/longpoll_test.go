package longpoll_test

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/longpoll"
)

func TestACursorIsTheIntervalAndNeverTheOneBefore(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, time.October, 9, 0, 20, 19, 0, time.UTC) // in interval 60
	for given, want := range map[string][2]int{
		"":                 {60, 60},
		"59":               {60, 60},
		"60":               {61, 60 + 180},
		"100":              {101, 100 + 180},
		"-5":               {60, 60},
		"9007199254740991": {9007199254740992, 9007199254740991 + 180},
		"9007199254740992": {60, 60},
		"1e3":              {60, 60},
		"nonsense":         {60, 60},
	} {
		for range 100 {
			got, err := strconv.Atoi(longpoll.NextCursor(given, now))
			if err != nil || got < want[0] || got > want[1] {
				t.Fatalf("after %q comes %d, want %v", given, got, want)
			}
		}
	}
	if got := longpoll.NextCursor("", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)); got != "0" {
		t.Errorf("before the first interval it is %s", got)
	}
}

func TestPositions(t *testing.T) {
	t.Parallel()
	offset := eventlog.Offset{Epoch: 1, Seq: 2}
	for query, want := range map[string]longpoll.Position{
		"":                                     {},
		"offset=-1":                            {Given: true},
		"offset=now":                           {Given: true, Now: true},
		"offset=" + offset.String():            {Given: true, After: offset},
		"offset=" + eventlog.Offset{}.String(): {Given: true},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := longpoll.ParsePosition(values); err != nil || got != want {
			t.Errorf("%q is %+v, %v, want %+v", query, got, err, want)
		}
	}
	for _, query := range []string{"offset=", "offset=0", "offset=-1&offset=-1", "offset=Now"} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		_, err = longpoll.ParsePosition(values)
		if refusal, ok := errors.AsType[*bare.HttpError](err); !ok || refusal.StatusCode() != 400 {
			t.Errorf("%q fails with %v", query, err)
		}
	}
}

// hasty is a log to which something is appended just before each watch begins.
type hasty struct{ *eventlog.Memory }

func (h hasty) Watch(changed func()) (stop func()) {
	_, _ = h.Append(context.Background(), eventlog.Record{Data: []byte("x")}, eventlog.AppendOptions{})
	return h.Memory.Watch(changed)
}

func TestNothingFallsBetweenTheReadAndTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := hasty{eventlog.NewMemory(eventlog.MemoryOptions{})}
		state, err := log.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		page, err := longpoll.Poll(baretest.NewRequest("GET", "/", nil), log, state.Tail, 100, time.Minute)
		if err != nil || len(page.Records) != 1 || time.Since(begin) > 0 {
			t.Errorf("after %v there are %d records, %v", time.Since(begin), len(page.Records), err)
		}
	})
}

func TestAPollEndsWithItsTimeItsClientAndItsLog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(cancel context.CancelFunc, logs *eventlog.MemoryLogs) error
		took time.Duration
		want error
	}{
		"its time": {func(context.CancelFunc, *eventlog.MemoryLogs) error { return nil }, time.Minute, nil},
		"its client": {func(cancel context.CancelFunc, _ *eventlog.MemoryLogs) error {
			cancel()
			return nil
		}, time.Second, nil},
		"its log": {func(_ context.CancelFunc, logs *eventlog.MemoryLogs) error {
			return logs.Delete(context.Background(), "s", 0)
		}, time.Second, eventlog.ErrDeleted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
				log, err := logs.Create(t.Context(), "s", eventlog.CreateOptions{})
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(time.Second, func() {
					if err := test.end(cancel, logs); err != nil {
						t.Error(err)
					}
				})
				begin := time.Now()
				request := baretest.NewRequest("GET", "/", nil).WithContext(ctx)
				page, err := longpoll.Poll(request, log, eventlog.Offset{}, 100, time.Minute)
				if took := time.Since(begin); took != test.took || !errors.Is(err, test.want) || len(page.Records) > 0 {
					t.Errorf("it took %v, and ended with %+v, %v", took, page, err)
				}
			})
		})
	}
}

package store

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

func newStore(t *testing.T) *Store {
	t.Helper()
	s, err := New(map[string]string{"ada": "lovelace"}, Options{Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestManyMayUploadAndFollowAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t)
		content := strings.Repeat("x", 1<<20)
		var group sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			for range 4 {
				group.Go(func() {
					var last Progress
					for progress, err := range s.Follow(t.Context(), "ada", name) {
						if err != nil || progress.Received < last.Received {
							t.Errorf("%v after %v (%v)", progress, last, err)
						}
						last = progress
					}
					if want := (Progress{Received: 1 << 20, Total: -1}); last != want {
						t.Errorf("the last progress of %s is %v", name, last)
					}
				})
			}
			group.Go(func() {
				if _, err := s.Receive("ada", name, -1, strings.NewReader(content)); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})
}

func TestWhoFollowsWhatNeverComesLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t)
		left := errors.New("left")
		ctx, leave := context.WithCancelCause(t.Context())
		var seen error
		go func() {
			for _, err := range s.Follow(ctx, "ada", "never") {
				seen = err
			}
		}()
		synctest.Wait()
		leave(left)
		synctest.Wait()
		if !errors.Is(seen, left) || len(s.uploads) != 0 {
			t.Errorf("the loop ended with %v, and %d uploads are left", seen, len(s.uploads))
		}
	})
}

func TestAnUploadThatBreaksOffIsForgotten(t *testing.T) {
	s := newStore(t)
	cut := errors.New("cut")
	content := io.MultiReader(strings.NewReader("hello"), broken{cut})
	if _, err := s.Receive("ada", "hello", 12, content); !errors.Is(err, cut) {
		t.Errorf("the error is %v", err)
	}
	if len(s.uploads) != 0 {
		t.Errorf("%d uploads are left", len(s.uploads))
	}
}

// broken is a reader that fails.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

//go:build unix

package bare_test

import (
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestAPipeInThePlaceOfAKeyHoldsUpNobody(t *testing.T) {
	t.Parallel()
	path, done := make(chan string, 1), make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { freeReader(t, path, done) })
	defer watching.Wait()
	defer close(done)
	synctest.Test(t, func(t *testing.T) {
		e := newEncrypted(t, nil)
		must(t, os.Remove(e.keyFile))
		must(t, syscall.Mkfifo(e.keyFile, 0o600))
		path <- e.keyFile
		e.want(1)
		e.want(1)
		wantLogged(t, e.log)
	})
}

// freeReader fails the test if somebody reads a pipe, who would wait forever, and fake
// time with him, and lets him go. It runs outside of the bubble.
func freeReader(t *testing.T, path <-chan string, done <-chan struct{}) {
	t.Helper()
	name := ""
	for {
		select {
		case name = <-path:
		case <-done:
			return
		case <-time.After(time.Millisecond):
		}
		// Without a reader a pipe that does not wait cannot be opened.
		if pipe, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			t.Error("the pipe is read")
			_ = pipe.Close()
		}
	}
}

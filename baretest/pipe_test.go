package baretest

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestAConnectionBehavesAsTCPDoes(t *testing.T) {
	t.Parallel()
	one := make([]byte, 1)
	tests := []struct {
		name string
		try  func(a, b *pipe) error
		want error
		took time.Duration
	}{
		{"a full buffer blocks a write until its deadline", func(a, _ *pipe) error {
			if err := a.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
				return err
			}
			n, err := a.Write(make([]byte, pipeBuffer+1))
			if n != pipeBuffer {
				return errors.New("the buffer took another number of bytes")
			}
			return err
		}, os.ErrDeadlineExceeded, time.Second},
		{"a read makes room for a write", func(a, b *pipe) error {
			go func() {
				time.Sleep(time.Second)
				_, _ = b.Read(make([]byte, 1))
			}()
			_, err := a.Write(make([]byte, pipeBuffer+1))
			return err
		}, nil, time.Second},
		{"a deadline wakes a read", func(a, _ *pipe) error {
			go func() {
				time.Sleep(time.Second)
				_ = a.SetReadDeadline(time.Now())
			}()
			_, err := a.Read(one)
			return err
		}, os.ErrDeadlineExceeded, time.Second},
		{"a deadline that is lifted ends nothing", func(a, b *pipe) error {
			_ = a.SetDeadline(time.Now().Add(time.Second))
			_ = a.SetDeadline(time.Time{})
			go func() {
				time.Sleep(time.Minute)
				_, _ = b.Write(one)
			}()
			_, err := a.Read(make([]byte, 1))
			return err
		}, nil, time.Minute},
		{"a close lets what was written arrive", func(a, b *pipe) error {
			_, _ = a.Write([]byte("last"))
			_ = a.Close()
			got, err := io.ReadAll(b)
			if string(got) != "last" {
				return errors.New("it was lost")
			}
			return err
		}, nil, 0},
		{"a close refuses what the other end writes", func(a, b *pipe) error {
			_ = a.Close()
			_, err := b.Write([]byte("x"))
			return err
		}, syscall.EPIPE, 0},
		{"a close ends the own read", func(a, _ *pipe) error {
			go func() {
				time.Sleep(time.Second)
				_ = a.Close()
			}()
			_, err := a.Read(make([]byte, 1))
			return err
		}, net.ErrClosed, time.Second},
		{"a close without lingering is a reset", func(a, b *pipe) error {
			_, _ = a.Write([]byte("lost"))
			_ = a.SetLinger(0)
			_ = a.Close()
			_, err := b.Read(make([]byte, 1))
			return err
		}, syscall.ECONNRESET, 0},
		{"one direction is closed alone", func(a, b *pipe) error {
			_ = a.CloseWrite()
			if _, err := b.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				return err
			}
			_, _ = b.Write([]byte("x"))
			_, err := a.Read(make([]byte, 1))
			return err
		}, nil, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b := newPipe()
				start := time.Now()
				err := test.try(a, b)
				if took := time.Since(start); !errors.Is(err, test.want) || took != test.took {
					t.Errorf("after %v got %v, want %v after %v", took, err, test.want, test.took)
				}
				_ = a.Close()
				_ = b.Close()
			})
		})
	}
}

func TestAConnectionKnowsWhatItsPeerHasTakenAndThatItLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client, server := newPipe()
		want := func(acknowledged uint64, waiting, departed bool) {
			t.Helper()
			synctest.Wait()
			if got, w := server.Unacknowledged(); got != acknowledged || w != waiting || server.Departed() != departed {
				t.Errorf("%d bytes are acknowledged, others wait: %t, departed: %t", got, w, server.Departed())
			}
		}
		go func() { _, _ = server.Write(make([]byte, pipeBuffer+10)) }()
		want(pipeBuffer, true, false)
		_, _ = client.Read(make([]byte, 3))
		want(pipeBuffer+3, true, false)
		_, _ = client.Read(make([]byte, 100))
		want(pipeBuffer+10, false, false)
		_, _ = client.Write([]byte("unread"))
		_ = client.CloseWrite()
		want(pipeBuffer+10, false, true)
	})
}

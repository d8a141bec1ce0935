//go:build unix

package main

import (
	"strings"
	"testing"
	"time"
)

func TestBothWebSocketsSendBackWhatTheyGet(t *testing.T) {
	for _, name := range []string{raw, ours} {
		t.Run(name, func(t *testing.T) {
			c, err := contenderNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			addr := listening(t, c, new(service))
			for _, size := range []int{0, 64, 16 << 10} {
				count, err := echoFor(t.Context(), addr, strings.Repeat("a", size), 10*time.Millisecond)
				if err != nil || count == 0 {
					t.Errorf("%d bytes: %d messages came back: %v", size, count, err)
				}
			}
		})
	}
}

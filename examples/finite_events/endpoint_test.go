package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestEndpointSendsTenMessagesAndAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := baretest.NewRequest("GET", "/endpoint/?name=Ada&closing=done", nil)
		start := time.Now()
		chunks := baretest.Chunks(endpoint(request).Body, -1)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("the stream took %v, want ten seconds", took)
		}
		if got := chunks[0]; got != "data: Message # 0\n\n" {
			t.Errorf("the first message is %q", got)
		}
		want := "data: That was all for\ndata: Ada\n\nevent: done\ndata: This is the end.\ndata: It really is.\n\n"
		if got := strings.Join(chunks[10:], ""); got != want {
			t.Errorf("after ten messages: got %q, want %q", got, want)
		}
	})
}

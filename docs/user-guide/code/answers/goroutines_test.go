package main

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestABodyThatIsStoppedLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := baretest.NewRequest("POST", "/answers", strings.NewReader("Go on."))
		response := answer(newEndless("and").ask)(request)
		if got := baretest.Chunks(response.Body, 2); len(got) != 2 {
			t.Errorf("got %q", got)
		}
	})
}

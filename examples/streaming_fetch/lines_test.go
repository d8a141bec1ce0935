package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestALineComesAtOnceAndThenEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := baretest.NewRequest("POST", "/events", strings.NewReader(`{"message": "hello"}`))
		request.Scope.Header.Set("content-type", "application/json")

		start := time.Now()
		got := strings.Join(baretest.Chunks(testEvents(request).Body, 3), "")

		want := `{"message":"hello","time":"2000-01-01T00:00:00Z"}` + "\n" +
			`{"message":"hello","time":"2000-01-01T00:00:01Z"}` + "\n" +
			`{"message":"hello","time":"2000-01-01T00:00:02Z"}` + "\n"
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("three lines took %v, want 2s", took)
		}
	})
}

package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAJobReportsEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := startJob(slog.New(slog.DiscardHandler))

		response := handler(baretest.NewRequest("POST", "/jobs", nil))
		got := strings.Join(baretest.Chunks(response.Body, -1), "")

		want := `{"step":1,"of":4}` + "\n" +
			`{"step":2,"of":4}` + "\n" +
			`{"step":3,"of":4}` + "\n" +
			`{"step":4,"of":4,"done":true}` + "\n"
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestAJobThatBreaksFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := startJob(slog.New(slog.DiscardHandler))

		response := handler(baretest.NewRequest("POST", "/jobs?fail=cut", nil))
		err := bare.RunBody(response.Body, func([]byte) bool { return true })

		if !errors.Is(err, errBroken) {
			t.Errorf("the body failed with %v, want %v", err, errBroken)
		}
	})
}

package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestEachWordIsAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := baretest.NewRequest("POST", "/answers", strings.NewReader("to be"))
		response := answer(parrot)(request)
		got := baretest.Chunks(response.Body, -1)
		want := []string{":\n\n", "data: to\n\n", "data: be\n\n", "event: done\nid: done\ndata:\n\n"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

var errModel = errors.New("the model has broken down")

// breaking sends a word, and then fails.
func breaking(_ context.Context, _ string, words chan<- string) error {
	words <- "Well,"
	return errModel
}

func TestAModelThatFailsEndsTheBodyWithItsError(t *testing.T) {
	response := answer(breaking)(baretest.NewRequest("POST", "/answers", nil))
	var got []string
	err := bare.RunBody(response.Body, func(chunk []byte) bool {
		got = append(got, string(chunk))
		return true
	})
	want := []string{":\n\n", "data: Well,\n\n", "event: failed\ndata: Internal Server Error\n\n"}
	if !slices.Equal(got, want) || !errors.Is(err, errModel) {
		t.Errorf("got %q and %v, want %q and %v", got, err, want, errModel)
	}
}

package main

import (
	"testing"

	"github.com/bare-go/bare/baretest"
)

func TestAControllerNeedsNoServer(t *testing.T) {
	controller := newInfoController(map[string]string{"name": "Nigel Green"})
	response := controller.getInfo(baretest.NewRequest("GET", "/info", nil))
	if got, want := baretest.Chunks(response.Body, 1)[0], `{"name":"Nigel Green"}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

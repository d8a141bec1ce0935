package main

import (
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestACookieKeepsAnyText(t *testing.T) {
	for _, text := range []string{"Michael", "Zoë", "a b; c=\"d\"", ""} {
		cookie := makeCookie("name", text)
		if response := (bare.HttpResponse{}).WithCookie(cookie); response.Headers.Get("Set-Cookie") == "" {
			t.Errorf("%q cannot be set", text)
		}
		request := baretest.NewRequest("GET", "/", nil)
		request.Scope.AddCookie(&cookie)
		if got := readCookie(request, "name", "otherwise"); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

package code

import (
	"testing"

	"github.com/bare-go/bare/baretest"
)

func TestAClientIsGreetedInALanguageThatItLikes(t *testing.T) {
	for header, want := range map[string]string{
		"":                        "Hello!\n",
		"fr;q=0.5, de-AT;q=0.9":   "Guten Tag!\n",
		"nl, de;q=0":              "Hello!\n",
		"*":                       "Hello!\n",
		"en;q=0.1, nl, fr-CH;q=1": "Bonjour !\n",
	} {
		request := baretest.NewRequest("GET", "/", nil)
		request.Scope.Header.Set("accept-language", header)
		response := greetInLanguage(request)
		if got := text(response); got != want || response.Headers.Get("Vary") != "Accept-Language" {
			t.Errorf("%s: got %q and %q, want %q", header, got, response.Headers, want)
		}
	}
}

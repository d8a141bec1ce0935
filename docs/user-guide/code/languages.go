package code

import (
	"strings"

	"github.com/bare-go/bare"
)

// docs:start language
func greetInLanguage(request *bare.HttpRequest) bare.HttpResponse {
	greetings := map[string]string{"en": "Hello!\n", "de": "Guten Tag!\n", "fr": "Bonjour !\n"}
	language := "en"
	for name, weight := range bare.QualityList(request.Scope.Header.Values("accept-language")) {
		name, _, _ = strings.Cut(name, "-") // de-at is German, too
		if _, known := greetings[name]; known && weight > 0 {
			language = name
			break
		}
	}
	return bare.TextResponse(200, greetings[language]).
		WithHeader("content-language", language).AddHeader("vary", "Accept-Language")
}

// docs:end language

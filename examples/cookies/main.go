// Cookies keeps a name in the cookies of a browser. Run it with
//
//	go run ./examples/cookies
//
// and open http://localhost:9009.

// docs:start program
package main

import (
	"embed"
	"net/http"
	"net/url"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/templates"
)

//go:embed cookies.html
var files embed.FS

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	s := &site{pages: templates.New(app, templates.Config{FS: files})}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/get_form", s.getForm)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/post_form", postForm)
	return app
}

// A site has the page's template.
type site struct{ pages *templates.Templates }

// A view is what the page shows.
type view struct {
	FirstName, LastName string
	Cookies             []*http.Cookie
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.RedirectResponse(303, "get_form")
}

func (s *site) getForm(request *bare.HttpRequest) bare.HttpResponse {
	return s.pages.Response(200, "cookies.html", view{
		FirstName: readCookie(request, "first_name", "Michael"),
		LastName:  readCookie(request, "last_name", "Caine"),
		Cookies:   request.Scope.Cookies(),
	}).WithHeader("cache-control", "no-store") // as it is about one user
}

func postForm(request *bare.HttpRequest) bare.HttpResponse {
	form, err := request.Form()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.RedirectResponse(303, "get_form").
		WithCookie(makeCookie("first_name", form.Get("first_name"))).
		WithCookie(makeCookie("last_name", form.Get("last_name")))
}

// makeCookie is for any text: a cookie itself takes only some characters of ASCII.
func makeCookie(name, text string) http.Cookie {
	return http.Cookie{
		Name: name, Value: url.QueryEscape(text), MaxAge: 3600,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// readCookie returns what makeCookie was given, or a text for those who have none.
func readCookie(request *bare.HttpRequest, name, otherwise string) string {
	cookie, err := request.Scope.Cookie(name)
	if err != nil {
		return otherwise
	}
	text, err := url.QueryUnescape(cookie.Value)
	if err != nil {
		return otherwise
	}
	return text
}

// docs:end program

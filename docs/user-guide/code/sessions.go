package code

import (
	"crypto/rand"
	"net/http"
	"sync"

	"github.com/bare-go/bare"
)

// docs:start sessions
// A store of sessions knows who has signed in, by the value of a cookie.
type sessions struct{ users sync.Map }

func newSessionsApp() *bare.Application {
	s := new(sessions)
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"POST"}, "/sign-in", s.signIn)
	members := app.Group("/members", s.identify)
	members.Add(bare.Methods{"GET"}, "", greetUser)
	return app
}

func (s *sessions) signIn(request *bare.HttpRequest) bare.HttpResponse {
	form, err := request.Form()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	id := rand.Text()
	s.users.Store(id, form.Get("user")) // check a password first
	return bare.RedirectResponse(303, "/members").WithCookie(http.Cookie{
		Name: "session", Value: id, Path: "/", MaxAge: 3600,
		HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode, // to browsers, localhost is secure
	})
}

// identify is a middleware that lets those in who have the cookie. A 401 would have
// to name a scheme in WWW-Authenticate, and there is none for cookies.
func (s *sessions) identify(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	cookie, err := request.Scope.Cookie("session")
	if err != nil {
		return bare.ErrorResponse(&bare.HttpError{Status: 403, Message: "Sign in first.", Err: err})
	}
	user, known := s.users.Load(cookie.Value)
	if !known {
		return bare.ErrorResponse(&bare.HttpError{Status: 403, Message: "Sign in again."})
	}
	request.Locals["user"] = user
	return handler(request)
}

// docs:end sessions

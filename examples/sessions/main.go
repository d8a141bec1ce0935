// Sessions knows who has signed in, and sends the time to nobody else. Run it with
//
//	go run ./examples/sessions
//
// and open http://localhost:9009.

// docs:start program
package main

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/sse"
)

//go:embed sessions.html
var page []byte

func main() {
	sessions := scs.New()
	sessions.IdleTimeout = time.Hour
	sessions.Cookie.Secure = true // to browsers, localhost is secure
	bare.Main(newApp(sessions), "localhost:9009")
}

func newApp(sessions *scs.SessionManager) *bare.Application {
	s := &site{sessions: sessions}
	app := bare.NewApplication()
	app.Wrap(sessions.LoadAndSave)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/login", s.login)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/logout", s.logout)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/clock", s.clock)
	return app
}

// A site has the sessions, and the handlers that use them.
type site struct{ sessions *scs.SessionManager }

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

func (s *site) login(request *bare.HttpRequest) bare.HttpResponse {
	form, err := request.Form()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	user := form.Get("user") // check a password here
	if user == "" {
		return bare.ErrorResponse(&bare.HttpError{Status: 422, Message: "Who are you?"})
	}
	ctx := request.Context()
	if err := s.sessions.RenewToken(ctx); err != nil { // so that nobody has chosen it before
		return bare.ErrorResponse(err)
	}
	s.sessions.Put(ctx, "user", user)
	return bare.RedirectResponse(303, "./")
}

func (s *site) logout(request *bare.HttpRequest) bare.HttpResponse {
	if err := s.sessions.Destroy(request.Context()); err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.RedirectResponse(303, "./")
}

// clock changes the session in the handler, and not in the body: it is saved when the
// head of the response is sent.
func (s *site) clock(request *bare.HttpRequest) bare.HttpResponse {
	ctx := request.Context()
	user := s.sessions.GetString(ctx, "user")
	if user == "" {
		return bare.ErrorResponse(&bare.HttpError{Status: 403, Message: "Sign in first."})
	}
	visit := s.sessions.GetInt(ctx, "visits") + 1
	s.sessions.Put(ctx, "visits", visit)
	token := s.sessions.Token(ctx)
	return sse.Response(request, func(yield func(sse.Event) bool) {
		for now := range request.Every(time.Second) {
			text := fmt.Sprintf("%s, visit %d: %s", user, visit, now.Format(time.TimeOnly))
			if !s.signedIn(token) || !yield(sse.Event{Data: []byte(text)}) {
				return
			}
		}
	}, sse.Options{})
}

// signedIn asks the store: a stream has the session as it was when the stream began.
func (s *site) signedIn(token string) bool {
	_, found, err := s.sessions.Store.Find(token)
	return found && err == nil
}

// docs:end program

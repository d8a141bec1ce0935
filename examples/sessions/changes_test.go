package main

import (
	"github.com/alexedwards/scs/v2"

	"github.com/bare-go/bare"
)

// The function here is newApp after the change that the page shows.

// docs:start group
func newGroupApp(sessions *scs.SessionManager) *bare.Application {
	s := &site{sessions: sessions}
	app := bare.NewApplication()
	members := app.Group("/", bare.FromHTTPMiddleware(sessions.LoadAndSave))
	members.Add(bare.Methods{"GET"}, "/", index)
	members.Add(bare.Methods{"POST"}, "/login", s.login)
	members.Add(bare.Methods{"POST"}, "/logout", s.logout)
	members.Add(bare.Methods{"GET"}, "/clock", s.clock)
	return app
}

// docs:end group

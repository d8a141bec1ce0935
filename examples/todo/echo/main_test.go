package main

import (
	"os"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/examples/todo/store"
	"github.com/bare-go/bare/examples/todo/todotest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

func TestTheServiceOnEcho(t *testing.T) {
	todotest.Run(t, func(t *testing.T, config baretest.Config, data *store.Store, sessions *scs.SessionManager) *baretest.Server {
		t.Helper()
		return config.NewHandlerServer(t, newApp(data, sessions))
	})
}

package main

import (
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/leaktest"
)

func TestMain(m *testing.M) { os.Exit(leaktest.Run(m, os.Stderr)) }

const form = "application/x-www-form-urlencoded"

// newSessions returns sessions without a goroutine that deletes old ones. The one that
// scs.New starts cannot be in a bubble of fake time, as it has no end.
func newSessions() *scs.SessionManager {
	sessions := scs.New()
	sessions.Store = memstore.NewWithCleanupInterval(0)
	return sessions
}

// eachWay runs a test with the middleware around the application and around a group, over
// every protocol.
func eachWay(t *testing.T, test func(t *testing.T, server *baretest.Server)) {
	t.Helper()
	apps := map[string]func(*scs.SessionManager) *bare.Application{"around the application": newApp, "around the group": newGroupApp}
	for name, app := range apps {
		for _, protocol := range baretest.Protocols() {
			t.Run(name+" over "+protocol.String(), func(t *testing.T) {
				sessions := newSessions()
				synctest.Test(t, func(t *testing.T) {
					server := baretest.Config{Protocol: protocol}.NewServer(t, app(sessions))
					client := server.Client()
					jar, err := cookiejar.New(nil)
					if err != nil {
						t.Fatal(err)
					}
					client.Jar = jar
					client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
					test(t, server)
				})
			})
		}
	}
}

func signIn(t *testing.T, server *baretest.Server) {
	t.Helper()
	if got := server.Post("/login", form, strings.NewReader("user=Ada")).Response; got.StatusCode != http.StatusSeeOther {
		t.Fatalf("the login is a %d", got.StatusCode)
	}
}

// wantStatus fails the test unless a path has the status.
func wantStatus(t *testing.T, server *baretest.Server, path string, want int) {
	t.Helper()
	if got := server.Get(path).Response.StatusCode; got != want {
		t.Errorf("%s is a %d, want %d", path, got, want)
	}
}

func TestTheClockIsForThoseWhoHaveSignedIn(t *testing.T) {
	eachWay(t, func(t *testing.T, server *baretest.Server) {
		wantStatus(t, server, "/", 200)
		wantStatus(t, server, "/clock", 403)
		if got := server.Post("/login", form, strings.NewReader("user=")).Response; got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("nobody's login is a %d", got.StatusCode)
		}
		wantStatus(t, server, "/clock", 403)

		login := server.Post("/login", form, strings.NewReader("user=Ada")).Response
		cookie := login.Header.Get("Set-Cookie")
		for _, part := range []string{"session=", "HttpOnly", "SameSite=Lax"} {
			if !strings.Contains(cookie, part) {
				t.Errorf("the cookie is %q, want %q in it", cookie, part)
			}
		}
		if login.StatusCode != http.StatusSeeOther || !strings.Contains(strings.Join(login.Header.Values("Vary"), ", "), "Cookie") {
			t.Errorf("the login is a %d with %v", login.StatusCode, login.Header)
		}
		wantStatus(t, server, "/clock", 200)
	})
}

func TestALoginMakesANewSession(t *testing.T) {
	eachWay(t, func(t *testing.T, server *baretest.Server) {
		var tokens []string
		for range 2 {
			login := server.Post("/login", form, strings.NewReader("user=Ada")).Response
			token, _, _ := strings.Cut(login.Header.Get("Set-Cookie"), ";")
			tokens = append(tokens, token)
		}
		if tokens[0] == "" || tokens[0] == tokens[1] {
			t.Errorf("the sessions of two logins are %q", tokens)
		}
	})
}

func TestWhatAHandlerChangesIsSavedWhileItsStreamGoesOn(t *testing.T) {
	eachWay(t, func(t *testing.T, server *baretest.Server) {
		signIn(t, server)
		start := time.Now()
		first := server.Get("/clock")
		if first.Response.Header.Get("Set-Cookie") == "" {
			t.Error("the head of the stream sets no cookie")
		}
		first.Event()
		for i := range 10 {
			want := "data: Ada, visit 1: " + start.Add(time.Duration(i)*time.Second).Format(time.TimeOnly) + "\n\n"
			if got := first.Event(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if late := time.Since(start) - time.Duration(i)*time.Second; late > time.Millisecond {
				t.Errorf("event %d is %v late", i, late)
			}
		}
		second := server.Get("/clock")
		second.Event()
		if got := second.Event(); !strings.HasPrefix(got, "data: Ada, visit 2: ") {
			t.Errorf("beside the first stream, the second says %q", got)
		}
	})
}

func TestALogoutEndsTheStreamsOfItsSession(t *testing.T) {
	eachWay(t, func(t *testing.T, server *baretest.Server) {
		signIn(t, server)
		stream := server.Get("/clock")
		stream.Event()
		stream.Event()
		ended := time.Now()
		if got := server.Post("/logout", form, strings.NewReader("")).Response; got.StatusCode != http.StatusSeeOther {
			t.Errorf("the logout is a %d", got.StatusCode)
		}
		if rest := stream.Rest(); rest != "" || stream.Err() != nil {
			t.Errorf("the stream ends with %q, %v", rest, stream.Err())
		}
		if took := time.Since(ended).Round(time.Second); took > time.Second {
			t.Errorf("the stream ended %v after the logout", took)
		}
		wantStatus(t, server, "/clock", 403)
	})
}

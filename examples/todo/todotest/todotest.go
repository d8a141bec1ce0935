// Package todotest says what the service does, whatever it is built on. It sees what a
// client sees, over HTTP/1.1, h2c and HTTP/2.
//
// It leaves to a framework what an error looks like, as long as it is JSON and has the
// message. It does not ask for what only one of the frameworks does without further code:
// streams that a stop of the server ends, clients that stall, silent streams that are kept
// alive.
package todotest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/examples/todo/store"
)

// Page is the origin whose pages may use the service.
const Page = "http://localhost:9010"

// Serve serves an application that has the data and the sessions, until the test ends.
type Serve func(t *testing.T, config baretest.Config, data *store.Store, sessions *scs.SessionManager) *baretest.Server

// Run tests the service.
func Run(t *testing.T, serve Serve) {
	t.Helper()
	for name, test := range map[string]func(v *visitor){
		"the page is there":                            testPage,
		"only those who have signed in get in":         testDoors,
		"a wrong password is refused":                  testPasswords,
		"a login makes a new session":                  testLogin,
		"a logout ends the session":                    testLogout,
		"a todo is created, changed and deleted":       testLife,
		"what is wrong with a request is said":         testFaults,
		"users see only their own":                     testUsers,
		"a page of the other origin may do everything": testOrigins,
		"an upload is followed while it comes":         testUpload,
		"an upload that breaks off is said to":         testBrokenUpload,
		"an upload does not replace another":           testTakenName,
		"a follower may leave":                         testFollowerLeaves,
	} {
		t.Run(name, func(t *testing.T) {
			for _, protocol := range baretest.Protocols() {
				t.Run(protocol.String(), func(t *testing.T) {
					sessions := newSessions() // outside of the bubble, as one of its goroutines has no end
					synctest.Test(t, func(t *testing.T) {
						data, err := store.New(map[string]string{"ada": "lovelace", "bob": "builder"}, store.Options{Rounds: 1})
						if err != nil {
							t.Fatal(err)
						}
						test(newVisitor(t, serve(t, baretest.Config{Protocol: protocol}, data, sessions)))
					})
				})
			}
		})
	}
}

func newSessions() *scs.SessionManager {
	sessions := scs.New()
	sessions.Store = memstore.NewWithCleanupInterval(0)
	return sessions
}

// A visitor is a browser, as far as cookies go.
type visitor struct {
	t      *testing.T
	server *baretest.Server
}

func newVisitor(t *testing.T, server *baretest.Server) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	server.Client().Jar = jar
	return &visitor{t: t, server: server}
}

// send sends a request with a body, and further headers in pairs.
func (v *visitor) send(method, path, contentType string, body io.Reader, headers ...string) *baretest.Stream {
	v.t.Helper()
	request, err := http.NewRequestWithContext(v.t.Context(), method, v.server.URL+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return v.server.Do(request)
}

// sendJSON sends a document; an empty one is no body.
func (v *visitor) sendJSON(method, path, document string, headers ...string) *baretest.Stream {
	v.t.Helper()
	if document == "" {
		return v.send(method, path, "", http.NoBody, headers...)
	}
	return v.send(method, path, "application/json", strings.NewReader(document), headers...)
}

// want sends a document, and compares the status and the JSON of the answer. Empty means
// no body.
func (v *visitor) want(method, path, document string, status int, want string) {
	v.t.Helper()
	stream := v.sendJSON(method, path, document)
	if got := strings.TrimSpace(stream.Rest()); got != want || stream.Response.StatusCode != status {
		v.t.Errorf("%s %s of %s is %d %s, want %d %s", method, path, document, stream.Response.StatusCode, got, status, want)
	}
}

// wantError wants an error in JSON that has the message.
func (v *visitor) wantError(stream *baretest.Stream, status int, message string) {
	v.t.Helper()
	got, contentType := stream.Rest(), stream.Response.Header.Get("Content-Type")
	if stream.Response.StatusCode != status || !strings.Contains(got, message) {
		v.t.Errorf("got %d %s, want %d with %q", stream.Response.StatusCode, got, status, message)
	}
	if !json.Valid([]byte(got)) || !strings.HasPrefix(contentType, "application/") || !strings.Contains(contentType, "json") {
		v.t.Errorf("the error is no JSON, but %s: %s", contentType, got)
	}
}

func (v *visitor) signIn(user, password string) *baretest.Stream {
	v.t.Helper()
	stream := v.sendJSON("POST", "/login", `{"user": "`+user+`", "password": "`+password+`"}`)
	if stream.Response.StatusCode != http.StatusNoContent {
		v.t.Fatalf("the login is a %d: %s", stream.Response.StatusCode, stream.Rest())
	}
	return stream
}

func (v *visitor) signInAsAda() {
	v.t.Helper()
	v.signIn("ada", "lovelace")
}

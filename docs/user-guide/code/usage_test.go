package code

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare/baretest"
)

func TestInfoIsReadAndReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newInfoApp())
		for _, c := range []struct {
			kind, body string
			status     int
			want       string // what is read then
		}{
			{"application/json", `{"name":"Shakira Caine"}`, 204, "Shakira Caine"},
			{"text/plain", `{"name":"Nobody"}`, 415, "Shakira Caine"},
			{"application/json", `{"name":`, 400, "Shakira Caine"},
		} {
			stream := server.Post("/info", c.kind, strings.NewReader(c.body))
			if stream.Response.StatusCode != c.status {
				t.Errorf("%s: got %s", c.body, stream.Response.Status)
			}
			if got, want := strings.TrimSpace(server.Get("/info").Rest()), `{"name":"`+c.want+`"}`; got != want {
				t.Errorf("%s: now it is %s, want %s", c.body, got, want)
			}
		}
	})
}

package code

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/durable"
)

func streamsOf(t *testing.T, options durable.Options) (*durable.Handler, func(method, path, user, body string) (int, string)) {
	t.Helper()
	app := bare.NewApplication()
	streams := durable.New(options)
	streams.Register(app.Group("/streams"))
	server := baretest.NewServer(t, app)
	return streams, func(method, path, user, body string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/streams/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("User", user)
		request.Header.Set("Content-Type", "text/plain")
		stream := server.Do(request)
		return stream.Response.StatusCode, stream.Rest()
	}
}

func TestUsersWriteTheirOwnStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, ask := streamsOf(t, ownStreams(func(request *bare.HttpRequest) string { return request.Scope.Header.Get("User") }))
		for _, test := range []struct {
			method, path, user string
			status             int
		}{
			{"PUT", "ada/notes", "", 401},
			{"PUT", "ada/notes", "bob", 403},
			{"PUT", "adam/notes", "ada", 403},
			{"PUT", "ada/notes", "ada", 201},
			{"GET", "ada/notes", "", 200},
			{"DELETE", "ada/notes", "bob", 403},
			{"DELETE", "ada/notes", "ada", 204},
		} {
			if got, _ := ask(test.method, test.path, test.user, ""); got != test.status {
				t.Errorf("%s %s of %q is answered with %d, want %d", test.method, test.path, test.user, got, test.status)
			}
		}
	})
}

func TestAnAnswerIsThereForWhoeverComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams, ask := streamsOf(t, durable.Options{})
		if err := answer(t.Context(), streams, "answers/1", slices.Values([]string{"Hello, ", "Ada", "!"})); err != nil {
			t.Fatal(err)
		}
		if status, text := ask("GET", "answers/1", "", ""); status != 200 || text != "Hello, Ada!" {
			t.Errorf("the answer is %d %q", status, text)
		}
	})
}

func TestModestStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, ask := streamsOf(t, modest())
		if status, _ := ask("PUT", "s", "", "old"); status != 201 {
			t.Fatalf("the stream is created with %d", status)
		}
		if status, _ := ask("POST", "s", "", strings.Repeat("x", 64<<10+1)); status != 413 {
			t.Errorf("a large append is answered with %d", status)
		}
		time.Sleep(time.Hour)
		if status, text := ask("GET", "s", "", ""); status != 200 || text != "" {
			t.Errorf("after an hour there is %d %q", status, text)
		}
	})
}

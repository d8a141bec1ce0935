package durable_test

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/durable"
)

// authorize lets a client do what its Authorization lists: "read:s create:t".
func authorize(request *bare.HttpRequest, action durable.Action, stream string) error {
	if slices.Contains(strings.Fields(request.Scope.Header.Get("Authorization")), string(action)+":"+stream) {
		return nil
	}
	return &bare.HttpError{Status: 403, Message: "No."}
}

func TestEachRequestNeedsPermission(t *testing.T) {
	eachProtocol(t, durable.Options{Authorize: authorize}, func(t *testing.T, s *server) {
		fork := []string{"Stream-Forked-From", prefix + "/s"}
		for _, test := range []struct {
			needs   string
			status  int // with it
			method  string
			path    string
			body    string
			headers []string
		}{
			{"create:s", 201, "PUT", "s", "a", nil},
			{"append:s", 204, "POST", "s", "b", []string{"Content-Type", "application/octet-stream"}},
			{"read:s", 200, "GET", "s", "", nil},
			{"read:s", 200, "HEAD", "s", "", nil},
			{"read:s", 200, "GET", "s?live=long-poll&offset=-1", "", nil},
			{"create:f read:s", 201, "PUT", "f", "", fork},
			{"append:s", 204, "POST", "s", "", []string{"Stream-Closed", "true"}},
			{"read:s", 200, "GET", "s?live=sse&offset=-1", "", nil},
			{"delete:s", 204, "DELETE", "s", "", nil},
			{"read:none", 404, "GET", "none", "", nil}, // only who may read learns that there is none
		} {
			all := strings.Fields(test.needs)
			for i := range all { // each of them is needed
				without := strings.Join(slices.Delete(slices.Clone(all), i, i+1), " ")
				s.want(403, test.method, test.path, test.body, append([]string{"Authorization", without}, test.headers...)...)
			}
			s.want(test.status, test.method, test.path, test.body, append([]string{"Authorization", test.needs}, test.headers...)...)
		}
	})
}

func TestOnlyWhatEverybodyMayReadIsForSharedCaches(t *testing.T) {
	t.Parallel()
	for want, options := range map[string]durable.Options{
		"public, max-age=60, stale-while-revalidate=300":  {},
		"private, max-age=60, stale-while-revalidate=300": {Private: true},
	} {
		t.Run(want, func(t *testing.T) {
			overHTTP1(t, options, func(t *testing.T, s *server) {
				tail := s.text("s", "a").next()
				s.want(200, "GET", "s", "").wantHeader(t, "Cache-Control", want)
				s.want(200, "GET", "s?offset=-1&live=long-poll", "").wantHeader(t, "Cache-Control", want)
				s.want(200, "GET", "s?offset="+tail, "").wantHeader(t, "Cache-Control", "no-cache")
				s.want(200, "GET", "s?offset=now", "").wantHeader(t, "Cache-Control", "no-store")
				s.want(200, "HEAD", "s", "").wantHeader(t, "Cache-Control", "no-store")
				s.want(201, "PUT", "short", "a", "Stream-TTL", "10")
				s.want(200, "GET", "short", "").wantHeader(t, "Cache-Control", strings.NewReplacer("60", "10", "300", "50").Replace(want))
			})
		})
	}
	t.Run("authorized", func(t *testing.T) {
		overHTTP1(t, durable.Options{Authorize: authorize}, func(t *testing.T, s *server) {
			s.want(201, "PUT", "s", "a", "Authorization", "create:s")
			s.want(200, "GET", "s", "", "Authorization", "read:s").
				wantHeader(t, "Cache-Control", "private, max-age=60, stale-while-revalidate=300")
		})
	})
}

func TestAPageOfAnyOriginMayUseStreamsUnlessSomeAreNamed(t *testing.T) {
	const ours, theirs = "https://ours.example", "https://theirs.example"
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("s", "a")
		got := s.want(200, "GET", "s", "", "Origin", theirs)
		got.wantHeader(t, "Access-Control-Allow-Origin", "*")
		got.wantHeader(t, "Access-Control-Allow-Credentials", "")
		if exposed := got.header.Get("Access-Control-Expose-Headers"); !strings.Contains(exposed, "Stream-Next-Offset") {
			t.Errorf("a page may see %q", exposed)
		}
		s.want(404, "GET", "none", "").wantHeader(t, "Access-Control-Allow-Origin", "*") // errors, too
		s.want(204, "OPTIONS", "s", "", "Origin", theirs, "Access-Control-Request-Method", "PUT").
			wantHeader(t, "Access-Control-Allow-Origin", "*")
	})
	t.Run("named", func(t *testing.T) {
		overHTTP1(t, durable.Options{Origins: []string{ours}}, func(t *testing.T, s *server) {
			s.text("s", "a")
			got := s.want(200, "GET", "s", "", "Origin", ours)
			got.wantHeader(t, "Access-Control-Allow-Origin", ours)
			got.wantHeader(t, "Access-Control-Allow-Credentials", "true")
			got.wantHeader(t, "Vary", "Origin")
			got.wantHeader(t, "Cross-Origin-Resource-Policy", "same-origin")
			for _, method := range []string{"GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS"} {
				s.want(403, method, "s", "", "Origin", theirs).wantHeader(t, "Access-Control-Allow-Origin", "")
			}
			s.want(403, "GET", "s", "", "Origin", "null")
			s.want(200, "GET", "s", "", "Origin", s.URL) // the server's own page
			s.want(200, "GET", "s", "").wantHeader(t, "Vary", "Origin")
		})
	})
}

func TestEachTenantHasStreamsOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		app.Logger = slog.New(slog.DiscardHandler)
		durable.New(durable.Options{}).Register(app.Group("/{tenant}/streams"))
		s := baretest.NewServer(t, app)
		ask := func(method, path, from string) int {
			request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if from != "" {
				request.Header.Set("Stream-Forked-From", from)
			}
			stream := s.Do(request)
			stream.Rest()
			return stream.Response.StatusCode
		}
		for _, test := range []struct {
			method, path, from string
			status             int
		}{
			{"PUT", "/a/streams/x", "", 201},
			{"GET", "/b/streams/x", "", 404},
			{"PUT", "/a%2Fb/streams/c", "", 404}, // no route has it
			{"PUT", "/b/streams/fork", "/a/streams/x", 404},
			{"PUT", "/a/streams/fork", "/a/streams/x", 201},
		} {
			if got := ask(test.method, test.path, test.from); got != test.status {
				t.Errorf("%s %s from %q is answered with %d, want %d", test.method, test.path, test.from, got, test.status)
			}
		}
	})
}

func TestOptionsThatMakeNoSenseAreAPanicThatNamesThem(t *testing.T) {
	t.Parallel()
	defer func() {
		message, _ := recover().(string)
		for _, want := range []string{"durable: New: ", "MaxRead is negative", `"example.com"`} {
			if !strings.Contains(message, want) {
				t.Errorf("it panics with %q", message)
			}
		}
	}()
	durable.New(durable.Options{MaxRead: -1, Origins: []string{"https://good.example", "example.com"}})
}

package inspect_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/inspect"
)

// What the page is told.
type (
	look struct {
		Open, Blocked, Opened, Ended, Beyond int
		Routes                               []route
		Streams                              []stream
	}
	route struct {
		Route        string
		Open, Opened int
		Ended        map[string]int
	}
	stream struct {
		ID                                       int
		Method, Path, Protocol, Peer, Lag, Notes string
		Age, Idle, Chunks, Bytes, Blocked        int
	}
	end struct {
		Method, Path, Protocol, Peer, Reason, Cause string
		At, Age, Chunks, Bytes, Blocked             int
	}
)

// A site is an application with streams of several kinds and an inspector.
type site struct {
	t      *testing.T
	app    *bare.Application
	server *baretest.Server
	log    *strings.Builder
	asked  int // how often a stream was asked for its description
}

var errBroken = errors.New("broken")

func anybody(*bare.HttpRequest) bool { return true }

func newSite(t *testing.T, protocol baretest.Protocol, inspector inspect.Inspector) *site {
	t.Helper()
	s := &site{t: t, app: bare.NewApplication(), log: new(strings.Builder)}
	s.app.Logger = slog.New(slog.NewTextHandler(s.log, nil))
	add := func(path string, body func(request *bare.HttpRequest, yield func([]byte) bool) error) {
		s.app.OnHttpRequest(bare.Methods{"GET"}, path, func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error { return body(request, yield) })}
		})
	}
	add("/clock/{id}", func(request *bare.HttpRequest, yield func([]byte) bool) error {
		request.Describe(func() []slog.Attr {
			s.asked++
			return []slog.Attr{slog.String("user", "ann"), slog.Int("lag", 12)}
		})
		for range request.Every(time.Second) {
			yield([]byte("tick"))
		}
		return context.Cause(request.Context())
	})
	add("/flood", func(_ *bare.HttpRequest, yield func([]byte) bool) error {
		for chunk := make([]byte, 32<<10); yield(chunk); {
		}
		return nil
	})
	add("/short", func(request *bare.HttpRequest, yield func([]byte) bool) error {
		yield([]byte("one"))
		request.Sleep(time.Second)
		return nil
	})
	add("/broken", func(request *bare.HttpRequest, yield func([]byte) bool) error {
		yield([]byte("one"))
		request.Sleep(time.Second)
		return errBroken
	})
	add("/panics", func(request *bare.HttpRequest, yield func([]byte) bool) error {
		yield([]byte("one"))
		request.Sleep(time.Second)
		panic("oh")
	})
	s.app.OnHttpRequest(bare.Methods{"GET"}, "/text", func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "hello") })
	inspector.Serve(s.app, "/inspect")
	s.server = baretest.Config{Protocol: protocol, FlushDelay: true}.NewServer(t, s.app)
	return s
}

// each runs a test over every protocol, for an inspector that lets anybody look.
func each(t *testing.T, inspector inspect.Inspector, test func(t *testing.T, s *site)) {
	t.Helper()
	inspector.Allow = anybody
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, newSite(t, protocol, inspector)) })
		})
	}
}

// watch opens the page's stream.
func (s *site) watch(query string) *baretest.Stream {
	s.t.Helper()
	stream := s.server.Get("/inspect/events" + query)
	if got := stream.Event(); got != "retry: 1000\n\n" {
		s.t.Errorf("the stream begins with %q", got)
	}
	return stream
}

// next reads the next event, which must have the type.
func next[T any](t *testing.T, stream *baretest.Stream, event string) T {
	t.Helper()
	var value T
	text, ok := strings.CutPrefix(stream.Event(), "event: "+event+"\ndata: ")
	if !ok {
		t.Fatalf("the next event is no %s: %q (%v)", event, text, stream.Err())
	}
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// see looks once.
func (s *site) see(query string) (look, []end) {
	s.t.Helper()
	stream := s.watch(query)
	defer stream.Close()
	return next[look](s.t, stream, "look"), next[[]end](s.t, stream, "ends")
}

// of returns the row of a path.
func (l look) of(t *testing.T, path string) stream {
	t.Helper()
	i := slices.IndexFunc(l.Streams, func(s stream) bool { return s.Path == path })
	if i < 0 {
		t.Fatalf("%s is not among %+v", path, l.Streams)
	}
	return l.Streams[i]
}

func (s *site) post(path string, headers ...string) (status int, text string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header = bare.Headers(headers...)
	response := s.server.Do(request)
	return response.Response.StatusCode, response.Rest()
}

func TestThePageIsToldOfOpenStreams(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		s.server.Get("/clock/7?token=secret")
		s.server.Get("/flood") // nobody reads it
		s.server.Get("/text").Rest()
		time.Sleep(10*time.Second + 500*time.Millisecond)
		stream := s.watch("")
		now := next[look](t, stream, "look")
		if now.Open != 3 || now.Opened != 3 || now.Ended != 0 || now.Blocked != 1 {
			t.Errorf("the totals are %+v", now)
		}
		clock, flood := now.of(t, "/clock/7"), now.of(t, "/flood")
		if clock.Age/10 != 1050 || clock.Idle/10 != 50 || clock.Chunks != 11 || clock.Bytes != 44 || clock.Blocked != 0 {
			t.Errorf("the clock is %+v", clock)
		}
		if clock.Lag != "12" || clock.Notes != "user ann" || clock.Method != http.MethodGet || clock.Protocol != stream.Response.Proto || clock.Peer == "" {
			t.Errorf("the clock is %+v", clock)
		}
		if flood.Blocked < 10_000 || flood.Bytes < 32<<10 {
			t.Errorf("the flood is %+v", flood)
		}
		if len(now.Routes) != 3 || now.Routes[0].Route != "/clock/{id}" || now.Routes[0].Open != 1 {
			t.Errorf("the routes are %+v", now.Routes)
		}
		next[[]end](t, stream, "ends")
		if later := next[look](t, stream, "look"); later.of(t, "/clock/7").Age/10 != 1100 {
			t.Errorf("half a second later it is %+v", later)
		}
	})
}

func TestThePageIsToldHowStreamsHaveEnded(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		stream := s.watch("")
		next[look](t, stream, "look")
		if ends := next[[]end](t, stream, "ends"); len(ends) != 0 {
			t.Errorf("there are ends: %+v", ends)
		}
		for _, path := range []string{"/short", "/broken", "/panics"} {
			s.server.Get(path).Rest()
		}
		leaver := s.server.Get("/clock/1")
		leaver.Next()
		leaver.Close()
		time.Sleep(2 * time.Second)
		now, ends := s.see("")
		var got []string
		for _, e := range slices.Backward(ends) {
			if e.Path != "/inspect/events" {
				got = append(got, fmt.Sprintf("%s %s %d %d %s", e.Path, e.Reason, e.Age, e.Bytes, e.Cause))
			}
		}
		want := []string{
			"/short complete 1000 3 ", "/broken failed 1100 3 broken", "/panics failed 1100 3 bare: the body panicked", "/clock/1 client gone 1 4 ",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the ends are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, route := range now.Routes {
			if route.Route == "/broken" && (route.Open != 0 || route.Opened != 1 || route.Ended["failed"] != 1) {
				t.Errorf("the route is %+v", route)
			}
		}
	})
}

func TestTheButtonEndsAStream(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		clock := s.server.Get("/clock/1")
		time.Sleep(time.Second)
		now, _ := s.see("")
		path := fmt.Sprintf("/inspect/streams/%d/end", now.of(t, "/clock/1").ID)
		if status, text := s.post(path, "origin", s.server.URL, "sec-fetch-site", "same-origin"); status != 204 || text != "" {
			t.Errorf("the answer is %d %q", status, text)
		}
		if clock.Rest(); clock.Err() == nil {
			t.Error("the client takes its stream for complete")
		}
		time.Sleep(time.Second)
		if status, text := s.post(path); status != 404 || !strings.Contains(text, "ended already") {
			t.Errorf("the second time it is %d %q", status, text)
		}
		later, ends := s.see("")
		if i := slices.IndexFunc(ends, func(e end) bool { return e.Path == "/clock/1" }); i < 0 ||
			ends[i].Reason != "cut" || ends[i].Cause != inspect.ErrEnded.Error() {
			t.Errorf("the ends are %+v", ends)
		}
		if later.Open != 1 {
			t.Errorf("then there is %+v", later.Streams)
		}
		if log := s.log.String(); strings.Count(log, "ended by hand") != 1 {
			t.Errorf("logged %q", log)
		}
	})
}

func TestAStalledStreamCanBeEnded(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		flood := s.server.Get("/flood")
		time.Sleep(5 * time.Second)
		now, _ := s.see("")
		s.post(fmt.Sprintf("/inspect/streams/%d/end", now.of(t, "/flood").ID))
		time.Sleep(time.Second)
		if later, ends := s.see(""); later.Blocked != 0 || ends[len(ends)-1].Path != "/inspect/events" && ends[0].Blocked < 4000 {
			t.Errorf("there is %+v, and the ends %+v", later, ends)
		}
		flood.Close()
	})
}

func TestAStreamMayEndWhileItIsEnded(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		for i := range 20 {
			s.server.Get(fmt.Sprintf("/clock/%d", i)).Next()
		}
		clocks := make([]*baretest.Stream, 20)
		for i := range clocks {
			clocks[i] = s.server.Get("/short")
			clocks[i].Next()
		}
		time.Sleep(999 * time.Millisecond) // they end in a millisecond
		now, _ := s.see("")
		var group sync.WaitGroup
		for _, stream := range now.Streams {
			for range 2 {
				group.Go(func() {
					time.Sleep(time.Millisecond)
					path := fmt.Sprintf("/inspect/streams/%d/end", stream.ID)
					if status, _ := s.post(path); status != 204 && status != 404 {
						t.Errorf("the answer is %d", status)
					}
				})
			}
		}
		group.Wait()
		time.Sleep(time.Second)
		if later, ends := s.see(""); later.Open != 1 || len(ends) < 40 {
			t.Errorf("there are %+v, and %d ends", later.Streams, len(ends))
		}
	})
}

func TestOthersAreRefused(t *testing.T) {
	t.Parallel()
	inspector := inspect.Inspector{} // only local requests: the network in memory is not
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, baretest.HTTP1, inspector)
		s.server.Get("/clock/1")
		for _, path := range []string{"/inspect", "/inspect/", "/inspect/events"} {
			if got := s.server.Get(path); got.Response.StatusCode != http.StatusForbidden {
				t.Errorf("%s is answered with %d", path, got.Response.StatusCode)
			}
		}
		if status, text := s.post("/inspect/streams/1/end"); status != http.StatusForbidden || !strings.Contains(text, "not for requests from here") {
			t.Errorf("the button is answered with %d %q", status, text)
		}
		if open := len(slices.Collect(s.app.Streams())); open != 1 {
			t.Errorf("%d streams are open", open)
		}
	})
}

func TestPagesOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		s.server.Get("/clock/1")
		time.Sleep(time.Second)
		now, _ := s.see("")
		path := fmt.Sprintf("/inspect/streams/%d/end", now.of(t, "/clock/1").ID)
		for _, headers := range [][]string{
			{"origin", "https://evil.example"},
			{"origin", "null"},
			{"sec-fetch-site", "cross-site"},
			{"sec-fetch-site", "same-site", "origin", s.server.URL},
		} {
			if status, _ := s.post(path, headers...); status != http.StatusForbidden {
				t.Errorf("with %q the button is answered with %d", headers, status)
			}
		}
		for site, want := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 200, "none": 200} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.server.URL+"/inspect/events", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Sec-Fetch-Site", site)
			if got := s.server.Do(request).Response.StatusCode; got != want {
				t.Errorf("from %s the stream is answered with %d", site, got)
			}
		}
		if now, _ := s.see(""); now.of(t, "/clock/1").ID == 0 {
			t.Error("the stream was ended")
		}
	})
}

func TestAPageIsServedWithItsPolicy(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		for _, path := range []string{"/inspect", "/inspect/"} {
			page := s.server.Get(path)
			text, policy := page.Rest(), page.Response.Header.Get("Content-Security-Policy")
			if !strings.HasPrefix(text, "<!DOCTYPE html>") || strings.Count(text, "<script>") != 1 || strings.Contains(text, "innerHTML") {
				t.Errorf("the page is %q", text)
			}
			if !strings.Contains(policy, "script-src 'sha256-") || !strings.Contains(policy, "frame-ancestors 'none'") {
				t.Errorf("its policy is %q", policy)
			}
		}
		for _, path := range []string{"/inspect", "/inspect/events"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.server.URL+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			head := s.server.Do(request)
			if got := head.Rest(); head.Response.StatusCode != http.StatusOK || got != "" {
				t.Errorf("HEAD %s is answered with %d %q", path, head.Response.StatusCode, got)
			}
		}
		synctest.Wait()
		if open := len(slices.Collect(s.app.Streams())); open != 0 {
			t.Errorf("%d streams are open", open)
		}
	})
}

func TestTheFirstStreamsOfManyAreShown(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{Rows: 3}, func(t *testing.T, s *site) {
		for i := range 50 {
			s.server.Get(fmt.Sprintf("/clock/%d", i))
			time.Sleep(10 * time.Millisecond)
		}
		s.server.Get("/flood")
		time.Sleep(5 * time.Second)
		for order, want := range map[string][]string{
			"":               {"/clock/0", "/clock/1", "/clock/2"},
			"?order=no":      {"/clock/0", "/clock/1", "/clock/2"},
			"?order=bytes":   {"/flood", "/clock/0", "/clock/1"},
			"?order=blocked": {"/flood", "/clock/0", "/clock/1"},
			"?order=silent":  {"/flood", "", ""},
			"?order=chunks":  {"", "", ""},
			"?order=newest":  {"/inspect/events", "/flood", "/clock/49"},
		} {
			now, _ := s.see(order)
			if now.Open != 52 || len(now.Streams) != 3 || len(now.Routes) != 3 {
				t.Errorf("%s: there are %d streams, and %d are shown, of %d routes", order, now.Open, len(now.Streams), len(now.Routes))
				continue
			}
			for i, path := range want {
				if path != "" && now.Streams[i].Path != path {
					t.Errorf("%s: number %d is %s, want %s", order, i, now.Streams[i].Path, path)
				}
			}
			time.Sleep(time.Second)
		}
	})
}

func TestAllWhoLookAreToldTheSameAtNoFurtherCost(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		s.server.Get("/clock/1")
		time.Sleep(time.Minute)
		if s.asked != 0 {
			t.Errorf("a stream was asked %d times while nobody looked", s.asked)
		}
		time.Sleep(time.Second / 2)
		var pages []*baretest.Stream
		for range 10 {
			pages = append(pages, s.watch(""))
		}
		seen := make(map[string]int)
		for range 5 {
			for _, page := range pages {
				text := page.Event()
				for strings.HasPrefix(text, "event: ends") {
					text = page.Event()
				}
				seen[text]++
			}
		}
		if len(seen) != 5 || s.asked != 5 {
			t.Errorf("in five seconds ten pages have seen %d looks, and a stream was asked %d times", len(seen), s.asked)
		}
		for _, page := range pages {
			page.Close()
		}
		time.Sleep(time.Minute)
		if s.asked > 6 {
			t.Errorf("when nobody looks any more it is asked: %d", s.asked)
		}
	})
}

func TestNoMoreThanTheLast200EndsAreKept(t *testing.T) {
	t.Parallel()
	each(t, inspect.Inspector{}, func(t *testing.T, s *site) {
		for i := range 250 {
			clock := s.server.Get(fmt.Sprintf("/clock/%d-%s", i, strings.Repeat("é", 300)))
			clock.Next()
			synctest.Wait()
			clock.Close()
		}
		time.Sleep(time.Second)
		now, ends := s.see("")
		if now.Ended != 250 || len(ends) != 200 {
			t.Fatalf("of %d ends there are %d", now.Ended, len(ends))
		}
		if first, last := ends[0].Path, ends[199].Path; !strings.HasPrefix(first, "/clock/249-") || !strings.HasPrefix(last, "/clock/50-") {
			t.Errorf("they begin with %s and end with %s", first, last)
		}
		if path := ends[0].Path; len(path) > 210 || !strings.HasSuffix(path, "é…") {
			t.Errorf("a long path is %d bytes: %s", len(path), path)
		}
	})
}

func TestAnEmptyPageIsToldOfNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		inspect.Inspector{Allow: anybody, Interval: time.Nanosecond, Rows: -1}.Serve(app, "/")
		server := baretest.NewServer(t, app)
		start := time.Now()
		stream := server.Get("/events")
		text := ""
		for range 4 {
			text += stream.Event()
		}
		if strings.Contains(text, "null") || time.Since(start) != 100*time.Millisecond {
			t.Errorf("after %v it was told %s", time.Since(start), text)
		}
		if got := server.Get("/").Rest(); !strings.HasPrefix(got, "<!DOCTYPE") {
			t.Errorf("the page is %q", got)
		}
	})
}

func TestAPathMustBePlain(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "inspect", "/{id}"} {
		func() {
			defer func() {
				if fault, ok := recover().(string); !ok || !strings.HasPrefix(fault, "inspect: Serve: ") {
					t.Errorf("the path %q: %v", path, fault)
				}
			}()
			inspect.Inspector{}.Serve(bare.NewApplication(), path)
		}()
	}
}

// Over the loopback interface nobody need be allowed, and nobody else is.
func TestALocalBrowserIsLetIn(t *testing.T) {
	t.Parallel()
	app := bare.NewApplication()
	inspect.Inspector{}.Serve(app, "/inspect")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	server := bare.Server{Listener: listener}
	go func() { ended <- server.Run(ctx, app) }()
	client := &http.Client{Transport: new(http.Transport)}
	get := func(host string, headers ...string) int {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listener.Addr().String()+"/inspect", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = bare.Headers(headers...)
		request.Host = host
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		_, _ = io.Copy(io.Discard, response.Body)
		return response.StatusCode
	}
	if got := get(""); got != http.StatusOK {
		t.Errorf("a local browser gets %d", got)
	}
	if got := get("evil.example"); got != http.StatusForbidden {
		t.Errorf("with a forged Host it is %d", got)
	}
	if got := get("", "x-forwarded-for", "127.0.0.1"); got != http.StatusForbidden {
		t.Errorf("with a forged header it is %d", got)
	}
	client.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

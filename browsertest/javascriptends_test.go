package browsertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bare-go/bare"
)

// A reading is a stream, and what streams.js makes of it.
type reading struct {
	name      string
	call      string // of JavaScript; url is the stream's
	responses []bare.HttpHandler
	requests  []string
	want      []string
}

// checkReadings does one reading after the other on a page.
func checkReadings(t *testing.T, readings []reading) {
	t.Helper()
	servers := make([]*replay, len(readings))
	for i, reading := range readings {
		servers[i] = &replay{responses: reading.responses}
	}
	app := newModuleApp("/stream/{number:int}", func(request *bare.HttpRequest) bare.HttpResponse {
		return servers[request.Matches.Int("number")].handle(request)
	})
	app.HttpRouter.Add(bare.Methods{"POST"}, "/stream/{number:int}/seen", func(request *bare.HttpRequest) bare.HttpResponse {
		return servers[request.Matches.Int("number")].seen(request)
	})
	addr, _ := serve(t, app, bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	openModulePage(t, tab, "http://"+addr)
	for i, reading := range readings {
		got := evaluate[[]string](t, tab, fmt.Sprintf("window.url = 'stream/%d'; %s", i, reading.call))
		if !slices.Equal(got, reading.want) {
			t.Errorf("%s: the loop saw\n\t%s\nwant\n\t%s", reading.name, strings.Join(got, "\n\t"), strings.Join(reading.want, "\n\t"))
		}
		if got := servers[i].heard(); !slices.Equal(got, reading.requests) {
			t.Errorf("%s: the server got %q, want %q", reading.name, got, reading.requests)
		}
	}
}

func TestEventsEndOnlyAtAnEndThatIsNamed(t *testing.T) {
	t.Parallel()
	const (
		get   = `read("events", url)`
		post  = `read("events", url, {method: "post", headers: {authorization: "me"}, body: "question"})`
		first = "id: 1\ndata: a\n\n"
		last  = "id: 9\nevent: done\ndata: .\n\n"
		final = "9 done ."
	)
	checkReadings(t, []reading{
		{
			"an event called done", get,
			[]bare.HttpHandler{eventsOf(first+last+"data: late\n\n", nil)},
			[]string{"GET"},
			[]string{"1 message a", final, "over"},
		},
		{
			"an event called done, before a cut", get,
			[]bare.HttpHandler{eventsOf(last, errOnPurpose)},
			[]string{"GET"},
			[]string{final, "over"},
		},
		{
			"an event of another name", `read("events", url, {end: "ready"})`,
			[]bare.HttpHandler{eventsOf(last+"event: ready\ndata: .\n\n", nil)},
			[]string{"GET"},
			[]string{final, "9 ready .", "over"},
		},
		{
			"204 at once", get,
			[]bare.HttpHandler{noContent},
			[]string{"GET"},
			[]string{"over"},
		},
		{
			"a clean end is connected again, and 204 is the end", get,
			[]bare.HttpHandler{eventsOf(first, nil), noContent},
			[]string{"GET", "GET after 1"},
			[]string{"1 message a", "again after 1", "over"},
		},
		{
			"a cut in the middle of an event", get,
			[]bare.HttpHandler{eventsOf(first+"id: 2\ndata: b", errOnPurpose), eventsOf("id: 2\ndata: bb\n\n"+last, nil)},
			[]string{"GET", "GET after 1"},
			[]string{"1 message a", "again after 1", "2 message bb", final, "over"},
		},
		{
			"a cut before the first event", get,
			[]bare.HttpHandler{eventsOf(": hello\n\n", errOnPurpose), eventsOf(last, nil)},
			[]string{"GET", "GET"},
			[]string{"again after ", final, "over"},
		},
		{
			"events without ids, later", get,
			[]bare.HttpHandler{eventsOf(first, errOnPurpose), eventsOf("data: b\n\n", errOnPurpose), eventsOf(last, nil)},
			[]string{"GET", "GET after 1", "GET after 1"},
			[]string{"1 message a", "again after 1", "1 message b", "again after 1", final, "over"},
		},
		{
			"an empty id takes the id back", get,
			[]bare.HttpHandler{eventsOf(first+"id\ndata: b\n\n", errOnPurpose), eventsOf(last, nil)},
			[]string{"GET", "GET"},
			[]string{"1 message a", " message b", "again after ", final, "over"},
		},
		{
			"500, 502 and 503 are tried again", get,
			[]bare.HttpHandler{text(500, "no"), text(502, "no"), text(503, "no"), eventsOf(last, nil)},
			[]string{"GET", "GET", "GET", "GET"},
			[]string{"again after ", "again after ", "again after ", final, "over"},
		},
		{
			"404 is final", get,
			[]bare.HttpHandler{text(404, "Nothing is here.")},
			[]string{"GET"},
			[]string{`StreamError, 404, final, after , "Nothing is here."`},
		},
		{
			"401 to a reconnect is final", get,
			[]bare.HttpHandler{eventsOf(first, errOnPurpose), text(401, "Who are you?")},
			[]string{"GET", "GET after 1"},
			[]string{"1 message a", "again after 1", `StreamError, 401, final, after 1, "Who are you?"`},
		},
		{
			"another content type is final", get,
			[]bare.HttpHandler{html(200, "<!DOCTYPE html>")},
			[]string{"GET"},
			[]string{"StreamError, 200, final, after , "},
		},
		{
			"an event called failed", get,
			[]bare.HttpHandler{eventsOf(first+"id: 2\nevent: failed\ndata: No paper.\n\n", errOnPurpose)},
			[]string{"GET"},
			[]string{"1 message a", `StreamError, , final, after 2, "No paper."`},
		},
		{
			"a POST that can be resumed", post,
			[]bare.HttpHandler{eventsOf(first, errOnPurpose), eventsOf(last, nil)},
			[]string{"POST, Authorization me, question", "POST after 1, Authorization me, question"},
			[]string{"1 message a", "again after 1", final, "over"},
		},
		{
			"a POST that cannot be resumed is not made twice", post,
			[]bare.HttpHandler{eventsOf("data: a\n\n", nil)},
			[]string{"POST, Authorization me, question"},
			[]string{" message a", "StreamError, , temporary, after , "},
		},
		{
			"a POST that may be made twice", `read("events", url, {method: "POST", body: "question", reconnect: true})`,
			[]bare.HttpHandler{text(503, "no"), eventsOf(last, nil)},
			[]string{"POST, question", "POST, question"},
			[]string{"again after ", final, "over"},
		},
		{
			"a GET that may not be made twice", `read("events", url, {reconnect: false})`,
			[]bare.HttpHandler{eventsOf(first, nil)},
			[]string{"GET"},
			[]string{"1 message a", "StreamError, , temporary, after 1, "},
		},
		{
			"an id to begin after, with a query of one's own", `read("events", url + "?last-event-id=4&a=b", {lastEventId: "ü &=#"})`,
			[]bare.HttpHandler{eventsOf(last, nil)},
			[]string{"GET after ü &=#"},
			[]string{final, "over"},
		},
		{
			"a token for each request",
			`read("events", url, {headers: async (id) => ({authorization: "token" + id})})`,
			[]bare.HttpHandler{eventsOf(first, errOnPurpose), eventsOf(last, nil)},
			[]string{"GET, Authorization token", "GET after 1, Authorization token1"},
			[]string{"1 message a", "again after 1", final, "over"},
		},
		{
			"a program that gives up", `read("events", url, {onretry: async () => { throw new RangeError("enough") }})`,
			[]bare.HttpHandler{eventsOf(first, errOnPurpose)},
			[]string{"GET"},
			[]string{"1 message a", "RangeError, , final, after undefined, "},
		},
		{
			"a mistake of the program is no broken network", `read("events", url, {body: "GET has none"})`,
			[]bare.HttpHandler{eventsOf(first, errOnPurpose)},
			nil,
			[]string{"TypeError, , final, after undefined, "},
		},
	})
}

func TestRecordsEndOnlyAtTheirLastRecord(t *testing.T) {
	t.Parallel()
	const (
		get   = `read("records", url)`
		first = `{"id":"1","type":"price","data":42}`
		end   = `{"id":"9","type":"end"}`
	)
	checkReadings(t, []reading{
		{
			"an end, after lines that keep the connection", get,
			[]bare.HttpHandler{recordsOf("\n"+first+"\r\n\n \n"+end+"\n", nil)},
			[]string{"GET"},
			[]string{first, end, "over"},
		},
		{
			"a clean end without the last record", get,
			[]bare.HttpHandler{recordsOf(first+"\n", nil), recordsOf(end+"\n", nil)},
			[]string{"GET", "GET after 1"},
			[]string{first, "again after 1", end, "over"},
		},
		{
			"a cut in the middle of a record", get,
			[]bare.HttpHandler{recordsOf(first+"\n"+`{"id":"2","type":"pr`, errOnPurpose), recordsOf(end+"\n", nil)},
			[]string{"GET", "GET after 1"},
			[]string{first, "again after 1", end, "over"},
		},
		{
			"an end in the middle of a record", get,
			[]bare.HttpHandler{recordsOf(first+"\n"+`{"id":"2","type":"pr`, nil), recordsOf(end+"\n", nil)},
			[]string{"GET", "GET after 1"},
			[]string{first, "again after 1", end, "over"},
		},
		{
			"records without ids cannot be resumed", get,
			[]bare.HttpHandler{recordsOf(`{"type":"price"}`+"\n", nil)},
			[]string{"GET"},
			[]string{`{"type":"price"}`, "StreamError, , temporary, after , "},
		},
		{
			"before the first record there is nothing to lose", get,
			[]bare.HttpHandler{text(503, "no"), recordsOf("\n", errOnPurpose), recordsOf(end+"\n", nil)},
			[]string{"GET", "GET", "GET"},
			[]string{"again after ", "again after ", end, "over"},
		},
		{
			"failed, with a text", get,
			[]bare.HttpHandler{recordsOf(first+"\n"+`{"type":"failed","data":"No paper."}`+"\n", errOnPurpose)},
			[]string{"GET"},
			[]string{first, `StreamError, , final, after 1, "No paper."`},
		},
		{
			"an id that is a number", get,
			[]bare.HttpHandler{recordsOf(`{"id":0}`+"\n", nil), noContent},
			[]string{"GET", "GET after 0"},
			[]string{`{"id":0}`, "again after 0", "over"},
		},
		{
			"a line that is not JSON", get,
			[]bare.HttpHandler{recordsOf(first+"\nhello\n", nil)},
			[]string{"GET"},
			[]string{first, "StreamError, , final, after 1, "},
		},
		{
			"a page instead", get,
			[]bare.HttpHandler{html(200, "1")},
			[]string{"GET"},
			[]string{"StreamError, 200, final, after , "},
		},
	})
}

func TestLinesAreOverWhenTheResponseIs(t *testing.T) {
	t.Parallel()
	const get = `read("lines", url)`
	checkReadings(t, []reading{
		{
			"values of any shape, the last without a newline", get,
			[]bare.HttpHandler{recordsOf("1\n\n[null]\r\nnull\n"+`{"type":"failed"}`+"\n"+`{"type":"end"}`+"\n"+`"é"`, nil)},
			[]string{"GET"},
			[]string{"1", "[null]", "null", `{"type":"failed"}`, `{"type":"end"}`, `"é"`, "over"},
		},
		{
			"no content type", get,
			[]bare.HttpHandler{untyped(200, "1\n")},
			[]string{"GET"},
			[]string{"1", "over"},
		},
		{
			"a POST", `read("lines", url, {method: "POST", body: "question"})`,
			[]bare.HttpHandler{recordsOf("1\n", nil)},
			[]string{"POST, question"},
			[]string{"1", "over"},
		},
		{
			"a cut", get,
			[]bare.HttpHandler{recordsOf("1\n2", errOnPurpose)},
			[]string{"GET"},
			[]string{"1", "StreamError, , temporary, after , "},
		},
		{
			"an end in the middle of a value", get,
			[]bare.HttpHandler{recordsOf("1\n{", nil)},
			[]string{"GET"},
			[]string{"1", "StreamError, , final, after , "},
		},
		{
			"503", get,
			[]bare.HttpHandler{text(503, "no")},
			[]string{"GET"},
			[]string{`StreamError, 503, temporary, after , "no"`},
		},
		{
			"204", get,
			[]bare.HttpHandler{noContent},
			[]string{"GET"},
			[]string{"over"},
		},
	})
}

func TestAStreamErrorSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	const get, once = `read("events", url)`, `read("events", url, {reconnect: false})`
	tests := []struct {
		name, call string
		handler    bare.HttpHandler
		want       string
	}{
		{"a refusal", get, text(404, "Nothing is here.\n"), "The server answered 404: Nothing is here."},
		{"a proxy's page", get, html(403, "<h1>No</h1>"), "The server answered 403"},
		{"a refusal without a type", get, untyped(401, "no"), "The server answered 401"},
		{"another content type", get, text(200, "no"), `"text/plain; charset=utf-8" is not text/event-stream`},
		{"a type that begins like it", get, stream("text/event-streams", "data: a\n\n", 0, nil), `"text/event-streams" is not text/event-stream`},
		{"no content type", get, untyped(200, "no"), `"" is not text/event-stream`},
		{"failed", get, eventsOf("event: failed\ndata: No paper.\n\n", nil), "The server failed: No paper."},
		{"failed, as a record", `read("records", url)`, recordsOf(`{"type":"failed","data":{"message":"No paper."}}`+"\n", nil), "The server failed: No paper."},
		{"a clean end", once, eventsOf("", nil), `The stream ended without "done"`},
		{"a cut", once, eventsOf(":", errOnPurpose), "The connection broke: network error"}, // Chromium's words
		{"no JSON", `read("lines", url)`, recordsOf("hello\n", nil), "A line is not JSON: hello"},
	}
	addr, _ := serve(t, newModuleApp("/stream/{number:int}", func(request *bare.HttpRequest) bare.HttpResponse {
		return tests[request.Matches.Int("number")].handler(request)
	}), bare.Server{Addr: "127.0.0.1:0"})
	tab, _ := newTab(t)
	openModulePage(t, tab, "http://"+addr)
	for i, test := range tests {
		evaluate[[]string](t, tab, fmt.Sprintf("window.url = 'stream/%d'; %s", i, test.call))
		if got := evaluate[string](t, tab, "thrown.message"); got != test.want {
			t.Errorf("%s: the message is %q, want %q", test.name, got, test.want)
		}
	}
}

package topic_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

func TestTheClientChoosesTheTransport(t *testing.T) {
	const events, lines = "200 text/event-stream", "200 application/x-ndjson"
	tests := []struct {
		name    string
		method  string
		headers []string
		want    string
	}{
		{"no Accept", "GET", nil, events},
		{"an empty Accept", "GET", []string{"accept", ""}, events},
		{"anything", "GET", []string{"accept", "*/*"}, events},
		{"event streams", "GET", []string{"accept", "text/event-stream"}, events},
		{"any text", "GET", []string{"accept", "text/*"}, events},
		{"lines", "GET", []string{"accept", "application/x-ndjson"}, lines},
		{"any application", "GET", []string{"accept", "application/*"}, lines},
		{"lines rather than anything else", "GET", []string{"accept", "application/x-ndjson, */*;q=0.1"}, lines},
		{"events rather than lines", "GET", []string{"accept", "application/x-ndjson;q=0.5, text/event-stream"}, events},
		{"both alike", "GET", []string{"accept", "application/x-ndjson, text/event-stream"}, events},
		{"no event streams", "GET", []string{"accept", "*/*, text/event-stream;q=0"}, lines},
		{"neither", "GET", []string{"accept", "text/html"}, "406 text/plain; charset=utf-8"},
		{"a POST", "POST", nil, events},
		{"a HEAD", "HEAD", nil, events},
		{"a HEAD for lines", "HEAD", []string{"accept", "application/x-ndjson"}, lines},
	}
	eachProtocol(t, topic.Options{StreamsPerKey: 1}, func(t *testing.T, s *site) {
		for _, test := range tests {
			stream := s.do(test.method, "/events", test.headers...)
			response := stream.Response
			want(t, test.name, fmt.Sprint(response.StatusCode, " ", response.Header.Get("Content-Type")), test.want)
			want(t, test.name+": Vary", strings.Join(response.Header["Vary"], "|"), "Accept")
			stream.Close()
		}
	})
}

func TestLinesAreRecords(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		stream := s.get("/events", "accept", "application/x-ndjson")
		want(t, "the position", stream.Response.Header.Get("Stream-Next-Offset"), s.tail().String())
		want(t, "the first line", stream.Line(), "\n")
		synctest.Wait()
		value, err := topic.JSON("price", "ACME", map[string]any{"of": "ACME & Co", "is": 42})
		if err != nil {
			t.Fatal(err)
		}
		tests := []struct {
			name  string
			event topic.Event
			want  string
		}{
			{"a text", topic.Event{Data: []byte("4\n\"2\"")}, `"data":"4\n\"2\""`},
			{"a text that looks like JSON", topic.Event{Data: []byte("42")}, `"data":"42"`},
			{"nothing", topic.Event{}, `"data":""`},
			{"a value", value, `"type":"price","data":{"is":42,"of":"ACME & Co"}`},
			{"a value in several lines", topic.Event{JSON: true, Data: []byte("{\r\n  \"a\": [1,\n 2]\n}\n")}, `"data":{"a":[1,2]}`},
			{"a type with quotes", topic.Event{Type: `a"b`, Data: []byte("x")}, `"type":"a\"b","data":"x"`},
		}
		for _, test := range tests {
			id, err := s.topic.Publish(t.Context(), test.event)
			if err != nil {
				t.Fatal(err)
			}
			want(t, test.name, stream.Line(), fmt.Sprintf("{\"id\":%q,%s}\n", id, test.want))
		}
		if err := s.topic.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		want(t, "the end", stream.Rest(), fmt.Sprintf("{\"id\":%q,\"type\":\"end\",\"data\":null}\n", s.tail()))
		if stream.Err() != nil {
			t.Errorf("the stream was cut: %v", stream.Err())
		}
	})
}

func TestLinesAnnounceAGap(t *testing.T) {
	options := topic.Options{Memory: eventlog.MemoryOptions{Records: 1}}
	overHTTP1(t, options, func(t *testing.T, s *site) {
		second := s.publish("one", "two")
		stream := s.get("/events?last-event-id=x", "accept", "application/x-ndjson")
		stream.Line()
		if got, ok := stream.Response.Header["Stream-Next-Offset"]; ok {
			t.Errorf("the log does not have the position %s", got)
		}
		want(t, "the gap", stream.Line(),
			fmt.Sprintf(`{"id":%q,"type":"gap","data":{"from":"x","to":%q}}`+"\n", before(second), before(second)))
		want(t, "what there is", stream.Line(), fmt.Sprintf(`{"id":%q,"data":"two"}`+"\n", second))
	})
}

// poll is the answer to a long poll: status, where to go on, whether it has ended, and
// the records.
func poll(stream *baretest.Stream) string {
	body := stream.Rest()
	r := stream.Response
	closed := ""
	if r.Header.Get("Stream-Closed") == "true" {
		closed = " closed"
	}
	return fmt.Sprint(r.StatusCode, " ", r.Header.Get("Stream-Next-Offset"), closed, " ", body)
}

func TestALongPollAnswersWhenThereIsSomething(t *testing.T) {
	eachProtocol(t, topic.Options{Memory: eventlog.MemoryOptions{Records: 3}}, func(t *testing.T, s *site) {
		start := s.tail()
		const path = "/events?live=long-poll"
		line := func(id eventlog.Offset, data string) string { return fmt.Sprintf(`{"id":%q,"data":%q}`, id, data) }

		begin := time.Now()
		want(t, "nothing", poll(s.get(path)), "204 "+start.String()+" ")
		if waited := time.Since(begin); waited != topic.DefaultPollTime {
			t.Errorf("it waited for %v", waited)
		}
		time.AfterFunc(3*time.Second, func() { s.publish("one") })
		answer := poll(s.get(path + "&offset=" + start.String()))
		first := s.tail()
		want(t, "something", answer, "200 "+first.String()+" ["+line(first, "one")+"]")

		last := s.publish("two", "three")
		two := line(before(last), "two") + "," + line(last, "three")
		want(t, "several", poll(s.get(path+"&offset="+first.String())), "200 "+last.String()+" ["+two+"]")
		want(t, "by the last id", poll(s.get(path, "last-event-id", first.String())), "200 "+last.String()+" ["+two+"]")
		want(t, "from the beginning", poll(s.get(path+"&offset=-1")), "200 "+last.String()+" ["+line(first, "one")+","+two+"]")
		escaped := "/events?l%69ve=long%2Dpoll&offset=" + first.String()
		want(t, "with an escaped query", s.get(escaped).Response.Header.Get("Content-Type"), "application/json")
		four := s.publish("four")
		lost := fmt.Sprintf(`{"id":%q,"type":"gap","data":{"from":%q,"to":%q}},`, first, start, first)
		want(t, "after a loss", poll(s.get(path+"&offset="+start.String())),
			"200 "+four.String()+" ["+lost+two+","+line(four, "four")+"]")
		want(t, "an offset that is none", fmt.Sprint(s.get(path+"&offset=x").Response.StatusCode), "400")
		want(t, "a HEAD", fmt.Sprint(s.do("HEAD", path).Response.StatusCode), "200")

		time.AfterFunc(time.Second, func() { _ = s.topic.Close(t.Context()) })
		end := fmt.Sprintf(`[{"id":%q,"type":"end","data":null}]`, four)
		want(t, "the end", poll(s.get(path)), "200 "+four.String()+" closed "+end)
		want(t, "after the end", poll(s.get(path+"&offset="+four.String())), "204 "+four.String()+" closed ")
	})
}

func TestAStopOfTheServerAnswersLongPolls(t *testing.T) {
	eachProtocol(t, topic.Options{}, func(t *testing.T, s *site) {
		time.AfterFunc(time.Second, func() { _ = s.server.Stop() })
		begin := time.Now()
		if got := s.get("/events?live=long-poll").Response.StatusCode; got != 204 {
			t.Errorf("the status is %d", got)
		}
		if waited := time.Since(begin); waited > 3*time.Second {
			t.Errorf("it waited for %v", waited)
		}
		_ = s.server.Stop()
	})
}

func TestAHandlerNeedsNoServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		prices := topic.New(topic.Options{})
		response := prices.Handle(baretest.NewRequest("GET", "/", nil))
		start, _ := prices.Cursor(t.Context())
		id, err := prices.Publish(t.Context(), topic.Event{Data: []byte("42")})
		if err != nil {
			t.Fatal(err)
		}
		if err := prices.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		if err := bare.RunBody(response.Body, func(chunk []byte) bool {
			got.Write(chunk)
			return true
		}); err != nil {
			t.Fatal(err)
		}
		want(t, "the body", got.String(), begins(start)+record(id, "42")+fmt.Sprintf("event: done\nid: %s\ndata:\n\n", id))
	})
}

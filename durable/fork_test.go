package durable_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bare-go/bare/durable"
	"github.com/bare-go/bare/eventlog"
)

// forkOf makes a fork of a stream, at an offset unless that is empty.
func (s *server) forkOf(source, name, at, body string) {
	s.t.Helper()
	headers := []string{"Stream-Forked-From", prefix + "/" + source}
	if at != "" {
		headers = append(headers, "Stream-Fork-Offset", at)
	}
	s.want(201, "PUT", name, body, headers...)
}

// pages reads a stream from an offset, answer by answer.
func (s *server) pages(name, after string) (pages []string) {
	s.t.Helper()
	for range 100 {
		got := s.want(200, "GET", name+"?offset="+after, "")
		pages = append(pages, got.body)
		if after = got.next(); got.header.Get("Stream-Up-To-Date") != "" {
			return pages
		}
	}
	s.t.Fatalf("%s does not end", name)
	return nil
}

func TestAForkIsReadAcrossItsBoundaryPageByPage(t *testing.T) {
	overHTTP1(t, durable.Options{MaxRead: 4}, func(t *testing.T, s *server) {
		s.text("a", "a1", "a2")
		middle := s.append("a", "a3").next()
		s.append("a", "a4")
		s.forkOf("a", "b", middle, "b1")
		s.append("b", "b2")
		s.append("a", "a5") // which the fork never has
		s.forkOf("b", "c", "", "c1")
		want := "a1a2,a3b1,b2c1"
		if got := strings.Join(s.pages("c", "-1"), ","); got != want {
			t.Errorf("the pages are %s, want %s", got, want)
		}
		if got := strings.Join(s.pages("a", "-1"), ","); got != "a1a2,a3a4,a5" {
			t.Errorf("the source's pages are %s", got)
		}
		// The offsets are those of the source as far as the fork has its records.
		if got := strings.Join(s.pages("c", middle), ","); got != "b1b2,c1" {
			t.Errorf("after the fork's offset there are %s", got)
		}
	})
}

func TestAForkIsStitchedAcrossATrim(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{Records: 4})
	overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
		s.text("source", "1", "2")
		early := s.append("source", "3").next()
		tail := s.append("source", "4").next()
		s.forkOf("source", "fork", "", "a")
		s.wantBody("fork", "1234a")

		s.append("source", "5")
		s.append("source", "6") // 1 and 2 are lost, for the fork as well
		s.wantBody("fork", "34a")
		if got := s.want(200, "GET", "fork?offset="+early, "").body; got != "4a" {
			t.Errorf("after 3 there is %q", got)
		}
		for _, data := range []string{"7", "8"} {
			s.append("source", data)
		}
		s.wantBody("fork", "a")
		s.want(410, "GET", "fork?offset="+early, "") // 4 is lost
		s.want(410, "PUT", "late", "", "Stream-Forked-From", prefix+"/source", "Stream-Fork-Offset", early)

		for _, data := range []string{"b", "c", "d", "e"} { // now the fork itself loses something
			s.append("fork", data)
		}
		s.wantBody("fork", "bcde")
		s.want(410, "GET", "fork?offset="+tail, "")
	})
}

func TestAForkThatLostItsBeginningIsNotReadAcrossTheHole(t *testing.T) {
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{Records: 2})
	overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
		first := s.text("source", "1").next()
		s.append("source", "2")
		s.forkOf("source", "fork", "", "")
		for _, data := range []string{"a", "b", "c"} {
			s.append("fork", data) // a is lost, and 1 and 2 are not
		}
		got := s.want(200, "GET", "fork?offset="+first, "")
		if got.body != "2" {
			t.Errorf("before the hole there is %q", got.body)
		}
		s.want(410, "GET", "fork?offset="+got.next(), "")
		s.wantBody("fork", "bc")
	})
}

func TestAForkBeginsWithAPartOfAnAppend(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, contentType, first, second string
		part                             int
		want                             string
	}{
		{"no bytes", "text/plain", "abc", "def", 0, "abc"},
		{"some bytes", "text/plain", "abc", "def", 2, "abcde"},
		{"all bytes", "text/plain", "abc", "def", 3, "abcdef"},
		{"some messages", "application/json", `[1]`, `["a,]", {"b":[2,3]}, 4]`, 2, `[1,"a,]",{"b":[2,3]}]`},
		{"all messages", "application/json", `1`, `[2, 3]`, 2, `[1,2,3]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
				at := s.want(201, "PUT", "s", test.first, "Content-Type", test.contentType).next()
				s.want(204, "POST", "s", test.second, "Content-Type", test.contentType)
				headers := []string{"Stream-Forked-From", prefix + "/s", "Stream-Fork-Offset", at, "Stream-Fork-Sub-Offset", fmt.Sprint(test.part)}
				s.want(201, "PUT", "fork", "", headers...)
				s.wantBody("fork", test.want)
				s.want(200, "PUT", "fork", "", headers...)
				headers[5] = "9"
				s.want(409, "PUT", "fork", "", headers...)
				s.want(400, "PUT", "other", "", headers...)
				s.want(204, "DELETE", "fork", "") // and the refused one has left no reference:
				s.want(204, "DELETE", "s", "")
				s.want(404, "GET", "s", "")
			})
		})
	}
}

func TestAForkGoesOnWithoutASourceThatTheLogsHaveLost(t *testing.T) {
	logs := &bubbleLogs{}
	overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
		logs.begin()
		first := s.text("s", "1").next()
		s.append("s", "2")
		s.forkOf("s", "fork", "", "a")
		if err := logs.Delete(t.Context(), "s", 0); err != nil {
			t.Fatal(err)
		}
		s.want(410, "GET", "fork?offset="+first, "")
		s.wantBody("fork", "a")
		s.want(204, "DELETE", "fork", "")
	})
}

func TestASourceGoesWithTheLastOfItsForks(t *testing.T) {
	logs := &bubbleLogs{}
	overHTTP1(t, durable.Options{Logs: logs}, func(t *testing.T, s *server) {
		logs.begin()
		s.text("a", "a")
		s.forkOf("a", "b", "", "b")
		s.forkOf("b", "c", "", "c")
		s.want(204, "DELETE", "a", "")
		s.want(204, "DELETE", "b", "")
		for _, method := range []string{"GET", "HEAD", "POST", "DELETE"} {
			s.want(410, method, "a", "")
		}
		s.want(409, "PUT", "a", "")
		s.want(409, "PUT", "d", "", "Stream-Forked-From", prefix+"/b")
		s.wantBody("c", "abc")
		logs.want(t, "a", true)
		s.want(204, "DELETE", "c", "")
		logs.want(t, "a", false)
		logs.want(t, "b", false)
		s.want(201, "PUT", "a", "")
	})
}

func TestForksThatAreRefused(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		tail := s.text("s", "a").next()
		from := prefix + "/s"
		beyond := tail[:len(tail)-1] + "9"
		for _, test := range []struct {
			name    string
			status  int
			headers []string
		}{
			{"no such source", 404, []string{"Stream-Forked-From", prefix + "/none"}},
			{"a path of somebody else", 404, []string{"Stream-Forked-From", "/elsewhere/s"}},
			{"a path that is no more than the prefix", 404, []string{"Stream-Forked-From", prefix + "/"}},
			{"a path that cannot be decoded", 400, []string{"Stream-Forked-From", prefix + "/%zz"}},
			{"an offset beyond the tail", 400, []string{"Stream-Forked-From", from, "Stream-Fork-Offset", beyond}},
			{"another stream's offset", 400, []string{"Stream-Forked-From", from, "Stream-Fork-Offset", "0000000000000001_0000000000000001"}},
			{"what is no offset", 400, []string{"Stream-Forked-From", from, "Stream-Fork-Offset", "now"}},
			{"an offset without a source", 400, []string{"Stream-Fork-Offset", tail}},
			{"two sources", 400, []string{"Stream-Forked-From", from, "Stream-Forked-From", from}},
			{"another content type", 409, []string{"Stream-Forked-From", from, "Content-Type", "application/json"}},
			{"a part of nothing", 400, []string{"Stream-Forked-From", from, "Stream-Fork-Sub-Offset", "1"}},
		} {
			if got := s.do("PUT", "fork", "", test.headers...); got.status != test.status {
				t.Errorf("%s: the answer is %d %q, want %d", test.name, got.status, got.body, test.status)
			}
		}
		s.want(204, "DELETE", "s", "")
		s.want(404, "GET", "s", "") // no refused fork has counted
	})
}

func TestForksBehindEachOtherHaveALimit(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("0", "x")
		depth := 0
		for ; depth < 200; depth++ {
			got := s.do("PUT", fmt.Sprint(depth+1), "", "Stream-Forked-From", prefix+"/"+fmt.Sprint(depth))
			if got.status == 400 {
				break
			}
		}
		if depth == 0 || depth >= 200 {
			t.Errorf("there are %d forks", depth)
		}
		s.wantBody(fmt.Sprint(depth), "x")
	})
}

// A live reader of a fork first has what was inherited, and never what the source
// gets later.
func TestALiveForkDoesNotFollowItsSource(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("s", "a")
		s.forkOf("s", "fork", "", "b")
		stream := s.begin("GET", "fork?offset=-1&live=sse", "")
		if got := stream.Event(); got != "event: data\ndata:ab\n\n" {
			t.Errorf("the stream begins with %q", got)
		}
		stream.Event()
		s.append("s", "never")
		s.append("fork", "c")
		if got := stream.Event(); got != "event: data\ndata:c\n\n" {
			t.Errorf("then comes %q", got)
		}
	})
}

package durable_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/durable"
)

// A control is what a control event says.
type control struct {
	Next     string `json:"streamNextOffset"`
	Cursor   string `json:"streamCursor"`
	UpToDate bool   `json:"upToDate"`
	Closed   bool   `json:"streamClosed"`
}

// control reads the next event, which must be a control event.
func readControl(t *testing.T, stream *baretest.Stream) (c control) {
	t.Helper()
	event := stream.Event()
	data, ok := strings.CutPrefix(event, "event: control\ndata:")
	if !ok || json.Unmarshal([]byte(data), &c) != nil {
		t.Fatalf("%q is no control event", event)
	}
	return c
}

func TestAnEventStreamSaysWhereItIsAndEndsWithTheStream(t *testing.T) {
	eachProtocol(t, durable.Options{KeepAlive: 5 * time.Second}, func(t *testing.T, s *server) {
		tail := s.text("s").next()
		stream := s.begin("GET", "s?offset=now&live=sse", "")
		if c := readControl(t, stream); c.Next != tail || !c.UpToDate || c.Cursor == "" {
			t.Errorf("it begins with %+v", c)
		}
		begin := time.Now()
		if c := readControl(t, stream); c.Next != tail || time.Since(begin).Round(time.Second) != 5*time.Second {
			t.Errorf("after %v of silence it says %+v", time.Since(begin), c)
		}
		tail = s.append("s", "a\r\nb\rc\n d").next()
		if got := stream.Event(); got != "event: data\ndata:a\ndata:b\ndata:c\ndata:  d\n\n" {
			t.Errorf("the data are %q", got)
		}
		if c := readControl(t, stream); c.Next != tail {
			t.Errorf("after the data it says %+v", c)
		}
		tail = s.append("s", "end", "Stream-Closed", "true").next()
		stream.Event()
		if c := readControl(t, stream); c.Next != tail || !c.Closed || c.Cursor != "" {
			t.Errorf("it ends with %+v", c)
		}
		if rest := stream.Rest(); rest != "" || stream.Err() != nil {
			t.Errorf("after the end there is %q, %v", rest, stream.Err())
		}
	})
}

func TestAnEventStreamEndsAfterItsTime(t *testing.T) {
	overHTTP1(t, durable.Options{MaxSSE: 50 * time.Second}, func(t *testing.T, s *server) {
		s.text("s", "a")
		begin := time.Now()
		stream := s.begin("GET", "s?offset=-1&live=sse", "")
		if rest := stream.Rest(); stream.Err() != nil || strings.Count(rest, "event: control") != 4 {
			t.Errorf("in its time came %q, %v", rest, stream.Err())
		}
		if took := time.Since(begin).Round(time.Second); took != 50*time.Second {
			t.Errorf("it ended after %v", took)
		}
	})
}

// A reader that is behind all the time is asked for its permission anew as well.
func TestAnEventStreamThatIsAlwaysBehindEndsAfterItsTime(t *testing.T) {
	eachProtocol(t, durable.Options{MaxSSE: 10 * time.Second}, func(t *testing.T, s *server) {
		const appends = 150 // far more than the buffers on the way take
		s.text("s")
		for range appends {
			s.append("s", strings.Repeat("x", 64<<10))
		}
		stream, begin := s.begin("GET", "s?offset=-1&live=sse", ""), time.Now()
		events, last := 0, control{}
		for event := stream.Event(); event != ""; event = stream.Event() {
			if data, ok := strings.CutPrefix(event, "event: control\ndata:"); ok {
				if err := json.Unmarshal([]byte(data), &last); err != nil {
					t.Error(err)
				}
				events++
				time.Sleep(time.Second / 4)
			}
		}
		if events >= appends || time.Since(begin) < 10*time.Second || stream.Err() != nil {
			t.Errorf("%d appends came in %v: %v", events, time.Since(begin), stream.Err())
		}
		rest := s.want(200, "GET", "s?offset="+last.Next, "")
		if rest.body == "" || last.UpToDate {
			t.Errorf("it ended at %+v, and %d bytes follow", last, len(rest.body))
		}
	})
}

// One that is behind when the server stops goes on at the next server.
func TestAnEventStreamThatIsBehindEndsWithTheServer(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		const appends = 150
		s.text("s")
		for range appends {
			s.append("s", strings.Repeat("x", 64<<10))
		}
		stream := s.begin("GET", "s?offset=-1&live=sse", "")
		stream.Event()
		stopped := make(chan error, 1)
		go func() { stopped <- s.Stop() }()
		time.Sleep(time.Second)
		if events := strings.Count(stream.Rest(), "event: control"); events >= appends || stream.Err() != nil {
			t.Errorf("%d appends came: %v", events, stream.Err())
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
}

func TestEachReaderHasEveryAppendOnceAndInOrder(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		const readers, appends = 20, 50
		s.want(201, "PUT", "s", "", "Content-Type", "application/json")
		var reading sync.WaitGroup
		for i := range readers {
			reading.Go(func() {
				time.Sleep(time.Duration(i) * 3 * time.Millisecond) // some join late
				var got []int
				stream := s.begin("GET", "s?offset=-1&live=sse", "")
				for line := range strings.Lines(stream.Rest()) {
					if data, ok := strings.CutPrefix(line, "data:["); ok {
						var page []int
						if err := json.Unmarshal([]byte("["+data), &page); err != nil {
							t.Errorf("%q: %v", line, err)
						}
						got = append(got, page...)
					}
				}
				for n := range appends {
					if len(got) != appends || got[n] != n {
						t.Errorf("reader %d has %v", i, got)
						return
					}
				}
			})
		}
		for n := range appends {
			s.want(204, "POST", "s", strconv.Itoa(n), "Content-Type", "application/json")
			time.Sleep(time.Millisecond)
		}
		s.want(204, "POST", "s", "", "Stream-Closed", "true")
		reading.Wait()
	})
}

func TestALongPollWaitsForAnAppend(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		for _, at := range []string{s.text("s", "a").next(), "now"} {
			polled := make(chan answer)
			go func() { polled <- s.do("GET", "s?live=long-poll&offset="+at, "") }()
			time.Sleep(10 * time.Second)
			want := s.append("s", "b").next()
			got := <-polled
			if got.status != 200 || got.body != "b" || got.next() != want {
				t.Errorf("the poll at %s is answered with %d %q, %s", at, got.status, got.body, got.next())
			}
		}
	})
}

func TestALongPollEndsWithNothing(t *testing.T) {
	overHTTP1(t, durable.Options{LongPoll: 7 * time.Second}, func(t *testing.T, s *server) {
		tail := s.text("s", "a").next()
		begin := time.Now()
		got := s.want(204, "GET", "s?live=long-poll&offset="+tail, "")
		if took := time.Since(begin).Round(time.Second); took != 7*time.Second {
			t.Errorf("it took %v", took)
		}
		got.wantHeader(t, "Cache-Control", "no-store")
		got.wantHeader(t, "Stream-Next-Offset", tail)
		cursor := got.header.Get("Stream-Cursor")
		again := s.want(204, "GET", "s?live=long-poll&offset="+tail+"&cursor="+cursor, "")
		if next := again.header.Get("Stream-Cursor"); next == cursor || next == "" {
			t.Errorf("the cursor %q is followed by %q", cursor, next)
		}

		begin = time.Now()
		var closing sync.WaitGroup
		closing.Go(func() {
			time.Sleep(time.Second)
			s.do("POST", "s", "", "Stream-Closed", "true")
		})
		got = s.want(204, "GET", "s?live=long-poll&offset="+tail, "")
		got.wantHeader(t, "Stream-Closed", "true")
		if took := time.Since(begin).Round(time.Second); took != time.Second {
			t.Errorf("the close was told of after %v", took)
		}
		closing.Wait()
	})
}

// A reader that does not read keeps neither the writers nor the others waiting.
func TestAReaderThatStallsHarmsNobody(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("s")
		stalled := s.Dial()
		defer stalled.Close()
		if _, err := stalled.Write([]byte("GET " + prefix + "/s?offset=-1&live=sse HTTP/1.1\r\nHost: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		healthy := s.begin("GET", "s?offset=-1&live=sse", "")
		readControl(t, healthy)
		synctest.Wait()
		data := strings.Repeat("x", 50_000)
		begin := time.Now()
		for range 100 {
			s.append("s", data)
			if got := healthy.Event(); len(got) < len(data) {
				t.Fatalf("the healthy reader has %d bytes", len(got))
			}
			readControl(t, healthy)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("5 MB took %v", took)
		}
	})
}

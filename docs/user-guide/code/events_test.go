package code

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAnEventCannotStartAFieldOfItsOwn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		event event
		want  string
	}{
		{"data", event{data: "hello"}, "data: hello\n\n"},
		{"lines", event{data: "one\ntwo\r\nthree\rfour"}, "data: one\ndata: two\ndata: three\ndata: four\n\n"},
		{"everything", event{name: "done", id: "7", data: "bye"}, "event: done\nid: 7\ndata: bye\n\n"},
		{"a name with a line", event{name: "a\ndata: x", data: "y"}, "event: adata: x\ndata: y\n\n"},
		{"an id with NUL", event{id: "a\x00b", data: "y"}, "id: ab\ndata: y\n\n"},
		{"a time to wait", event{retry: 10 * time.Second}, "retry: 10000\n\n"},
		{"nothing", event{}, ":\n\n"},
		{"a comment with a line", event{comment: "a\nb"}, ":ab\n\n"},
	}
	for _, test := range tests {
		if got := string(test.event.encode()); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// docs:start testboard
func TestAClientThatComesBackMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard()
		app := bare.NewApplication()
		app.HttpRouter.Add(bare.Methods{"GET"}, "/board", b.follow)
		server := baretest.NewServer(t, app)

		stream := server.Get("/board")
		b.post("one")
		if got := stream.Next(); got != "id: 1\ndata: one\n\n" {
			t.Errorf("got %q", got)
		}
		stream.Close()
		b.post("two") // while nobody is there

		request := stream.Response.Request.Clone(t.Context())
		request.Header.Set("Last-Event-ID", "1")
		if got := server.Do(request).Next(); got != "id: 2\ndata: two\n\n" {
			t.Errorf("after the reconnect: got %q", got)
		}
	})
}

// docs:end testboard

func TestASilentBoardSendsComments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		got := baretest.Chunks(newBoard().follow(baretest.NewRequest("GET", "/board", nil)).Body, 2)
		if strings.Join(got, "") != ":\n\n:\n\n" || time.Since(start) != 30*time.Second {
			t.Errorf("after %v: %q", time.Since(start), got)
		}
	})
}

func TestAnIDFromBeforeARestartIsNone(t *testing.T) {
	t.Parallel()
	b := newBoard()
	b.post("one")
	for id, want := range map[string]int{"": 0, "0": 0, "1": 1, "2": 0, "-1": 0, "one": 0} {
		if got := b.resume(id); got != want {
			t.Errorf("the id %q: got %d, want %d", id, got, want)
		}
	}
}

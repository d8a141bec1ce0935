package code

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bare-go/bare"
)

// docs:start clock
const clockPage = `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Example</title>
  </head>
  <body>
    <h1>Server Sent Events</h1>
    <p>Time: <span id="time"></span></p>
    <script>
      const eventSource = new EventSource("events")
      eventSource.onmessage = (event) => {
        document.getElementById("time").textContent = event.data
      }
    </script>
  </body>
</html>
`

func newClock() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/test", testPage)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", testEvents)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.RedirectResponse(http.StatusSeeOther, "test")
}

func testPage(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Status:  http.StatusOK,
		Headers: bare.Headers("content-type", "text/html; charset=utf-8"),
		Body:    bare.TextWriter(clockPage),
	}
}

func testEvents(request *bare.HttpRequest) bare.HttpResponse {
	sendEvents := func(yield func([]byte) bool) {
		for now := range request.Every(time.Second) {
			if !yield(fmt.Appendf(nil, "data: %s\n\n", now.Format(time.DateTime))) {
				return
			}
		}
	}
	return bare.HttpResponse{
		Status:  http.StatusOK,
		Headers: bare.Headers("cache-control", "no-cache", "content-type", "text/event-stream"),
		Body:    sendEvents,
	}
}

// docs:end clock

// docs:start encode

// An event is what the format can say. Its zero value is an empty comment.
type event struct {
	name, id, data, comment string
	retry                   time.Duration // in whole milliseconds; 0 leaves it to the browser
}

// encode writes the event in the format of event streams. A line break in the
// data makes another data line, and one in the name or the id, where there can be
// none, is left out: a text that somebody else chose cannot start a field.
func (e event) encode() []byte {
	var b strings.Builder
	if e.name != "" {
		b.WriteString("event: " + oneLine(e.name) + "\n")
	}
	if e.id != "" {
		b.WriteString("id: " + oneLine(e.id) + "\n")
	}
	if e.data != "" {
		for line := range strings.SplitSeq(lineBreaks.Replace(e.data), "\n") {
			b.WriteString("data: " + line + "\n")
		}
	}
	if e.retry > 0 {
		fmt.Fprintf(&b, "retry: %d\n", e.retry.Milliseconds())
	}
	if b.Len() == 0 {
		b.WriteString(":" + oneLine(e.comment) + "\n")
	}
	return []byte(b.String() + "\n")
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n") //nolint:gochecknoglobals // it does not change

func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' || r == 0 {
			return -1
		}
		return r
	}, text)
}

// docs:end encode

// docs:start board

// A board keeps the messages that were posted, and wakes who waits for more. A
// subscriber has nothing here but a number: it can be as slow as it likes, and
// loses nothing.
type board struct {
	mutex    sync.Mutex
	messages []string
	more     chan struct{} // closed when there are more
}

func newBoard() *board { return &board{more: make(chan struct{})} }

func (b *board) post(message string) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.messages = append(b.messages, message)
	close(b.more)
	b.more = make(chan struct{})
}

// since returns the messages from number on, and a channel that is closed when
// there are more.
func (b *board) since(number int) ([]string, <-chan struct{}) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.messages[number:], b.more
}

// resume returns the number to go on from. An id that this board never gave, as
// one from before a restart, is none.
func (b *board) resume(id string) int {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	number, err := strconv.Atoi(id)
	if err != nil || number < 0 || number > len(b.messages) {
		return 0
	}
	return number
}

// docs:end board

// docs:start follow
func (b *board) follow(request *bare.HttpRequest) bare.HttpResponse {
	number := b.resume(request.Scope.Header.Get("Last-Event-ID"))
	sendEvents := func(yield func([]byte) bool) {
		keepAlive := time.NewTicker(15 * time.Second)
		defer keepAlive.Stop()
		for {
			messages, more := b.since(number)
			for _, message := range messages {
				number++
				if !yield(event{id: strconv.Itoa(number), data: message}.encode()) {
					return
				}
			}
			select {
			case <-more:
			case <-keepAlive.C:
				if !yield(event{}.encode()) {
					return
				}
			case <-request.Context().Done():
				return
			}
		}
	}
	return bare.HttpResponse{
		Headers: bare.Headers(
			"cache-control", "no-cache",
			"content-type", "text/event-stream",
		),
		Body: sendEvents,
	}
}

// docs:end follow

// docs:start steps

// steps tells how far a job has come, and that it is done. The page closes its
// event source then; one that comes back all the same is told that there is no more.
func steps(request *bare.HttpRequest) bare.HttpResponse {
	if request.Scope.Header.Get("Last-Event-ID") == "done" {
		return bare.HttpResponse{Status: http.StatusNoContent}
	}
	sendEvents := func(yield func([]byte) bool) {
		if !yield(event{retry: 10 * time.Second}.encode()) {
			return
		}
		for percent := 0; percent < 100; percent += 25 {
			progress := event{name: "progress", data: strconv.Itoa(percent)}
			if !yield(progress.encode()) || !request.Sleep(time.Second) {
				return
			}
		}
		yield(event{name: "done", id: "done", data: "all of it"}.encode())
	}
	return bare.HttpResponse{
		Headers: bare.Headers("cache-control", "no-cache", "content-type", "text/event-stream"),
		Body:    sendEvents,
	}
}

// docs:end steps

package code

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bare-go/bare"
)

// docs:start encode

// An event has the fields of the format. Its zero value is encoded as an empty
// comment.
type event struct {
	name, id, data, comment string
	retry                   time.Duration // in whole milliseconds; 0 leaves it to the browser
}

// encode writes the event in the format of event streams. A line break in the data
// makes another data line. In the name, the id and the comment, where there can be
// none, it is left out.
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

// A board keeps the messages that were posted, and wakes the streams that wait for
// more. A stream has nothing here but a number: it can be slow, and loses nothing.
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

// resume returns the number to go on from: 0 if this board never gave the id, for
// example because it is from before a restart.
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
		Headers: bare.Headers("content-type", "text/event-stream"),
		Body:    sendEvents,
	}
}

// docs:end follow

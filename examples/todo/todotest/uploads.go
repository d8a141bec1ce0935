package todotest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

// hello is what all upload, and helloSum its SHA-256.
const (
	hello    = "hello, world"
	helloSum = "09ca7e4eaa6e8ae9c7d261167129184883644d07dfba7cbfbc4c8a2e08360d5b"
)

// follow asks for the progress of an upload, and wants the head at once.
func (v *visitor) follow(name string) *baretest.Stream {
	v.t.Helper()
	start := time.Now()
	stream := v.sendJSON("GET", "/api/files/"+name+"/progress", "")
	if took := time.Since(start); took > time.Millisecond {
		v.t.Errorf("the head of the progress took %v", took)
	}
	if got := stream.Response.Header.Get("Content-Type"); stream.Response.StatusCode != http.StatusOK || got != "text/event-stream" {
		v.t.Fatalf("the progress is a %d, %s", stream.Response.StatusCode, got)
	}
	return stream
}

// event returns the next event that is no comment.
func event(stream *baretest.Stream) string {
	for {
		if got := stream.Event(); got == "" || !strings.HasPrefix(got, ":") {
			return got
		}
	}
}

// upload sends what is written to the pipe, in the background, as the file hello, and
// returns its answer.
func (v *visitor) upload() (content *io.PipeWriter, answer <-chan error) {
	v.t.Helper()
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPut, v.server.URL+"/api/files/hello", reader)
	if err != nil {
		v.t.Fatal(err)
	}
	request.ContentLength = int64(len(hello))
	answered := make(chan error, 1)
	go func() { answered <- v.answer(request) }()
	return writer, answered
}

// answer sends a request, and returns what its answer says as an error, unless it is the
// one that "hello, world" should have.
func (v *visitor) answer(request *http.Request) error {
	response, err := v.server.Client().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	want := `{"name":"hello","size":12,"sha256":"` + helloSum + `"}`
	if got := strings.TrimSpace(string(content)); response.StatusCode != http.StatusCreated || got != want {
		return fmt.Errorf("it is a %d: %s", response.StatusCode, got)
	}
	return nil
}

func testUpload(v *visitor) {
	v.signInAsAda()
	early := v.follow("hello")
	content, answer := v.upload()
	v.wantProgress(early, 0)
	received := int64(0)
	for _, chunk := range []string{"hello", ", "} {
		time.Sleep(10 * time.Second) // an upload takes its time
		if _, err := io.WriteString(content, chunk); err != nil {
			v.t.Fatal(err)
		}
		received += int64(len(chunk))
		v.wantProgress(early, received) // while the upload goes on
	}
	late := v.follow("hello")
	v.wantProgress(late, 7)
	if _, err := io.WriteString(content, "world"); err != nil {
		v.t.Fatal(err)
	}
	if err := content.Close(); err != nil {
		v.t.Error(err)
	}
	v.wantProgress(early, 12)
	v.wantProgress(late, 12)
	if err := <-answer; err != nil {
		v.t.Errorf("the upload: %v", err)
	}
	afterwards := v.follow("hello")
	v.wantProgress(afterwards, 12)
	for name, stream := range map[string]*baretest.Stream{"early": early, "late": late, "afterwards": afterwards} {
		v.wantEnd(name, stream, "event: done\n")
	}
}

// wantProgress wants the next event to say how much has come.
func (v *visitor) wantProgress(stream *baretest.Stream, received int64) {
	v.t.Helper()
	want := fmt.Sprintf("data: {\"received\":%d,\"total\":%d}\n\n", received, len(hello))
	if got := event(stream); got != want {
		v.t.Fatalf("the progress is %q, want %q", got, want)
	}
}

// wantEnd skips the rest of the progress, and wants the last event.
func (v *visitor) wantEnd(name string, stream *baretest.Stream, beginning string) {
	v.t.Helper()
	last := ""
	for got := event(stream); got != ""; got = event(stream) {
		last = got
	}
	if !strings.HasPrefix(last, beginning) {
		v.t.Errorf("%s: the progress ends with %q, want %q", name, last, beginning)
	}
}

func testBrokenUpload(v *visitor) {
	v.signInAsAda()
	progress := v.follow("hello")
	content, answer := v.upload()
	v.wantProgress(progress, 0)
	if _, err := io.WriteString(content, "hello"); err != nil {
		v.t.Fatal(err)
	}
	v.wantProgress(progress, 5)
	_ = content.CloseWithError(errors.New("the cable was pulled"))
	if err := <-answer; err == nil {
		v.t.Error("the upload is complete")
	}
	v.wantEnd("progress", progress, "event: failed\ndata: The upload broke off.\n")

	again, answer := v.upload() // the name is free
	if _, err := io.WriteString(again, hello); err != nil {
		v.t.Fatal(err)
	}
	_ = again.Close()
	if err := <-answer; err != nil {
		v.t.Errorf("the second try: %v", err)
	}
}

func testTakenName(v *visitor) {
	v.signInAsAda()
	put := func() *baretest.Stream {
		return v.send("PUT", "/api/files/hello", "text/plain", strings.NewReader(hello))
	}
	put()
	v.wantError(put(), 409, "There is a file of that name already.")
	v.signIn("bob", "builder")
	if got := put().Response.StatusCode; got != http.StatusCreated {
		v.t.Errorf("a file of that name, by another user, is a %d", got)
	}
}

func testFollowerLeaves(v *visitor) {
	v.signInAsAda()
	v.follow("never").Close()
	synctest.Wait()
	progress := v.follow("hello")
	content, answer := v.upload()
	v.wantProgress(progress, 0)
	progress.Close()
	if _, err := io.WriteString(content, hello); err != nil {
		v.t.Fatal(err)
	}
	_ = content.Close()
	if err := <-answer; err != nil {
		v.t.Errorf("the upload whose follower has left: %v", err)
	}
}

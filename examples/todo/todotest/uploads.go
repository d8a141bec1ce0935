package todotest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

// helloWorld is the SHA-256 of "hello, world".
const helloWorld = "09ca7e4eaa6e8ae9c7d261167129184883644d07dfba7cbfbc4c8a2e08360d5b"

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

// upload sends what is written to the pipe, in the background, and returns its answer.
func (v *visitor) upload(name string, size int64) (content *io.PipeWriter, answer <-chan error) {
	v.t.Helper()
	reader, writer := io.Pipe()
	request, err := http.NewRequestWithContext(v.t.Context(), http.MethodPut, v.server.URL+"/api/files/"+name, reader)
	if err != nil {
		v.t.Fatal(err)
	}
	request.ContentLength = size
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
	defer response.Body.Close() //nolint:errcheck // it has been read
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	want := `{"name":"hello","size":12,"sha256":"` + helloWorld + `"}`
	if got := strings.TrimSpace(string(content)); response.StatusCode != http.StatusCreated || got != want {
		return fmt.Errorf("it is a %d: %s", response.StatusCode, got)
	}
	return nil
}

func testUpload(t *testing.T, v *visitor) {
	v.signInAsAda()
	early := v.follow("hello")
	content, answer := v.upload("hello", 12)
	wantProgress(t, early, 0, 12)
	received := int64(0)
	for _, chunk := range []string{"hello", ", "} {
		time.Sleep(10 * time.Second) // an upload takes its time
		if _, err := io.WriteString(content, chunk); err != nil {
			t.Fatal(err)
		}
		received += int64(len(chunk))
		wantProgress(t, early, received, 12) // while the upload goes on
	}
	late := v.follow("hello")
	wantProgress(t, late, 7, 12)
	if _, err := io.WriteString(content, "world"); err != nil {
		t.Fatal(err)
	}
	if err := content.Close(); err != nil {
		t.Error(err)
	}
	wantProgress(t, early, 12, 12)
	wantProgress(t, late, 12, 12)
	if err := <-answer; err != nil {
		t.Errorf("the upload: %v", err)
	}
	afterwards := v.follow("hello")
	wantProgress(t, afterwards, 12, 12)
	for name, stream := range map[string]*baretest.Stream{"early": early, "late": late, "afterwards": afterwards} {
		wantEnd(t, name, stream, "event: done\n")
	}
}

func wantProgress(t *testing.T, stream *baretest.Stream, received, total int64) {
	t.Helper()
	want := fmt.Sprintf("data: {\"received\":%d,\"total\":%d}\n\n", received, total)
	if got := event(stream); got != want {
		t.Fatalf("the progress is %q, want %q", got, want)
	}
}

// wantEnd skips the rest of the progress, and wants the last event.
func wantEnd(t *testing.T, name string, stream *baretest.Stream, beginning string) {
	t.Helper()
	last := ""
	for got := event(stream); got != ""; got = event(stream) {
		last = got
	}
	if !strings.HasPrefix(last, beginning) {
		t.Errorf("%s: the progress ends with %q, want %q", name, last, beginning)
	}
}

func testBrokenUpload(t *testing.T, v *visitor) {
	v.signInAsAda()
	progress := v.follow("hello")
	content, answer := v.upload("hello", 12)
	wantProgress(t, progress, 0, 12)
	if _, err := io.WriteString(content, "hello"); err != nil {
		t.Fatal(err)
	}
	wantProgress(t, progress, 5, 12)
	_ = content.CloseWithError(errors.New("the cable was pulled"))
	if err := <-answer; err == nil {
		t.Error("the upload is complete")
	}
	wantEnd(t, "progress", progress, "event: failed\n")

	again, answer := v.upload("hello", 12) // the name is free
	if _, err := io.WriteString(again, "hello, world"); err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
	if err := <-answer; err != nil {
		t.Errorf("the second try: %v", err)
	}
}

func testTakenName(_ *testing.T, v *visitor) {
	v.signInAsAda()
	put := func() *baretest.Stream {
		return v.send("PUT", "/api/files/hello", "text/plain", strings.NewReader("hello, world"))
	}
	put()
	v.wantError(put(), 409, "There is a file of that name already.")
	v.signIn("bob", "builder")
	if got := put().Response.StatusCode; got != http.StatusCreated {
		v.t.Errorf("a file of that name, by another user, is a %d", got)
	}
}

func testFollowerLeaves(t *testing.T, v *visitor) {
	v.signInAsAda()
	v.follow("never").Close()
	synctest.Wait()
	progress := v.follow("hello")
	content, answer := v.upload("hello", 12)
	wantProgress(t, progress, 0, 12)
	progress.Close()
	if _, err := io.WriteString(content, "hello, world"); err != nil {
		t.Fatal(err)
	}
	_ = content.Close()
	if err := <-answer; err != nil {
		t.Errorf("the upload whose follower has left: %v", err)
	}
}

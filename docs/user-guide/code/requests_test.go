package code

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// text is the whole of a response's body.
func text(response bare.HttpResponse) string {
	return strings.Join(baretest.Chunks(response.Body, -1), "")
}

func TestRequestBodiesAreReadAsTheGuideSays(t *testing.T) {
	const jsonType, formType, plain = "application/json", "application/x-www-form-urlencoded", "text/plain"
	tests := []struct {
		name              string
		handler           bare.HttpHandler
		contentType, body string
		status            int
		text              string
	}{
		{"a JSON document", createOrder, jsonType, `{"item":"tea","count":2}`, 201, `{"item":"tea","count":2}` + "\n"},
		{"broken JSON is a 400", createOrder, jsonType, `{"item"`, 400, "The request body is not valid JSON: see byte 7."},
		{"an order of none is a 422", createOrder, jsonType, `{"item":"tea","count":0}`, 422, "The count must be at least 1."},
		{"JSON as text is a 415", createOrder, plain, `{}`, 415, "The request body must have the content type application/json."},
		{"a form", subscribe, formType, "name=Ada+L.", 200, "Thank you, Ada L..\n"},
		{"a malformed form is a 400", subscribe, formType, "name=%zz", 400, "The form is malformed."},
		{"a note", takeNote, plain, "buy tea", 201, "buy tea"},
		{"a note over its limit is a 413", takeNote, plain, strings.Repeat("x", 1025), 413, "Request Entity Too Large"},
		{"JSON lines", importOrders, "application/x-ndjson", "{\"count\":2}\n{\"count\":3}", 200, "5 ordered\n"},
		{"a broken line is a 400", importOrders, "application/x-ndjson", "{\"count\":2}\n{", 400, "The request body is malformed."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := baretest.NewRequest("POST", "/", strings.NewReader(test.body))
			request.Scope.Header.Set("content-type", test.contentType)
			response := test.handler(request)
			if response.Status != test.status {
				t.Errorf("status %d, want %d", response.Status, test.status)
			}
			if got := text(response); got != test.text {
				t.Errorf("text %q, want %q", got, test.text)
			}
		})
	}
}

func TestAnUploadIsStreamedToAFile(t *testing.T) {
	directory := t.TempDir()
	content := strings.Repeat("0123456789", 10_000)
	response := upload(directory)(baretest.NewRequest("PUT", "/", strings.NewReader(content)))
	if got, want := text(response), "100000 bytes\n"; got != want {
		t.Errorf("the answer is %q, want %q", got, want)
	}
	files, err := filepath.Glob(filepath.Join(directory, "upload-*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v (%v), want one", files, err)
	}
	got, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != content {
		t.Errorf("the file has %d bytes that differ from what was sent", len(got))
	}
}

func TestAnUploadThatBreaksOffLeavesNoFile(t *testing.T) {
	directory := t.TempDir()
	request := baretest.NewRequest("PUT", "/", nil)
	request.Body = func(yield func([]byte, error) bool) {
		if yield([]byte("half of"), nil) {
			yield(nil, bare.ErrClientGone)
		}
	}
	upload(directory)(request)
	if files, err := filepath.Glob(filepath.Join(directory, "*")); err != nil || len(files) != 0 {
		t.Errorf("files %v (%v), want none", files, err)
	}
}

func TestFilesOfAFormAreReadOneAfterTheOther(t *testing.T) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, content := range map[string]string{"a.txt": "hello"} {
		part, err := form.CreateFormFile("files", name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	whole := body.String()
	tests := []struct {
		name, body string
		status     int
		text       string
	}{
		{"a whole form", whole, 200, "a.txt: 5 bytes\n"},
		{"a form that breaks off", whole[:len(whole)-20], 400, "The form is malformed."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := baretest.NewRequest("POST", "/", strings.NewReader(test.body))
			request.Scope.Header.Set("content-type", form.FormDataContentType())
			response := receiveFiles(request)
			if got := text(response); response.Status != test.status || got != test.text {
				t.Errorf("got %d %q, want %d %q", response.Status, got, test.status, test.text)
			}
		})
	}
}

func TestABodyOverTheApplicationsLimitIsRefusedInAParserToo(t *testing.T) {
	app := bare.NewApplication()
	app.BodyLimit = 1 << 10
	app.HttpRouter.Add(bare.Methods{"POST"}, "/orders", importOrders)
	server := baretest.NewServer(t, app)
	response, err := server.Client().Post(server.URL+"/orders", "application/x-ndjson",
		strings.NewReader(strings.Repeat("{\"count\":1}\n", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if got, want := response.StatusCode, http.StatusRequestEntityTooLarge; got != want {
		t.Errorf("status %d, want %d", got, want)
	}
}

func TestABodyIsReadOnce(t *testing.T) {
	request := baretest.NewRequest("POST", "/", strings.NewReader("once"))
	if first, err := request.Text(); first != "once" || err != nil {
		t.Errorf("the first reader got %q, %v", first, err)
	}
	if _, err := request.Text(); !errors.Is(err, bare.ErrBodyConsumed) {
		t.Errorf("the second reader got %v, want ErrBodyConsumed", err)
	}
}

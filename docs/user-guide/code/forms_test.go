package code

import (
	"os"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// formOf is a request with a form, whose parts are separated by the boundary b.
func formOf(parts ...string) *bare.HttpRequest {
	form := "--b\r\n" + strings.Join(parts, "\r\n--b\r\n") + "\r\n--b--\r\n"
	request := baretest.NewRequest("POST", "/", strings.NewReader(form))
	request.Scope.Header.Set("content-type", "multipart/form-data; boundary=b")
	return request
}

const (
	picture = "Content-Disposition: form-data; name=avatar; filename=a.png\r\nContent-Type: image/png\r\n\r\npicture"
	letter  = "Content-Disposition: form-data; name=letter; filename=a.txt\r\nContent-Type: text/plain\r\n\r\nletter"
	nothing = "Content-Disposition: form-data; name=avatar; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n"
	line    = "Content-Disposition: form-data; name=line\r\n\r\nMe"
)

func TestPicturesAreSavedTogetherOrNotAtAll(t *testing.T) {
	tests := []struct {
		name   string
		parts  []string
		status int
		text   string
		files  int
	}{
		{"pictures", []string{picture, line, nothing, picture}, 201, "2 pictures\n", 2},
		{"a letter", []string{picture, letter}, 415, "Send pictures.", 0},
		{"a form that is malformed", []string{picture, "nothing"}, 400, "The form is malformed.", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			directory := t.TempDir()
			response := receivePictures(directory)(formOf(test.parts...))
			if got := text(response); response.Status != test.status || got != test.text {
				t.Errorf("got %d %q, want %d %q", response.Status, got, test.status, test.text)
			}
			files, err := os.ReadDir(directory)
			if err != nil || len(files) != test.files {
				t.Errorf("there are %v (%v), want %d", files, err, test.files)
			}
		})
	}
}

func TestAnAvatarHasLimits(t *testing.T) {
	tests := []struct {
		name   string
		parts  []string
		status int
		text   string
	}{
		{"a picture and a line", []string{picture, line}, 200, "Me: 7 bytes\n"},
		{"a large picture", []string{picture + strings.Repeat("x", 64<<10)}, 413, "Request Entity Too Large"},
		{"a long line", []string{line + strings.Repeat("e", 1<<10)}, 413, "The fields of the form are too long."},
		{"three parts", []string{picture, line, line}, 413, "The form has too many parts."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := receiveAvatar(formOf(test.parts...))
			if got := text(response); response.Status != test.status || got != test.text {
				t.Errorf("got %d %q, want %d %q", response.Status, got, test.status, test.text)
			}
		})
	}
}

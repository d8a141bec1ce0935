package bare_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAPartIsReadAsItComes(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var got []string
		start := time.Now()
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			for part, err := range request.Parts() {
				if err != nil {
					return bare.ErrorResponse(err)
				}
				for chunk, err := range part.Body {
					if err != nil {
						return bare.ErrorResponse(err)
					}
					got = append(got, fmt.Sprintf("%s at %v", chunk, time.Since(start).Round(time.Second)))
				}
			}
			return bare.TextResponse(200, "done")
		})
		reader, writer := io.Pipe()
		go func() {
			_, _ = io.WriteString(writer, "--b\r\n"+file("f", "f", "one"))
			time.Sleep(time.Second)
			_, _ = io.WriteString(writer, "two")
			time.Sleep(time.Second)
			_, _ = io.WriteString(writer, "\r\n--b--\r\n")
			_ = writer.Close()
		}()
		if text := post(t, serve(t, protocol, app), formType, reader).Rest(); text != "done" {
			t.Errorf("the answer is %q", text)
		}
		if want := []string{"one at 0s", "two at 1s"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestAFilenameIsOnlyAName(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"ada.png":               "ada.png",
		"größe 1.png":           "größe 1.png",
		"../../etc/passwd":      "passwd",
		`C:\\pictures\\ada.png`: "ada.png",
		`C:\pictures\ada.png`:   "ada.png",
		"/":                     "",
		"..":                    "",
		"a/.":                   "",
		"...":                   "...",
		"a\tb\u0085":            "ab",
		"a\xffb":                "a\ufffdb",
		`a\"b`:                  `a"b`,
		"a%22b":                 "a%22b",
		".profile":              ".profile",
		"a\u202etxt.exe\u2069":  "atxt.exe",

		"x\"; filename*=\"UTF-8''%61%1b%5b31m": "a[31m",
	} {
		got, err := describeParts(formRequest(formType, formOf(file("f", given, ""))))
		if line := fmt.Sprintf("f \"\" image/png file %q\n", want); err != nil || got != line {
			t.Errorf("%q: got %s (%v), want %s", given, got, err, line)
		}
	}
}

func TestAPartIsReadOnceAndUntilTheNext(t *testing.T) {
	t.Parallel()
	ways := map[string]func(part *bare.Part) error{
		"Text": func(part *bare.Part) error {
			_, err := part.Text()
			return err
		},
		"Body": func(part *bare.Part) error {
			_, err := bare.BytesReader(part.Body, 0)
			return err
		},
		"Reader": func(part *bare.Part) error {
			_, err := io.ReadAll(part.Reader())
			return err
		},
	}
	for first, read := range ways {
		for second, again := range ways {
			if first == "Reader" && second == "Reader" {
				continue // which reads on
			}
			request := formRequest(formType, formOf(field("a", "b")))
			for part, err := range request.Parts() {
				if err = errors.Join(err, read(part)); err != nil {
					t.Errorf("%s: %v", first, err)
				}
				if err := again(part); !errors.Is(err, bare.ErrBodyConsumed) {
					t.Errorf("%s after %s: %v", second, first, err)
				}
			}
		}
		for name, end := range map[string]string{"the next": formOf(field("a", "b"), field("c", "d")), "the end": formOf(field("a", "b"))} {
			var before *bare.Part
			for part, err := range formRequest(formType, end).Parts() {
				if before == nil {
					before = part
				} else if err := errors.Join(err, read(before)); !errors.Is(err, bare.ErrBodyConsumed) {
					t.Errorf("%s after %s: %v", first, name, err)
				}
			}
			if err := read(before); !errors.Is(err, bare.ErrBodyConsumed) {
				t.Errorf("%s after %s: %v", first, name, err)
			}
		}
	}
	request := formRequest(formType, formOf(field("a", "b")))
	if _, err := describeParts(request); err != nil {
		t.Error(err)
	}
	if _, err := describeParts(request); !errors.Is(err, bare.ErrBodyConsumed) {
		t.Errorf("a second loop ended with %v", err)
	}
}

func TestWhatIsLeftOfAPartIsThrownAway(t *testing.T) {
	t.Parallel()
	form := formOf(file("a", "a", strings.Repeat("x", 100_000)), field("b", "c"))
	var names []string
	for part, err := range formRequest(formType, form).Parts() {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, part.Name)
		_, _ = part.Reader().Read(make([]byte, 10))
	}
	if want := []string{"a", "b"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestAPartOfALoopThatHasEndedIsOver(t *testing.T) {
	t.Parallel()
	var left *bare.Part
	for part, err := range formRequest(formType, formOf(field("a", "b"))).Parts() {
		if err != nil {
			t.Fatal(err)
		}
		left = part
		break
	}
	if text, err := left.Text(); text != "" || !errors.Is(err, bare.ErrBodyConsumed) {
		t.Errorf("got %q and %v of what was read ahead", text, err)
	}
}

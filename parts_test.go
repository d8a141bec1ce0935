package bare_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"slices"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

const formType = "multipart/form-data; boundary=b"

// formOf writes a form of parts, each of which has its own headers and content.

func formOf(parts ...string) string {
	return "--b\r\n" + strings.Join(parts, "\r\n--b\r\n") + "\r\n--b--\r\n"
}

// field is a part of a form without a file.

func field(name, value string) string {
	return "Content-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value
}

// file is a part of a form with one.

func file(name, filename, content string) string {
	return "content-disposition: form-data; name=\"" + name + "\"; filename=\"" + filename +
		"\"\r\nContent-Type: image/png\r\n\r\n" + content
}

// formRequest is a request with a form that no server made.

func formRequest(contentType, form string) *bare.HttpRequest {
	request := baretest.NewRequest("POST", "/", strings.NewReader(form))
	request.Scope.Header.Set("Content-Type", contentType)
	return request
}

// describeParts says what a form has, part by part, up to its first error.

func describeParts(request *bare.HttpRequest) (string, error) {
	var b strings.Builder
	for part, err := range request.Parts() {
		if err != nil {
			return b.String(), err
		}
		text, err := part.Text()
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "%s %q %s", part.Name, text, part.ContentType())
		if part.IsFile() {
			fmt.Fprintf(&b, " file %q", part.Filename)
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

func TestAFormIsReadPartByPart(t *testing.T) {
	t.Parallel()
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	_ = writer.WriteField("name", "Ada")
	picture, _ := writer.CreateFormFile("picture", "ada.png")
	_, _ = io.WriteString(picture, "\r\n--not the boundary")
	nothing, _ := writer.CreateFormFile("nothing", "")
	_, _ = io.WriteString(nothing, "")
	_ = writer.WriteField("name", "")
	_ = writer.Close()
	const want = `name "Ada" text/plain
picture "\n--not the boundary" application/octet-stream file "ada.png"
nothing "" application/octet-stream file ""
name "" text/plain
`
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			parts, err := describeParts(request)
			if err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.TextResponse(200, parts)
		})
		server := serve(t, protocol, app)
		for what, body := range map[string]io.Reader{
			"with a length":             bytes.NewReader(form.Bytes()),
			"without a length":          io.MultiReader(bytes.NewReader(form.Bytes())),
			"without a last line break": strings.NewReader(strings.TrimRight(form.String(), "\r\n")),
			"with spaces in its place":  strings.NewReader(strings.TrimRight(form.String(), "\r\n") + " \t"),
			"with line feeds alone":     strings.NewReader(strings.ReplaceAll(form.String(), "\r\n", "\n")),
			"with more after it":        io.MultiReader(bytes.NewReader(form.Bytes()), strings.NewReader(strings.Repeat("x", 100_000))),
		} {
			stream := post(t, server, writer.FormDataContentType(), body)
			if got := stream.Rest(); strings.ReplaceAll(got, `\r\n`, `\n`) != want {
				t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
			}
			if stream.Response.Close {
				t.Errorf("%s: the connection is given up, although the form was read whole", what)
			}
		}
	})
}

func TestAFormThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	many := slices.Repeat([]string{field("a", "b")}, 1001)
	tests := []struct {
		name, contentType, form string
		status                  int
		message                 string
	}{
		{"no content type", "", "", 415, "The request body must have the content type multipart/form-data."},
		{"another one", "application/x-www-form-urlencoded", "a=b", 415, ""},
		{"another kind of parts", "multipart/mixed; boundary=b", formOf(field("a", "b")), 415, ""},
		{"no boundary", "multipart/form-data", formOf(), 400, "The form has no valid boundary."},
		{"an empty one", `multipart/form-data; boundary=""`, formOf(), 400, "The form has no valid boundary."},
		{"one that is too long", "multipart/form-data; boundary=" + strings.Repeat("b", 71), "", 400, "The form has no valid boundary."},
		{"one that ends with a space", `multipart/form-data; boundary="b "`, "", 400, "The form has no valid boundary."},
		{"one with another character", `multipart/form-data; boundary="b*"`, "", 400, "The form has no valid boundary."},
		{"one with a bracket", `multipart/form-data; boundary="b["`, "", 400, "The form has no valid boundary."},
		{"one with a brace", `multipart/form-data; boundary="b{"`, "", 400, "The form has no valid boundary."},
		{"one with a semicolon", `multipart/form-data; boundary="b;"`, "", 400, "The form has no valid boundary."},
		{"parameters that are malformed", "multipart/form-data; boundary=b; c=\"", formOf(), 400, "The form has no valid boundary."},
		{"an empty body", formType, "", 400, "The form is malformed."},
		{"no end", formType, "--b\r\n" + field("a", "b"), 400, "The form is malformed."},
		{"no end after a part", formType, "--b\r\n" + field("a", "b") + "\r\n--b\r\n", 400, "The form is malformed."},
		{"headers without an end", formType, "--b\r\nA: b", 400, "The form is malformed."},
		{"an end among the headers", formType, "--b\r\nA: b\r\n--b--", 400, "The form is malformed."},
		{"a header that is none", formType, formOf("what\r\n\r\nb"), 400, "The form is malformed."},
		{"a part without a name", formType, formOf("Content-Disposition: form-data\r\n\r\nb"), 400, "The form is malformed."},
		{"a part of another kind", formType, formOf("Content-Disposition: attachment; name=a\r\n\r\nb"), 400, "The form is malformed."},
		{"a part that says nothing of itself", formType, formOf("A: b\r\n\r\nb"), 400, "The form is malformed."},
		{"too many parts", formType, formOf(many...), 413, "The form has too many parts."},
		{"headers that are too long", formType, formOf("A: " + strings.Repeat("a", 8<<10) + "\r\n" + field("a", "b")), 413, "A part of the form has too many headers."},
		{"too many of them", formType, formOf(strings.Repeat("A: b\r\n", 2000) + field("a", "b")), 413, "A part of the form has too many headers."},
		{"more before the first part", formType, strings.Repeat("a\r\n", 8<<10) + formOf(), 413, "A part of the form has too many headers."},
		{"fields that are too long", formType, formOf(field("a", strings.Repeat("a", 6<<20)), field("b", strings.Repeat("b", 6<<20))), 413, "The fields of the form are too long."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := describeParts(formRequest(test.contentType, test.form))
			var known *bare.HttpError
			if !errors.As(err, &known) || known.Status != test.status || test.message != "" && known.Message != test.message {
				t.Errorf("got %v, want %d %s", err, test.status, test.message)
			}
			if tooLarge := errors.Is(err, bare.ErrBodyTooLarge); tooLarge != (test.status == 413) {
				t.Errorf("%v wraps ErrBodyTooLarge: %v", err, tooLarge)
			}
		})
	}
}

func TestWhatAFormMayHaveIsSet(t *testing.T) {
	t.Parallel()
	two := formOf(field("a", "12"), field("b", "34"))
	long := formOf("A: " + strings.Repeat("a", 20_000) + "\r\n" + field("a", "b"))
	exact := int64(len("Content-Disposition: form-data; name=\"a\"\r\n"))
	tests := []struct {
		name, form string
		limits     bare.PartLimits
		ok         bool
	}{
		{"as many parts", two, bare.PartLimits{Parts: 2}, true},
		{"one less", two, bare.PartLimits{Parts: 1}, false},
		{"any number", formOf(slices.Repeat([]string{field("a", "b")}, 1001)...), bare.PartLimits{Parts: -1}, true},
		{"as much text", two, bare.PartLimits{Text: 4}, true},
		{"one byte less", two, bare.PartLimits{Text: 3}, false},
		{"any text", formOf(field("a", strings.Repeat("a", 11<<20))), bare.PartLimits{Text: -1}, true},
		{"headers as long", two, bare.PartLimits{Header: exact}, true},
		{"one byte less of them", two, bare.PartLimits{Header: exact - 1}, false},
		{"longer headers", long, bare.PartLimits{Header: 30_000}, true},
		{"any headers", long, bare.PartLimits{Header: -1}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var failure error
			for part, err := range bare.PartsReader(formRequest(formType, test.form).Body, formType, test.limits) {
				if err == nil {
					_, err = part.Text()
				}
				failure = cmp.Or(failure, err)
			}
			if (failure == nil) != test.ok || !test.ok && !errors.Is(failure, bare.ErrBodyTooLarge) {
				t.Errorf("the loop ended with %v", failure)
			}
		})
	}
}

func TestTheApplicationsLimitsHoldForForms(t *testing.T) {
	t.Parallel()
	form := formOf(field("a", strings.Repeat("a", 1000)), file("f", "f", strings.Repeat("f", 10_000)))
	tests := []struct {
		name       string
		body, read int64
		set        bool // by the request
		status     int
	}{
		{"the whole form is over BodyLimit", 5_000, 0, false, 413},
		{"it is over that of SetLimits", 5_000, 0, true, 413},
		{"a field is over ReadLimit", 0, 999, false, 413},
		{"it is over that of SetLimits, too", 0, 999, true, 413},
		{"a file is not text", 20_000, 1000, true, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if test.set {
						request.SetLimits(test.body, test.read)
					}
					for part, err := range request.Parts() {
						if err == nil && !part.IsFile() {
							_, err = part.Text()
						}
						if err != nil {
							return bare.ErrorResponse(err)
						}
					}
					return bare.TextResponse(200, "done")
				})
				if !test.set {
					app.BodyLimit, app.ReadLimit = test.body, test.read
				}
				stream := post(t, serve(t, protocol, app), formType, io.MultiReader(strings.NewReader(form)))
				if stream.Rest(); stream.Response.StatusCode != test.status {
					t.Errorf("got %s, want %d", stream.Response.Status, test.status)
				}
			})
		})
	}
}

func TestEveryBoundaryIsAccepted(t *testing.T) {
	t.Parallel()
	for _, boundary := range []string{
		"a", "z", "A", "Z", "0", "9", "'", "()+_,-./:=?", "a b", strings.Repeat("b", 70),
		"----WebKitFormBoundaryAz09", "---------------------------0123456789",
	} {
		form := strings.ReplaceAll(formOf(field("name", "text")), "--b", "--"+boundary)
		got, err := describeParts(formRequest(`multipart/form-data; boundary="`+boundary+`"`, form))
		if want := "name \"text\" text/plain\n"; err != nil || got != want {
			t.Errorf("%s: got %q (%v)", boundary, got, err)
		}
	}
}

func TestAFormOfARequestMadeByHand(t *testing.T) {
	t.Parallel()
	scope := formRequest(formType, formOf(field("a", "b"))).Scope
	if got, err := describeParts(&bare.HttpRequest{Scope: scope}); err != nil || got != "a \"b\" text/plain\n" {
		t.Errorf("got %q (%v)", got, err)
	}
	_, err := describeParts(&bare.HttpRequest{})
	var known *bare.HttpError
	if !errors.As(err, &known) || known.Status != 415 {
		t.Errorf("an empty request: %v", err)
	}
}

// FuzzParts holds a form against what every form must do, whatever is in it.

func FuzzParts(f *testing.F) {
	f.Add(formOf(field("a", "b"), file("f", "f", "content")), "b")
	f.Add("--b\r\nA: b", "b")
	f.Add("--b--", "b")
	f.Fuzz(func(t *testing.T, form, boundary string) {
		contentType := `multipart/form-data; boundary="` + boundary + `"`
		limits := bare.PartLimits{Parts: 3, Header: 100, Text: 50}
		parts, size := 0, 0
		for part, err := range bare.PartsReader(formRequest(contentType, form).Body, contentType, limits) {
			var known *bare.HttpError
			if err != nil && !errors.As(err, &known) {
				t.Fatalf("%q ended with %v", form, err)
			}
			if err != nil {
				break
			}
			text, err := part.Text()
			if err != nil && !errors.As(err, &known) {
				t.Fatalf("a part of %q ended with %v", form, err)
			}
			parts++
			size += len(text)
		}
		if parts > limits.Parts || int64(size) > limits.Text {
			t.Errorf("%q has %d parts and %d bytes", form, parts, size)
		}
	})
}

// FuzzPartsOfAWriter holds a form against what a client has written.

func FuzzPartsOfAWriter(f *testing.F) {
	f.Add("name", "content", "\r\n--b\r\n")
	f.Fuzz(func(t *testing.T, name, first, second string) {
		var form bytes.Buffer
		writer := multipart.NewWriter(&form)
		for _, content := range []string{first, second} {
			part, err := writer.CreateFormFile("f", "f")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(part, content)
		}
		_ = writer.WriteField("name", name)
		_ = writer.Close()
		var got []string
		for part, err := range formRequest(writer.FormDataContentType(), form.String()).Parts() {
			if err != nil {
				t.Fatal(err)
			}
			text, err := part.Text()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, text)
		}
		if want := []string{first, second, name}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

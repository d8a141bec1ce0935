package bare

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"

	"github.com/bare-go/bare/internal/accept"
)

// problemType is the content type of a problem (RFC 9457, section 3).
const problemType = "application/problem+json"

// A problem says in JSON what went wrong. It has no type, which so is about:blank:
// the title is then the status's own text (RFC 9457, section 4.2.1).
type problem struct {
	Title  string `json:"title,omitempty"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// ProblemResponse is [ErrorResponse] as a problem in JSON (RFC 9457), whatever the
// client accepts: for an [Application.OnError] whose clients are programs. Members
// that cannot be encoded make it a plain 500, whose cause is logged.
func ProblemResponse(err error) HttpResponse {
	f := newFault(err)
	content, err := encodeProblem(f)
	if err != nil {
		return ErrorResponse(fmt.Errorf("bare: ProblemResponse: %w", err))
	}
	response := BytesResponse(f.status, problemType, content)
	maps.Copy(response.Headers, f.headers)
	response.fault = f // for the log: its form is decided
	return response
}

// prefersProblem reports whether a client wants its errors in JSON: it names JSON,
// and likes no text better. One that takes anything gets text, which people can
// read.
func prefersProblem(values []string) bool {
	list := accept.Parse(values)
	inJSON := list.Quality(problemType, "application/json", "application/*")
	asText := max(
		list.Quality("text/plain", "text/*", "*/*"),
		list.Quality("text/html", "text/*", "*/*"),
	)
	return inJSON > 0 && inJSON >= asText
}

// encodeProblem makes the document of a fault. It has no further members when
// these cannot be encoded, which is the error.
func encodeProblem(f *fault) (content []byte, err error) {
	p := problem{Title: http.StatusText(f.status), Status: f.status}
	if f.text != p.Title {
		p.Detail = f.text
	}
	var buffer bytes.Buffer
	_ = encodeJSON(&buffer, p) // never fails: it has two texts and a number
	members, err := encodeMembers(f.members)
	if len(members) == 0 {
		return buffer.Bytes(), err
	}
	// One object of the two: {"title":...} and {"more":...}, each with a newline.
	buffer.Truncate(len(bytes.TrimRight(buffer.Bytes(), "}\n")))
	buffer.WriteByte(',')
	buffer.Write(members[1:])
	return buffer.Bytes(), nil
}

// encodeMembers makes an object of the members that a problem has beside the
// standard ones (RFC 9457, section 3.2), nothing if there are none.
func encodeMembers(members map[string]any) (content []byte, err error) {
	further := make(map[string]any, len(members))
	for name, value := range members {
		if !isProblemMember(name) {
			further[name] = value
		}
	}
	if len(further) == 0 {
		return nil, nil
	}
	defer func() { // a MarshalJSON may panic, and this may be nobody else's goroutine
		if value := recover(); value != nil {
			content, err = nil, caught(value)
		}
	}()
	var buffer bytes.Buffer
	if err := encodeJSON(&buffer, further); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// isProblemMember reports whether a name is one of the standard's own (RFC 9457,
// section 3.1).
func isProblemMember(name string) bool {
	switch name {
	case "type", "title", "status", "detail", "instance":
		return true
	}
	return false
}

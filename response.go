package bare

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strconv"
)

// An HttpResponse is what a handler returns. The zero value is an empty 200.
//
// The handler has returned before the first byte is sent, so a handler's own
// defer runs before the body does:
//
//	func download(request *bare.HttpRequest) bare.HttpResponse {
//		rows, err := db.QueryContext(request.Context(), query)
//		if err != nil {
//			return bare.ErrorResponse(err)
//		}
//		defer rows.Close() // wrong: closed before the body reads the first row
//		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
//			defer rows.Close() // right: closed when the body ends
//			...
//		}}
//	}
//
// A body that is never run (for a HEAD request, or when a middleware replaces
// it) closes nothing. What must be closed in any case is closed with
// [context.AfterFunc] on the request's context, which always ends, or in
// [HttpRequest.OnEnd].
type HttpResponse struct {
	// Status is the status code, from 200 to 999; 0 means 200.
	Status int

	// Headers are the response's headers, in any case: names are made canonical
	// on the way out. The server never writes to the map, so that handlers may
	// share one. No Content-Type is added to those that are given here.
	Headers http.Header

	// Body yields the response's body, chunk by chunk; nil means none. It is run
	// once, after the handler has returned. A chunk is the body's own again when
	// yield returns. When yield returns false a write has failed or the client has
	// stalled, and the body must return. Several goroutines may yield, one waiting
	// for another, as long as the body does not return before them: what is yielded
	// later is dropped, with a warning.
	//
	// A chunk that is followed by silence is on the wire within a millisecond;
	// chunks that come faster share a write. An empty chunk adds nothing, and has
	// what came before it sent at once.
	//
	// A client that closes its side of the connection ends the request's context,
	// and nothing else: it may still read.
	//
	// A body that simply returns has been sent whole. One that has an end to
	// reach, and may fail on the way, is a [StreamWriter].
	Body iter.Seq[[]byte]

	// Pushes are resources to push before the response, where the connection is
	// HTTP/2 and the client has not disabled push. Elsewhere they are ignored.
	Pushes []PushResponse

	// fault is the error that an ErrorResponse is for, until it has been rendered.
	fault *fault
	// invalid is why the response is refused; usually nil.
	invalid error
	// upgrade is the WebSocket that a 101 opens; nil for any other response.
	upgrade *WebSocket
}

// Headers builds an [http.Header] from pairs of names and values. A name given
// twice has both values. It panics when a name has no value.
func Headers(pairs ...string) http.Header {
	if len(pairs)%2 != 0 {
		panic("bare: Headers: a name has no value") //nolint:forbidigo // a programmer's error, at the first call
	}
	headers := make(http.Header, len(pairs)/2)
	values := make([]string, len(pairs)/2) // of all names, in one allocation
	for i := range values {
		values[i] = pairs[2*i+1]
		name, value := canonicalName(pairs[2*i]), values[i:i+1:i+1]
		if i > 0 {
			value = append(headers[name], value...)
		}
		headers[name] = value
	}
	return headers
}

// WithHeader returns a copy of the response, with a map of its own in which name
// has the one value.
func (r HttpResponse) WithHeader(name, value string) HttpResponse {
	r.Headers = canonicalHeaders(r.Headers)
	r.Headers.Set(name, value)
	return r
}

// AddHeader returns a copy of the response, with a map of its own in which name
// has the value beside those that it had: for lists such as Vary and Link.
func (r HttpResponse) AddHeader(name, value string) HttpResponse {
	r.Headers = canonicalHeaders(r.Headers)
	r.Headers.Add(name, value)
	return r
}

// WithCookie returns a copy of the response that sets a cookie, beside those that
// it sets already, with a Set-Cookie header (RFC 6265, section 4.1). A cookie that
// is not valid (see [http.Cookie.Valid]) makes the response a 500, and is logged,
// as any header is that cannot be sent.
func (r HttpResponse) WithCookie(cookie http.Cookie) HttpResponse {
	if err := cookie.Valid(); err != nil {
		r.invalid = cmp.Or(r.invalid, fmt.Errorf("bare: the cookie %q: %w", cookie.Name, err))
		return r
	}
	return r.AddHeader("Set-Cookie", cookie.String())
}

// TextResponse is a response of plain text in UTF-8. Status 0 means 200. With a
// status that has no body (204, 304) and no text it is no more than the status.
func TextResponse(status int, text string) HttpResponse {
	if text == "" && hasNoBody(status) {
		return HttpResponse{Status: status, Headers: make(http.Header)}
	}
	return HttpResponse{
		Status:  status,
		Headers: contentHeaders("text/plain; charset=utf-8", len(text)),
		Body:    TextWriter(text),
	}
}

// BytesResponse is a response of bytes of the given content type. The bytes are
// not copied: they must not change until the response has been sent. Status 0
// means 200. With a status that has no body (204, 304) and no bytes it is no more
// than the status.
func BytesResponse(status int, contentType string, content []byte) HttpResponse {
	if len(content) == 0 && hasNoBody(status) {
		return HttpResponse{Status: status, Headers: make(http.Header)}
	}
	return HttpResponse{
		Status:  status,
		Headers: contentHeaders(contentType, len(content)),
		Body:    BytesWriter(content),
	}
}

// JSONResponse is a response of one JSON document. A value that cannot be
// encoded makes it a plain 500, whose cause is logged. Status 0 means 200.
func JSONResponse(status int, value any) HttpResponse {
	var buffer bytes.Buffer
	if err := encodeJSON(&buffer, value); err != nil {
		return ErrorResponse(fmt.Errorf("bare: JSONResponse: %w", err))
	}
	return BytesResponse(status, "application/json", buffer.Bytes())
}

// RedirectResponse sends the client to another location: 303 (See Other) after a
// form's POST, 307 or 308 to keep the method, 301 or 302 for the rest. The
// location may be relative (RFC 9110, section 10.2.2). One that a client chose
// must be checked first, or anyone can send your users anywhere.
func RedirectResponse(status int, location string) HttpResponse {
	return HttpResponse{Status: status, Headers: Headers("location", location)}
}

// ErrorResponse is the response for an error. An error that has the methods
// StatusCode() int and SafeMessage() string, as [HttpError] does, chooses the
// status, from 400 to 599, and the text. Any other is a plain 500: its detail is
// logged, and never sent. A nil error is a plain 500, too.
//
// The response is plain text. An application gives it the form that all its errors
// have before a middleware sees it, and at the latest when it is sent: see
// [Application.OnError]. Headers that were added to it are kept. A response whose
// status, Content-Type or Content-Length was changed is sent as it is; whoever
// replaces the body deletes Content-Length.
func ErrorResponse(err error) HttpResponse {
	return newFault(err).response()
}

func contentHeaders(contentType string, length int) http.Header {
	values := [2]string{contentType, strconv.Itoa(length)}
	return http.Header{"Content-Type": values[:1:1], "Content-Length": values[1:]}
}

// encodeJSON writes value as one line of JSON that ends with a newline. HTML is
// not escaped: the content type says that it is none.
func encodeJSON(buffer *bytes.Buffer, value any) error {
	encoder := json.NewEncoder(buffer)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

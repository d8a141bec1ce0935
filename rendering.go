package bare

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
)

// maxErrorBody is how many bytes the body of an error's response may have that
// takes the place of a response that has begun: it is held in memory.
const maxErrorBody = 1 << 20

// rendered gives the response of [ErrorResponse] the form that errors have in this
// application, and tells the log what it hides. Any other response stays as it is.
func (x *exchange) rendered(request *HttpRequest, response HttpResponse) HttpResponse {
	f := response.fault
	if f == nil {
		return response
	}
	page := x.render(request, response)
	if f.status >= http.StatusInternalServerError {
		status := f.status
		if f.made(response) { // otherwise OnError has not been asked
			status = cmp.Or(page.Status, f.status)
		}
		x.logFailure(f.err, status)
	}
	return page
}

// render is rendered for an error that is logged elsewhere.
func (x *exchange) render(request *HttpRequest, response HttpResponse) HttpResponse {
	f := response.fault
	if !f.made(response) {
		response.fault = nil // somebody has put something of their own in its place
		return response
	}
	if x.app.OnError != nil {
		if page, ok := x.askOnError(request, f.err); ok {
			page.Status = cmp.Or(page.Status, f.status)
			return keepAdded(page, response)
		}
	}
	return x.renderDefault(request, response)
}

// askOnError has OnError render an error. It reports false when OnError panics.
// What it leaves to [ErrorResponse] has the default form: nothing asks it again.
func (x *exchange) askOnError(request *HttpRequest, err error) (page HttpResponse, ok bool) {
	defer func() {
		if value := recover(); value != nil {
			x.logPanic("OnError panicked", caught(value))
		}
	}()
	page = x.app.OnError(request, err)
	f := page.fault
	if f == nil {
		return page, true
	}
	if f.status >= http.StatusInternalServerError && !errors.Is(f.err, err) {
		x.logFailure(f.err, f.status) // another one than the error that is logged
	}
	if f.made(page) {
		return x.renderDefault(request, page), true
	}
	page.fault = nil
	return page, true
}

// renderDefault is the form that errors have without OnError: a problem (RFC 9457)
// for those who want JSON, and the text that [ErrorResponse] has made for the rest.
func (x *exchange) renderDefault(request *HttpRequest, response HttpResponse) HttpResponse {
	f := response.fault
	response.fault = nil
	response.Headers = canonicalHeaders(response.Headers)
	addVary(response.Headers, "Accept")
	if !prefersProblem(request.Scope.Header["Accept"]) {
		return response
	}
	content, err := encodeProblem(f)
	if err != nil {
		x.log.write(slog.LevelError, "the members of an HttpError cannot be encoded", slog.Any("error", err))
	}
	response.Headers.Set("Content-Type", problemType)
	response.Headers.Set("Content-Length", strconv.Itoa(len(content)))
	response.Body = BytesWriter(content)
	return response
}

// keepAdded gives a page the headers that were added to the ErrorResponse in whose
// place it is sent.
func keepAdded(page, response HttpResponse) HttpResponse {
	headers := canonicalHeaders(page.Headers)
	for name, values := range canonicalHeaders(response.Headers) {
		switch name {
		case "Content-Type", "Content-Length": // those of the other body
		case "Vary":
			for _, value := range values {
				addVary(headers, value)
			}
		case "Set-Cookie":
			addValues(headers, name, values)
		default:
			headers[name] = values
		}
	}
	page.Headers = headers
	page.invalid = cmp.Or(page.invalid, response.invalid)
	return page
}

// refuse answers in the place of a response that cannot be sent.
func (x *exchange) refuse(err error) HttpResponse {
	x.logRefusal(err)
	refusal := ErrorResponse(&HttpError{Status: http.StatusInternalServerError, Err: err})
	response := x.render(&x.request, refusal)
	if err := x.stream.setHead(&response); err != nil {
		x.logRefusal(err)
		response = x.renderDefault(&x.request, refusal)
		_ = x.stream.setHead(&response) // ours, which is never refused
	}
	return response
}

func (x *exchange) logRefusal(err error) {
	x.log.write(slog.LevelError, "the response was refused", slog.Any("error", err))
}

// replace sends an error's response in the place of one that never began, and
// reports whether it still could.
func (x *exchange) replace(err error) bool {
	if !x.withdraw() {
		return false
	}
	if failed, ok := errors.AsType[*bodyPanicError](err); ok {
		err = &HttpError{Status: http.StatusInternalServerError, Err: failed.crash}
	}
	response := ErrorResponse(err)
	if err := x.sendWhole(x.render(&x.request, response)); err != nil {
		x.logRefusal(err)
		_ = x.sendWhole(x.renderDefault(&x.request, response)) // ours, which is never refused
	}
	return true
}

// withdraw keeps the clock from sending the head of a response that has failed. It
// reports false when it has been sent.
func (x *exchange) withdraw() bool {
	s := &x.stream
	s.gate.lock()
	defer s.gate.unlock()
	if s.headOut {
		return false
	}
	s.pending, s.withheld = false, false
	return true
}

// sendWhole sends a response whose body is read to its end before the head goes
// out: it must not fail in its turn.
func (x *exchange) sendWhole(response HttpResponse) error {
	content, err := wholeBody(response)
	if err != nil {
		return err
	}
	s := &x.stream
	s.gate.lock()
	defer s.gate.unlock()
	if err := x.stream.setHead(&response); err != nil {
		return err
	}
	x.body.settle(&x.sink)
	s.beWatched()
	for piece := range slices.Chunk(content, pieceSize) {
		s.put(piece)
	}
	s.end(x.observed(), x.app.watch.stall)
	return nil
}

var errErrorBody = errors.New("bare: the body of an error's response is too long to replace another")

// wholeBody runs the body of an error's response, and checks its length.
func wholeBody(response HttpResponse) ([]byte, error) {
	if hasNoBody(response.Status) {
		return nil, nil
	}
	var content []byte
	err := RunBody(response.Body, func(chunk []byte) bool {
		content = append(content, chunk...)
		return len(content) <= maxErrorBody
	})
	if err != nil {
		return nil, err
	}
	if len(content) > maxErrorBody {
		return nil, errErrorBody
	}
	declared, err := declaredLength(canonicalHeaders(response.Headers))
	if declared >= 0 && declared != int64(len(content)) {
		return nil, ErrContentLength
	}
	return content, err
}

package bare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
)

// DefaultReadLimit is how many bytes the readers of whole bodies accept when
// they are given no other limit: 10 MiB.
const DefaultReadLimit = 10 << 20

// BytesReader reads a request's body to its end. A body of more than limit bytes
// fails with an [HttpError] with status 413 that wraps [ErrBodyTooLarge]; a limit
// of 0 means [DefaultReadLimit], a negative one means none. A nil body is empty.
func BytesReader(body iter.Seq2[[]byte, error], limit int64) ([]byte, error) {
	if limit == 0 {
		limit = DefaultReadLimit
	}
	var content []byte
	if body == nil {
		return content, nil
	}
	for chunk, err := range body {
		if err != nil {
			return nil, err
		}
		if limit > 0 && int64(len(content))+int64(len(chunk)) > limit {
			return nil, errTooLarge()
		}
		content = append(content, chunk...)
	}
	return content, nil
}

// TextReader reads a request's body to its end, as text in UTF-8. What is not
// UTF-8 is kept as it came. The limit is that of [BytesReader].
func TextReader(body iter.Seq2[[]byte, error], limit int64) (string, error) {
	content, err := BytesReader(body, limit)
	return string(content), err
}

// JSONReader reads a request's body to its end and decodes it, as
// [json.Unmarshal] does, into the value that target points to. What is not one
// JSON document, or does not fit the target, fails with an [HttpError] with
// status 400 and a sentence for the client. The limit is that of [BytesReader]. It does
// not call Validate, as [HttpRequest.JSON] does.
func JSONReader(body iter.Seq2[[]byte, error], limit int64, target any) error {
	content, err := BytesReader(body, limit)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, target); err != nil {
		return explainJSON(content, err)
	}
	return nil
}

// explainJSON makes one plain sentence of an error of encoding/json, which speaks
// of Go types. A target that is no pointer is the program's own fault, and stays
// as it is.
func explainJSON(content []byte, err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	var invalid *json.InvalidUnmarshalError
	message := "The request body does not have the expected form."
	switch {
	case errors.As(err, &invalid):
		return fmt.Errorf("bare: JSONReader: %w", err)
	case len(bytes.TrimSpace(content)) == 0:
		message = "The request body is empty, where a JSON document is expected."
	case errors.As(err, &syntax):
		message = fmt.Sprintf("The request body is not valid JSON: see byte %d.", syntax.Offset)
	case errors.As(err, &mismatch) && mismatch.Field != "":
		message = fmt.Sprintf("The JSON value at %q has the wrong form.", mismatch.Field)
	case errors.As(err, &mismatch):
		message = "The JSON document has the wrong form."
	}
	return &HttpError{Status: http.StatusBadRequest, Message: message, Err: err}
}

// The sizes of the buffer that a body is read with, in bytes.
const (
	smallBuffer = 512
	largeBuffer = 32 << 10
)

// readChunks yields what read returns, in a buffer made for a source of the given
// length (negative means unknown), until it returns [io.EOF] or another error.
func readChunks(length int64, read func([]byte) (int, error), yield func([]byte, error) bool) {
	size := int64(largeBuffer)
	if length >= 0 && length < size {
		size = max(length, smallBuffer)
	}
	buffer := make([]byte, size)
	for {
		n, err := read(buffer)
		if n > 0 && !yield(buffer[:n], nil) {
			return
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			yield(nil, err)
			return
		}
	}
}

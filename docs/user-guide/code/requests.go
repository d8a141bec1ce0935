package code

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/bare-go/bare"
)

// docs:start json
type order struct {
	Item  string `json:"item"`
	Count int    `json:"count"`
}

func createOrder(request *bare.HttpRequest) bare.HttpResponse {
	var wanted order
	if err := request.JSON(&wanted); err != nil {
		return bare.ErrorResponse(err) // 400, 413, 415 or 422, with one plain sentence
	}
	return bare.JSONResponse(201, wanted)
}

// docs:end json

// docs:start validate
func (o *order) Validate() error {
	if o.Count < 1 {
		return &bare.HttpError{Status: 422, Message: "The count must be at least 1."}
	}
	return nil
}

// docs:end validate

// docs:start form
func subscribe(request *bare.HttpRequest) bare.HttpResponse {
	form, err := request.Form()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.TextResponse(200, "Thank you, "+form.Get("name")+".\n")
}

// docs:end form

// docs:start limit
func takeNote(request *bare.HttpRequest) bare.HttpResponse {
	note, err := bare.TextReader(request.Body, 1<<10) // a note has at most 1 KiB
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.TextResponse(201, note)
}

// docs:end limit

// docs:start upload
func upload(directory string) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		file, err := os.CreateTemp(directory, "upload-*")
		if err != nil {
			return bare.ErrorResponse(err) // a plain 500; the detail is logged
		}
		size, err := save(file, request.Body)
		if err != nil {
			return bare.ErrorResponse(errors.Join(err, os.Remove(file.Name())))
		}
		return bare.TextResponse(201, fmt.Sprintf("%d bytes\n", size))
	}
}

// save writes a body to a file, chunk by chunk, and closes it.
func save(file *os.File, body iter.Seq2[[]byte, error]) (size int64, err error) {
	defer func() { err = errors.Join(err, file.Close()) }()
	for chunk, err := range body {
		if err != nil {
			return size, err
		}
		n, err := file.Write(chunk)
		size += int64(n)
		if err != nil {
			return size, err
		}
	}
	return size, nil
}

// docs:end upload

// docs:start jsonlines
func importOrders(request *bare.HttpRequest) bare.HttpResponse {
	total := 0
	lines := bufio.NewScanner(request.Reader())
	for lines.Scan() {
		var wanted order
		if err := json.Unmarshal(lines.Bytes(), &wanted); err != nil {
			return bare.ErrorResponse(malformed(err))
		}
		total += wanted.Count
	}
	if err := lines.Err(); err != nil {
		return bare.ErrorResponse(malformed(err))
	}
	return bare.TextResponse(200, fmt.Sprintf("%d ordered\n", total))
}

// malformed makes a 400 of a parser's error, and leaves the body's own as they are.
func malformed(err error) error {
	var known *bare.HttpError
	if errors.As(err, &known) || errors.Is(err, bare.ErrClientGone) {
		return err
	}
	return &bare.HttpError{Status: 400, Message: "The request body is malformed.", Err: err}
}

// docs:end jsonlines

// docs:start multipart
func receiveFiles(request *bare.HttpRequest) bare.HttpResponse {
	var report strings.Builder
	for part, err := range request.Parts() {
		if err != nil {
			return bare.ErrorResponse(err)
		}
		size, err := io.Copy(io.Discard, part.Reader()) // or a disk, or a bucket
		if err != nil {
			return bare.ErrorResponse(err)
		}
		fmt.Fprintf(&report, "%s: %d bytes\n", part.Filename, size)
	}
	return bare.TextResponse(200, report.String())
}

// docs:end multipart

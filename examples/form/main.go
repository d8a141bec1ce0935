// Form reads two HTML forms: one with fields, and one with files, which it counts as
// they come. Run it with
//
//	go run ./examples/form
//
// and open http://localhost:9009.

// docs:start program
package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/bare-go/bare"
)

//go:embed form.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.BodyLimit = 1 << 30 // 1 GiB, for a form with all its files
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/names", names)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/files", files)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// names answers the form with fields, which is small.
func names(request *bare.HttpRequest) bare.HttpResponse {
	form, err := request.Form()
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.TextResponse(200, "Hello, "+form.Get("first_name")+" "+form.Get("last_name")+"!\n")
}

// files answers the form with files, of which no more than a chunk is in memory.
func files(request *bare.HttpRequest) bare.HttpResponse {
	var report strings.Builder
	for part, err := range request.Parts() {
		if err == nil {
			err = describe(&report, part)
		}
		if err != nil {
			return bare.ErrorResponse(err)
		}
	}
	return bare.TextResponse(200, report.String())
}

// describe writes what a field says, or how long a file is.
func describe(report *strings.Builder, part *bare.Part) error {
	if !part.IsFile() {
		text, err := part.Text()
		fmt.Fprintf(report, "%s: %q\n", part.Name, text)
		return err
	}
	size := 0
	for chunk, err := range part.Body {
		if err != nil {
			return err
		}
		size += len(chunk) // or write it to a disk or a bucket
	}
	fmt.Fprintf(report, "%s: %q, %d bytes\n", part.Name, part.Filename, size)
	return nil
}

// docs:end program

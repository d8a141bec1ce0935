// Chunking sends the same text, which is this file, in five ways.
//
//	go run ./examples/chunking
//
// Open http://localhost:9009 with the browser's developer tools, and compare the
// headers of the responses. Or ask for them with curl:
//
//	curl -i http://localhost:9009/with_chunking
package main

import (
	_ "embed"
	"strconv"

	"github.com/bare-go/bare"
)

var (
	//go:embed chunking.html
	page []byte
	//go:embed main.go
	text []byte
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/with_chunking", withChunking)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/without_chunking", withoutChunking)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/with_content_length", withContentLength)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/with_content_length_and_chunking", withContentLengthAndChunking)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/invalid_content_length_and_chunking", invalidContentLengthAndChunking)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// docs:start ways
// withChunking has a body of many chunks. Nobody knows its length when the head is
// sent, so over HTTP/1.1 the server has "Transfer-Encoding: chunked".
func withChunking(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain"),
		Body:    bare.ChunkWriter(text, 64),
	}
}

// withoutChunking has a body of one chunk. It is no different on the wire: the server
// cannot know that there is only one, unless the body is complete within 2 KiB.
func withoutChunking(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain"),
		Body:    bare.BytesWriter(text),
	}
}

// withContentLength says how long the body is. BytesResponse does the same.
func withContentLength(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain", "content-length", strconv.Itoa(len(text))),
		Body:    bare.BytesWriter(text),
	}
}

// withContentLengthAndChunking has many chunks and a length: a download whose
// progress the browser can show.
func withContentLengthAndChunking(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain", "content-length", strconv.Itoa(len(text))),
		Body:    bare.ChunkWriter(text, 64),
	}
}

// invalidContentLengthAndChunking promises more than it sends. The response is cut,
// and logged, so that the client does not take it for complete.
func invalidContentLengthAndChunking(*bare.HttpRequest) bare.HttpResponse {
	return bare.HttpResponse{
		Headers: bare.Headers("content-type", "text/plain", "content-length", strconv.Itoa(2*len(text))),
		Body:    bare.ChunkWriter(text, 64),
	}
}

// docs:end ways

// Http_push tells the browser what a page will need before the page is there: by early
// hints, and, to clients that still take it, by HTTP/2 push.
//
//	go run ./examples/http_push -dev-cert
//
// Open https://localhost:9009/. Over HTTP/1.1 the page is the same, without the hints.

// docs:start program
package main

import (
	_ "embed"
	"time"

	"github.com/bare-go/bare"
)

var (
	//go:embed http_push.html
	page []byte
	//go:embed click_handler.js
	script []byte
)

const link = "<click_handler.js>; rel=preload; as=script"

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/click_handler.js", clickHandler)
	return app
}

// docs:start index
func index(request *bare.HttpRequest) bare.HttpResponse {
	request.EarlyHints(link)
	request.Sleep(time.Second) // the work that the page takes
	response := bare.BytesResponse(200, "text/html; charset=utf-8", page).WithHeader("link", link)
	response.Pushes = []bare.PushResponse{{Path: "/click_handler.js"}}
	return response
}

// docs:end index

func clickHandler(*bare.HttpRequest) bare.HttpResponse {
	// What is hinted waits in the browser's cache, so it must be allowed there.
	return bare.BytesResponse(200, "text/javascript", script).WithHeader("cache-control", "max-age=60")
}

// docs:end program

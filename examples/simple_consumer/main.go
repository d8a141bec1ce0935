// Simple_consumer reads what it is sent, chunk by chunk, and prints how much has come.
//
//	go run ./examples/simple_consumer
//	head -c 1000000 /dev/zero | curl -T - http://localhost:9009/consume
package main

import (
	"fmt"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp(func(bytes int) { fmt.Println(bytes, "bytes have come") }), "localhost:9009")
}

func newApp(report func(bytes int)) *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"POST", "PUT"}, "/consume", consume(report))
	return app
}

// docs:start consumer
// consume reads a body of any length with the memory of one chunk, and reports each.
func consume(report func(bytes int)) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		total := 0
		for chunk, err := range request.Body {
			if err != nil {
				return bare.ErrorResponse(err)
			}
			total += len(chunk)
			report(len(chunk))
		}
		return bare.TextResponse(200, fmt.Sprintln("You sent", total, "bytes."))
	}
}

// docs:end consumer

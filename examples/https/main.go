// Https says over which protocol it was asked. Run it with a certificate for
// development,
//
//	go run ./examples/https -dev-cert
//
// and open https://localhost:9009/. Or give it a certificate of your own:
//
//	go run ./examples/https -cert cert.pem -key key.pem

// docs:start program
package main

import (
	"crypto/tls"
	"fmt"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	return app
}

func index(request *bare.HttpRequest) bare.HttpResponse {
	encryption := "no TLS"
	if state := request.Scope.TLS; state != nil {
		encryption = tls.VersionName(state.Version)
	}
	return bare.TextResponse(200, fmt.Sprintf("You came by %s and %s.\n", request.Scope.Proto, encryption))
}

// docs:end program

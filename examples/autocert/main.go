// Autocert serves HTTPS with a certificate that it gets from Let's Encrypt, and renews,
// by itself. It needs a machine that the internet reaches by the name, on port 443:
//
//	go run . -host example.com
//
// It is a module of its own, so that bare does not depend on golang.org/x/crypto.

// docs:start program
package main

import (
	"flag"

	"golang.org/x/crypto/acme/autocert"

	"github.com/bare-go/bare"
)

func main() {
	host := flag.String("host", "example.com", "the `name` to get a certificate for")
	server := bare.Flags(flag.CommandLine)
	flag.Parse()
	server.TLSConfig = newManager(*host).TLSConfig()
	bare.Main(newApp(), ":443")
}

// newManager returns the manager that gets the certificates. The folder keeps them over a restart: a
// program that asks for new ones each time is soon refused.
func newManager(host string) *autocert.Manager {
	return &autocert.Manager{
		Prompt:     autocert.AcceptTOS, // you agree to the terms of Let's Encrypt
		HostPolicy: autocert.HostWhitelist(host),
		Cache:      autocert.DirCache("certificates"),
	}
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, "Hello, World!\n")
}

// docs:end program

// Basic_auth asks for a name and a password (HTTP Basic authentication, RFC 7617).
//
//	go run ./examples/basic_auth
//	curl -i http://localhost:9009/private/hello
//	curl -u michael:caine http://localhost:9009/private/hello
package main

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/bare-go/bare"
)

func main() {
	// A program that is in use reads the password from its environment.
	bare.Main(newApp(user{"michael", "caine"}), "localhost:9009")
}

// docs:start auth
// A user is who may come in.
type user struct{ name, password string }

func newApp(allowed user) *bare.Application {
	app := bare.NewApplication()
	private := app.Group("/private", allowed.authenticate)
	private.Add(bare.Methods{"GET"}, "/hello", hello)
	return app
}

// authenticate is a middleware that asks for the name and the password.
func (u user) authenticate(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	name, password, given := request.Scope.BasicAuth()
	known := equal(name, u.name) & equal(password, u.password) // both, whatever the first one is
	if !given || known == 0 {
		return bare.ErrorResponse(&bare.HttpError{Status: 401}).
			WithHeader("www-authenticate", `Basic realm="private", charset="UTF-8"`)
	}
	request.Locals["user"] = name
	return handler(request)
}

// equal returns 1 if the texts are equal, and otherwise 0. How long it takes does not
// tell where they differ.
func equal(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

func hello(request *bare.HttpRequest) bare.HttpResponse {
	name, _ := request.Locals["user"].(string)
	return bare.TextResponse(200, "Hello, "+name+"!\n")
}

// docs:end auth

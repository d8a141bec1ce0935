package javascript

import (
	"crypto/sha256"
	_ "embed"
	"fmt"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/internal/etag"
)

//go:embed streams.js
var module []byte

// entityTag is made of the content, so that it changes when the content does, and
// is the same on each of several servers.
var entityTag = fmt.Sprintf(`"%x"`, sha256.Sum256(module)) //nolint:gochecknoglobals // it never changes

// Handle is a [bare.HttpHandler] that answers GET and HEAD with the module
// streams.js. A browser asks each time whether the module has changed, as there is
// no version in its URL, and is told with a 304 that it has not (RFC 9110, section
// 13.1.2). A request without a Scope asks for the module itself. Several goroutines may
// call it at the same time.
func Handle(request *bare.HttpRequest) bare.HttpResponse {
	response := bare.BytesResponse(200, "text/javascript; charset=utf-8", module)
	if request.Scope != nil && etag.Matches(request.Scope.Header["If-None-Match"], entityTag) {
		response = bare.HttpResponse{Status: 304}
	}
	return response.WithHeader("etag", entityTag).WithHeader("cache-control", "no-cache")
}

package compress_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/ext/compress"
)

func ExampleEncodings() {
	app := bare.NewApplication()
	app.Compression = &bare.Compression{Encodings: compress.Encodings()}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.TextResponse(200, strings.Repeat("Hello, World!\n", 1000))
	})

	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd") // as browsers do
	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, request)
	fmt.Println(answer.Header().Get("Content-Encoding"), answer.Body.Len() < 100)
	// Output: br true
}

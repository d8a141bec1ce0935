package static_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/static"
)

func ExampleFiles_Serve() {
	app := bare.NewApplication()
	static.Files{Folder: "testdata"}.Serve(app, "/static")

	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/static/hello.txt", nil))
	fmt.Print(answer.Body)
	// Output: Hello, World!
}

func ExampleImmutable() {
	files := static.Files{Folder: "testdata", CacheControl: func(name string) string {
		if strings.HasPrefix(name, "assets/") { // a bundler puts a hash into these names
			return static.Immutable
		}
		return "no-cache" // ask each time
	}}
	app := bare.NewApplication()
	files.Serve(app, "/")

	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(answer.Header().Get("Cache-Control"))
	// Output: no-cache
}

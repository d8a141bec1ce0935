package templates_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing/fstest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/templates"
)

func Example() {
	files := fstest.MapFS{ // in a program: an embed.FS, or none for the disk
		"layouts/base.html": {Data: []byte(`<title>{{template "title" .}}</title>`)},
		"hello.html":        {Data: []byte(`{{template "layouts/base.html" .}}{{define "title"}}Hello, {{.}}!{{end}}`)},
	}
	app := bare.NewApplication()
	pages := templates.New(app, templates.Config{FS: files})
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
		return pages.Response(200, "hello.html", "<World>")
	})

	answer := httptest.NewRecorder()
	app.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	fmt.Println(answer.Body)
	// Output: <title>Hello, &lt;World&gt;!</title>
}

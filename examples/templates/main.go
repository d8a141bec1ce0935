// Templates makes pages with html/template: one whole, and one that is sent as it is
// made. Run it with
//
//	go run ./examples/templates
//
// and open http://localhost:9009.

// docs:start program
package main

import (
	"embed"
	"iter"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/templates"
)

//go:embed pages
var files embed.FS

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	site := &site{pages: templates.New(app, templates.Config{FS: files, Folder: "pages"})}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", site.index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/report", site.report)
	return app
}

// A site has the templates, and the handlers that use them.
type site struct{ pages *templates.Templates }

// A person is what the first page shows.
type person struct{ Name, Role string }

func (s *site) index(*bare.HttpRequest) bare.HttpResponse {
	return s.pages.Response(200, "index.html", []person{
		{"Michael Caine", "Harry Palmer"},
		{"Nigel Green", "Major <Dalby>"},
	})
}

func (s *site) report(request *bare.HttpRequest) bare.HttpResponse {
	return s.pages.StreamResponse(request, 200, "report.html", report{request})
}

// A report is what the second page shows.
type report struct{ request *bare.HttpRequest }

// Rows yields the rows of the report, each of which takes a second to find.
func (r report) Rows() iter.Seq[int] {
	return func(yield func(int) bool) {
		for row := 1; row <= 3; row++ {
			if !r.request.Sleep(time.Second) || !yield(row) {
				return
			}
		}
	}
}

// docs:end program

// Package templates answers with pages made by [html/template].
//
// The templates are read from a folder, or from the program itself:
//
//	//go:embed templates
//	var files embed.FS
//
//	pages := templates.New(app, templates.Config{FS: files, Folder: "templates"})
//
//	func index(request *bare.HttpRequest) bare.HttpResponse {
//		return pages.Response(200, "index.html", data)
//	}
//
// # Pages, layouts and partials
//
// A template is called as its file is, relative to the folder: "orders/list.html". Those
// in the folders layouts and partials are shared: every other template, a page, can use
// them. What a page defines is its own, so that two pages can both define "content". A
// layout has a block for it:
//
//	<title>{{block "title" .}}Shop{{end}}</title>
//	<main>{{template "content" .}}</main>
//
// A page names its layout, and defines the blocks:
//
//	{{template "layouts/base.html" .}}
//	{{define "title"}}Orders{{end}}
//	{{define "content"}}{{range .Orders}}{{template "partials/order.html" .}}{{end}}{{end}}
//
// # Errors
//
// A template that does not parse keeps the application from starting, and the error
// names the file. So does a template that uses another one which is not there, or that
// html/template cannot make safe. All of them are reported at once.
//
// [Templates.Response] makes a page whole before anything is sent: one that fails is a
// 500, which OnError renders, and never half a page.
//
// # Streams
//
// [Templates.StreamResponse] sends a page as it is made. Use it for a page whose data
// takes time, as a range over an iterator or a channel does.
//
// # Development
//
// With [Config.Reload] the templates are read anew for each page. Save the file, and
// reload the page.
package templates

package main

import (
	"github.com/bare-go/bare"
	"github.com/bare-go/bare/templates"
)

// The function here is newApp after the change that the chapter shows.

// docs:start reload
func newDevelopmentApp() *bare.Application {
	app := bare.NewApplication()
	site := &site{pages: templates.New(app, templates.Config{Folder: "pages", Reload: true})}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", site.index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/report", site.report)
	return app
}

// docs:end reload

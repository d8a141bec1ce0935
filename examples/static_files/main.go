// Static_files serves a folder of files, which are in the program itself. Run it with
//
//	go run ./examples/static_files
//
// and open http://localhost:9009.

// docs:start program
package main

import (
	"embed"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/static"
)

//go:embed site
var site embed.FS

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	static.Files{FS: site, Folder: "site"}.Serve(app, "/")
	return app
}

// docs:end program

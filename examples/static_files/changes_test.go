package main

import (
	"strings"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/static"
)

// The functions here are newApp after each of the changes that the chapter shows.

// docs:start disk
func newDiskApp() *bare.Application {
	app := bare.NewApplication()
	static.Files{Folder: "site"}.Serve(app, "/")
	return app
}

// docs:end disk

// docs:start caches
func newCachingApp() *bare.Application {
	app := bare.NewApplication()
	static.Files{FS: site, Folder: "site", CacheControl: cacheControl}.Serve(app, "/")
	return app
}

// docs:end caches

// docs:start rule
// cacheControl tells browsers to keep what has a hash in its name, and to ask for the
// rest each time.
func cacheControl(name string) string {
	if strings.HasPrefix(name, "assets/") {
		return static.Immutable
	}
	return "no-cache"
}

// docs:end rule

// docs:start compressed
func newCompressedApp() *bare.Application {
	app := bare.NewApplication()
	static.Files{Folder: "site", Precompressed: true}.Serve(app, "/")
	return app
}

// docs:end compressed

// docs:start browser
func newBrowserApp() *bare.Application {
	app := bare.NewApplication()
	static.Files{FS: site, Folder: "site", Fallback: "index.html"}.Serve(app, "/")
	return app
}

// docs:end browser

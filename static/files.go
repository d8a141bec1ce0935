package static

import (
	"context"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/bare-go/bare"
)

// Immutable is a Cache-Control for files whose names change with their content: they
// are used for a year without being asked for again (RFC 8246).
const Immutable = "public, max-age=31536000, immutable"

// Files says which files are served, and how. Folder or FS must be set; the rest is
// optional. It is copied by its methods.
type Files struct {
	// Folder is the folder with the files: on disk, relative to the working directory,
	// or in FS. It is opened when the application starts; one that is not there keeps
	// the application from starting. Its files may change while they are served. A
	// folder that is itself replaced is opened by the next start.
	Folder string

	// FS has the files; nil means the disk. Its files must implement [io.Seeker], as
	// those of [embed.FS] do. Those without a time of last change, such as embedded
	// ones, get an entity tag of their content when the application starts: up to 10,000
	// files and 256 MiB. Further ones have none, which is logged.
	FS fs.FS

	// CacheControl returns the Cache-Control header of a file, "" for none; nil means
	// none for all. The name is relative to the folder, with slashes. It must be safe
	// for concurrent use, as must Hide.
	//
	//	CacheControl: func(name string) string {
	//		if strings.HasPrefix(name, "assets/") { // Vite puts a hash into these names
	//			return static.Immutable
	//		}
	//		return "no-cache" // ask each time
	//	}
	CacheControl func(name string) string

	// Precompressed says that a file may have compressed variants beside it: app.js.br
	// (Brotli, RFC 7932) and app.js.gz (gzip). The one that the client prefers is sent,
	// Brotli if it has no preference. A variant that was last changed before its file is
	// not used. Files with variants have Vary: Accept-Encoding.
	Precompressed bool

	// Fallback is the file that answers paths without one, with the status 200: the
	// index.html of an application that routes in the browser. A path whose last segment
	// has a dot is a 404 all the same, as a script that is missing must not be a page. ""
	// means none. One that is not there keeps the application from starting.
	Fallback string

	// Hide reports whether a file is not to be served: its path is then a 404. The
	// folder's own name is "." and its index "index.html". nil means that all files are
	// served.
	Hide func(name string) bool
}

// Dotfiles reports whether a name, or a folder in it, begins with a dot, as .git and
// .env do. The folder .well-known (RFC 8615) does not count. It is for [Files.Hide].
func Dotfiles(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(segment, ".") && segment != "." && segment != ".well-known" {
			return true
		}
	}
	return false
}

// Serve adds a route to the application for the files: GET, with which HEAD comes, for
// the prefix and what is below it. The prefix "/" is for a whole site. It panics as
// [bare.HttpRouter.Add] does.
//
// Other routes may be below the prefix: the more specific one wins. What they do not
// have is the files', also below the prefix of a [bare.Group]. To keep /api/nowhere for
// the group, with its middlewares and without the Fallback, give it a route for the
// rest:
//
//	api.Add(bare.Methods{"GET", "POST"}, "/{rest:path}", notFound)
func (f Files) Serve(app *bare.Application, prefix string) {
	handler := f.Handler(app)
	prefix = strings.TrimSuffix(prefix, "/")
	app.HttpRouter.Add(bare.Methods{http.MethodGet}, prefix+"/{path:path}", handler)
	if prefix != "" {
		app.HttpRouter.Add(bare.Methods{http.MethodGet}, prefix, handler)
	}
}

// Handler returns the handler that serves the files, for a route of your own: one in
// a group, say. The route names the file by a variable called path; without it the
// file is the folder's index:
//
//	members := app.Group("/members", login)
//	members.Add(bare.Methods{"GET"}, "/{path:path}", files.Handler(app))
//
// The application opens the files when it starts, or at the first request if nobody
// starts it.
func (f Files) Handler(app *bare.Application) bare.HttpHandler {
	h := &handler{app: app, files: f}
	app.OnStartup(func(context.Context) error { return h.open() })
	return h.handle
}

// nameOf is the file that a request is for, relative to the folder and with slashes.
func nameOf(request *bare.HttpRequest) string {
	name := strings.TrimPrefix(path.Clean("/"+request.Matches.String("path")), "/")
	if name == "" {
		return "."
	}
	return name
}

// cacheControl is CacheControl with its default.
func (f Files) cacheControl(name string) string {
	if f.CacheControl == nil {
		return ""
	}
	return f.CacheControl(name)
}

// hides is Hide with its default.
func (f Files) hides(name string) bool { return f.Hide != nil && f.Hide(name) }

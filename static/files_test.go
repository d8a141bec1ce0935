package static_test

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/static"
)

//go:embed testdata
var embedded embed.FS

func TestWhatIsNotThereIsTheApplications(t *testing.T) {
	outside := newFolder(t, map[string]string{"secret.txt": "secret", "inside/": ""})
	folder := newFolder(t, map[string]string{
		"hello.txt":            "hello",
		"empty/":               "",
		"out.txt":              "-> " + filepath.Join(outside, "secret.txt"),
		"up.txt":               "-> ../../../../../../../../etc/hostname",
		"out":                  "-> " + outside,
		"ring/a.txt":           "a",
		"odd/index.html/a.txt": "a",
	})
	paths := map[string]string{
		"a file that is not there":          "/nowhere",
		"a folder without an index":         "/empty/",
		"such a folder without its slash":   "/empty",
		"the root without an index":         "/",
		"a file as a folder":                "/hello.txt/more",
		"a link out of the folder":          "/out.txt",
		"a relative link out of the folder": "/up.txt",
		"a linked folder outside":           "/out/",
		"a file in a linked folder outside": "/out/secret.txt",
		"a NUL in the name":                 "/a%00b",
		"a name that is too long":           "/" + strings.Repeat("a", 300),
		"such a name in a folder":           "/ring/" + strings.Repeat("a", 300),
		"a folder whose index is a folder":  "/odd/",
		"a path that is too long":           strings.Repeat("/"+strings.Repeat("a", 200), 30),
	}
	synctest.Test(t, func(t *testing.T) {
		app := newApp(static.Files{Folder: folder}, "/")
		app.OnError = func(_ *bare.HttpRequest, err error) bare.HttpResponse {
			return bare.TextResponse(0, "OnError: "+err.Error())
		}
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			response := handler(request)
			if response.Status != 404 {
				t.Errorf("the middleware sees %d for %.20s", response.Status, request.Scope.URL.Path)
			}
			return response.WithHeader("x-middleware", "seen")
		})
		server := baretest.NewServer(t, app)
		for name, path := range paths {
			stream := ask(t, server, "GET", path)
			text := stream.Rest()
			if stream.Response.StatusCode != http.StatusNotFound || text != "OnError: bare: Not Found" || stream.Response.Header.Get("X-Middleware") != "seen" {
				t.Errorf("%s: %d %q", name, stream.Response.StatusCode, text)
			}
		}
	})
}

func TestNotFoundOfTheApplicationAnswersWhatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(static.Files{FS: fstest.MapFS{}}, "/static")
		app.NotFound = func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(404, "lost?") }
		want(t, ask(t, baretest.NewServer(t, app), "GET", "/static/nowhere"), 404, "lost?")
	})
}

func TestOtherMethodsAre405(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp(static.Files{Folder: "testdata"}, "/static"))
		for _, method := range []string{"POST", "PUT", "DELETE"} {
			stream := ask(t, server, method, "/static/hello.txt")
			want(t, stream, 405, "Method Not Allowed")
			wantHeader(t, stream, "Allow", "GET, HEAD, OPTIONS")
		}
	})
}

func TestAFolderThatCannotBeServedKeepsTheApplicationFromStarting(t *testing.T) {
	file := filepath.Join(newFolder(t, map[string]string{"file": ""}), "file")
	tests := []struct {
		name  string
		files static.Files
		want  []string
		is    error
	}{
		{"no folder at all", static.Files{}, []string{"neither Folder nor FS"}, nil},
		{"a folder that is not there", static.Files{Folder: "nowhere"}, []string{`"nowhere"`, "static/nowhere"}, fs.ErrNotExist},
		{"a file", static.Files{Folder: file}, []string{file}, nil},
		{"a folder that is not in the FS", static.Files{FS: embedded, Folder: "nowhere"}, []string{`"nowhere" of the FS`}, fs.ErrNotExist},
		{"a file of the FS", static.Files{FS: embedded, Folder: "testdata/hello.txt"}, []string{"testdata/hello.txt", "no folder"}, nil},
		{"a folder that is no path", static.Files{FS: embedded, Folder: "../testdata"}, []string{"../testdata"}, fs.ErrNotExist},
		{"a fallback that is not there", static.Files{Folder: "testdata", Fallback: "app.html"}, []string{`"app.html"`}, fs.ErrNotExist},
		{"a fallback that is a folder", static.Files{Folder: "testdata", Fallback: "docs"}, []string{`"docs"`, "folder"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := newApp(test.files, "/").Startup(context.Background())
			if err == nil {
				t.Fatal("the application starts")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error is %q, want %q in it", err, part)
				}
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("the error is %q, want %q", err, test.is)
			}
		})
	}
}

func TestAnApplicationThatNobodyStartsServesAllTheSame(t *testing.T) {
	app := newApp(static.Files{Folder: "testdata"}, "/")
	synctest.Test(t, func(t *testing.T) {
		want(t, ask(t, baretest.NewHandlerServer(t, app), "GET", "/hello.txt"), 200, "Hello, World!\n")
	})
	app = newApp(static.Files{Folder: "nowhere"}, "/")
	synctest.Test(t, func(t *testing.T) {
		want(t, ask(t, baretest.NewHandlerServer(t, app), "GET", "/hello.txt"), 500, "Internal Server Error")
	})
}

func TestAFolderThatIsReplacedIsOpenedByTheNextStart(t *testing.T) {
	folder := filepath.Join(newFolder(t, map[string]string{"release/a.txt": "one"}), "release")
	app := newApp(static.Files{Folder: folder}, "/")
	for _, text := range []string{"one", "two"} {
		synctest.Test(t, func(t *testing.T) {
			want(t, ask(t, baretest.NewServer(t, app), "GET", "/a.txt"), 200, text)
		})
		if err := os.Rename(folder, folder+text); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "a.txt"), []byte("two"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestThePrefixItselfIsTheFoldersIndex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(static.Files{FS: embedded, Folder: "testdata"}, "/static/")
		app.HttpRouter.Add(bare.Methods{"GET"}, "/static/special", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(200, "a route")
		})
		server := baretest.NewServer(t, app)
		stream := ask(t, server, "GET", "/static")
		want(t, stream, 301, "")
		wantHeader(t, stream, "Location", "static/")
		want(t, ask(t, server, "GET", "/static/"), 200, "<!doctype html>\n<title>Index</title>\n")
		want(t, ask(t, server, "GET", "/static/special"), 200, "a route")
	})
}

func TestAFolderWhoseNameWouldBeASchemeIsRedirectedToItself(t *testing.T) {
	folder := newFolder(t, map[string]string{"a:b c?/index.html": "found"})
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{Folder: folder})
		stream := ask(t, server, "GET", "/a:b%20c%3F")
		want(t, stream, 301, "")
		wantHeader(t, stream, "Location", "./a:b%20c%3F/")
		want(t, ask(t, server, "GET", "/a:b%20c%3F/"), 200, "found")
	})
}

func TestFilesCanBeInAGroup(t *testing.T) {
	login := func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
		if request.Scope.Header.Get("Authorization") == "" {
			return bare.ErrorResponse(&bare.HttpError{Status: http.StatusUnauthorized})
		}
		return handler(request)
	}
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		members := app.Group("/members", login)
		members.Add(bare.Methods{"GET"}, "/{path:path}", static.Files{Folder: "testdata"}.Handler(app))
		server := baretest.NewServer(t, app)
		want(t, ask(t, server, "GET", "/members/hello.txt"), 401, "Unauthorized")
		want(t, ask(t, server, "GET", "/members/hello.txt", "Authorization", "me"), 200, "Hello, World!\n")
	})
}

func TestCacheControlIsThatOfTheName(t *testing.T) {
	files := static.Files{Folder: "testdata", CacheControl: func(name string) string {
		switch name {
		case "hello.txt":
			return static.Immutable
		case "index.html", "docs/index.html":
			return "no-cache"
		}
		return ""
	}}
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, files)
		for path, value := range map[string]string{
			"/hello.txt":    "public, max-age=31536000, immutable",
			"/":             "no-cache",
			"/docs/":        "no-cache",
			"/docs/app.css": "",
			"/nowhere":      "",
		} {
			wantHeader(t, ask(t, server, "GET", path), "Cache-Control", value)
		}
		wantHeader(t, ask(t, server, "GET", "/hello.txt", "Range", "bytes=1000-"), "Cache-Control", "")
	})
}

func TestTheFallbackAnswersPathsWithoutAFile(t *testing.T) {
	const page = "<!doctype html>\n<title>Index</title>\n"
	files := static.Files{Folder: "testdata", Fallback: "index.html"}
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, files)
		want(t, ask(t, server, "GET", "/orders/7"), 200, page)
		want(t, ask(t, server, "GET", "/orders/"), 200, page)
		want(t, ask(t, server, "HEAD", "/orders"), 200, "")
		want(t, ask(t, server, "GET", "/assets/old.js"), 404, "Not Found")
		want(t, ask(t, server, "GET", "/hello.txt"), 200, "Hello, World!\n")
	})
	folder := newFolder(t, map[string]string{"app.html": "the application", "empty/": ""})
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{Folder: folder, Fallback: "app.html"})
		want(t, ask(t, server, "GET", "/"), 200, "the application") // without an index of its own
		want(t, ask(t, server, "GET", "/empty"), 200, "the application")
		if err := os.Remove(filepath.Join(folder, "app.html")); err != nil {
			t.Fatal(err)
		}
		want(t, ask(t, server, "GET", "/"), 500, "Internal Server Error") // it was there at the start
	})
}

func TestAGroupKeepsItsPathsWithARouteForTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(static.Files{Folder: "testdata", Fallback: "index.html"}, "/")
		api := app.Group("/api")
		api.Add(bare.Methods{"GET"}, "/{rest:path}", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(404, "the API's 404")
		})
		want(t, ask(t, baretest.NewServer(t, app), "GET", "/api/nowhere"), 404, "the API's 404")
	})
}

func TestHiddenFilesAreNotThere(t *testing.T) {
	folder := newFolder(t, map[string]string{
		".env": "secret", ".git/config": "secret", "a/.b/c": "secret", ".well-known/x": "public", "a.b": "public",
		"index.html": "index",
	})
	synctest.Test(t, func(t *testing.T) {
		server := serveFiles(t, static.Files{Folder: folder, Hide: static.Dotfiles})
		for _, path := range []string{"/.env", "/.git/config", "/.git", "/.git/", "/a/.b/c", "//.env", "/x/../.env", "/%2eenv"} {
			want(t, ask(t, server, "GET", path), 404, "Not Found")
		}
		want(t, ask(t, server, "GET", "/.well-known/x"), 200, "public")
		want(t, ask(t, server, "GET", "/a.b"), 200, "public")
		want(t, ask(t, server, "GET", "/"), 200, "index")
	})
	synctest.Test(t, func(t *testing.T) {
		hide := func(name string) bool { return name == "index.html" }
		server := serveFiles(t, static.Files{Folder: folder, Hide: hide})
		want(t, ask(t, server, "GET", "/"), 404, "Not Found")
	})
}

package templates_test

import (
	"context"
	"errors"
	"html/template"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/templates"
)

// filesOf is an FS with the files, by their names.
func filesOf(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// shop has two pages with a layout and a partial.
func shop() map[string]string {
	return map[string]string{
		"layouts/base.html":   `<title>{{block "title" .}}Shop{{end}}</title>{{template "content" .}}`,
		"partials/order.html": `<li>{{.}}</li>`,
		"index.html":          `{{template "layouts/base.html" .}}{{define "content"}}<p>Hello, {{.}}!</p>{{end}}`,
		"orders/list.html": `{{template "layouts/base.html" .}}{{define "title"}}Orders{{end}}` +
			`{{define "content"}}<ul>{{range .}}{{template "partials/order.html" .}}{{end}}</ul>{{end}}`,
		"readme.txt": `{{ this is no template`,
	}
}

// handlers are what pages are made by, by their paths.
type handlers map[string]func(pages *templates.Templates, request *bare.HttpRequest) bare.HttpResponse

// newApp is an application with the templates, and handlers by their paths.
func newApp(config templates.Config, handlers handlers) (*bare.Application, *strings.Builder) {
	app, log := bare.NewApplication(), new(strings.Builder)
	app.Logger = slog.New(slog.NewTextHandler(log, nil))
	pages := templates.New(app, config)
	for path, handler := range handlers {
		app.HttpRouter.Add(bare.Methods{"GET"}, path, func(request *bare.HttpRequest) bare.HttpResponse {
			return handler(pages, request)
		})
	}
	return app, log
}

// render is the page of an application with one page, as a response.
func render(t *testing.T, config templates.Config, name string, data any) (*baretest.Stream, string) {
	t.Helper()
	app, log := newApp(config, handlers{
		"/": func(pages *templates.Templates, _ *bare.HttpRequest) bare.HttpResponse {
			return pages.Response(0, name, data)
		},
	})
	stream := baretest.NewServer(t, app).Get("/")
	synctest.Wait()
	return stream, log.String()
}

// want fails the test unless a response has the status and the text.
func want(t *testing.T, stream *baretest.Stream, status int, text string) {
	t.Helper()
	if got := stream.Response.StatusCode; got != status {
		t.Errorf("the status is %d, want %d", got, status)
	}
	if got := stream.Rest(); got != text || stream.Err() != nil {
		t.Errorf("the text is %q (%v), want %q", got, stream.Err(), text)
	}
}

func TestAPageHasItsLayoutAndPartials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := templates.Config{FS: filesOf(shop())}
		stream, _ := render(t, config, "index.html", "<you>")
		want(t, stream, 200, "<title>Shop</title><p>Hello, &lt;you&gt;!</p>")
		if got := stream.Response.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("the content type is %q", got)
		}
		stream, _ = render(t, config, "orders/list.html", []string{"tea", "milk & sugar"})
		want(t, stream, 200, "<title>Orders</title><ul><li>tea</li><li>milk &amp; sugar</li></ul>")
	})
}

func TestTheFolderTheSuffixAndTheSharedFoldersCanBeChosen(t *testing.T) {
	files := filesOf(map[string]string{
		"web/page.tmpl":            `{{template "common/base.tmpl" .}}{{template "a/common/b/part.tmpl"}}{{shout .}}`,
		"web/common/base.tmpl":     `base `,
		"web/layouts/landing.tmpl": `a page`,
		"web/a/common/b/part.tmpl": `part `,
		"web/folder.tmpl/x":        `no template`,
		"web/other.html":           `{{ no template`,
	})
	config := templates.Config{
		FS: files, Folder: "web", Suffix: ".tmpl", Shared: []string{"common"},
		Funcs: template.FuncMap{"shout": strings.ToUpper},
	}
	synctest.Test(t, func(t *testing.T) {
		stream, _ := render(t, config, "page.tmpl", "hello")
		want(t, stream, 200, "base part HELLO")
		stream, _ = render(t, config, "layouts/landing.tmpl", nil)
		want(t, stream, 200, "a page")
	})
}

func TestWhatIsWrongWithTheTemplatesKeepsTheApplicationFromStarting(t *testing.T) {
	tests := []struct {
		name   string
		config templates.Config
		want   []string
		is     error
	}{
		{"no folder at all", templates.Config{}, []string{"neither Folder nor FS"}, nil},
		{"a folder that is not there", templates.Config{Folder: "nowhere"}, []string{`"nowhere"`, "templates/nowhere"}, fs.ErrNotExist},
		{"a file", templates.Config{Folder: "doc.go"}, []string{`"doc.go"`}, nil},
		{"a file of the FS", templates.Config{FS: filesOf(shop()), Folder: "readme.txt"}, []string{`"readme.txt" of the FS`, "no folder"}, nil},
		{"a file that cannot be read", templates.Config{FS: unreadable{filesOf(shop()), "index.html"}}, []string{"the folder"}, errDisk},
		{"a folder that cannot be listed", templates.Config{FS: unreadable{filesOf(shop()), "orders"}}, []string{"the folder"}, errDisk},
		{"a folder that is not in the FS", templates.Config{FS: fstest.MapFS{}, Folder: "nowhere"}, []string{`"nowhere" of the FS`}, fs.ErrNotExist},
		{"a page that does not parse", one("a/page.html", "one\n{{if}}"), []string{`"a/page.html"`, "page.html:2", "missing value for if"}, nil},
		{"a layout that does not parse", one("layouts/base.html", "{{end}}"), []string{`"layouts/base.html"`, "unexpected {{end}}"}, nil},
		{"a function that is not there", one("page.html", "{{shout .}}"), []string{`"page.html"`, `"shout" not defined`}, nil},
		{"a template that is not there", one("page.html", `{{template "nowhere.html"}}`), []string{`"page.html"`, `"nowhere.html"`}, nil},
		{
			"a page of another page",
			templates.Config{FS: filesOf(map[string]string{"a.html": `{{template "b.html"}}`, "b.html": ""})},
			[]string{`"a.html"`, `"b.html"`},
			nil,
		},
		{"a place that cannot be made safe", one("page.html", `<a href={{if .}}"x{{end}}>`), []string{`"page.html"`}, nil},
		{
			"two pages that do not parse",
			templates.Config{FS: filesOf(map[string]string{"a.html": "{{", "b.html": "{{", "c.html": "good"})},
			[]string{`"a.html"`, `"b.html"`},
			nil,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			app, _ := newApp(test.config, nil)
			err := app.Startup(context.Background())
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

// one is a folder with one file.
func one(name, text string) templates.Config {
	return templates.Config{FS: filesOf(map[string]string{name: text})}
}

func TestAStartCallsNoFunctionOfTheProgram(t *testing.T) {
	config := one("page.html", "{{load}}")
	config.Funcs = template.FuncMap{"load": func() string {
		t.Error("it was called")
		return ""
	}}
	app, _ := newApp(config, nil)
	if err := app.Startup(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestAPageThatFailsIsAnErrorAndNeverHalfAPage(t *testing.T) {
	tests := []struct {
		name, page string
		data       any
		status     int
		text, log  string
	}{
		{"a page that is not there", "nowhere.html", nil, 500, "Internal Server Error", `nowhere.html`},
		{"a layout is no page", "layouts/base.html", nil, 500, "Internal Server Error", `layouts/base.html`},
		{"a field that is not there", "page.html", struct{}{}, 500, "Internal Server Error", "page.html:1:"},
		{"a method that fails", "page.html", failing{errors.New("secret")}, 500, "Internal Server Error", "secret"},
		{"a method that panics", "page.html", failing{nil}, 500, "Internal Server Error", "no name"},
		{
			"a method whose error chooses a status", "page.html",
			failing{&bare.HttpError{Status: 503, Message: "later"}},
			503, "later", "page.html",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := templates.Config{FS: filesOf(map[string]string{"page.html": "<p>{{.Name}}</p>", "layouts/base.html": ""})}
				stream, log := render(t, config, test.page, test.data)
				want(t, stream, test.status, test.text)
				if !strings.Contains(log, test.log) {
					t.Errorf("logged %q, want %q in it", log, test.log)
				}
			})
		})
	}
}

// failing is data whose method fails, or panics if there is no error.
type failing struct{ err error }

func (f failing) Name() (string, error) {
	if f.err == nil {
		panic("no name")
	}
	return "half", f.err
}

func TestOnErrorRendersAPageThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, _ := newApp(one("page.html", "<p>{{.Name}}</p>"), handlers{
			"/": func(pages *templates.Templates, _ *bare.HttpRequest) bare.HttpResponse {
				return pages.Response(200, "page.html", failing{errors.New("secret")})
			},
		})
		app.OnError = func(*bare.HttpRequest, error) bare.HttpResponse { return bare.TextResponse(0, "sorry") }
		want(t, baretest.NewServer(t, app).Get("/"), 500, "sorry")
	})
}

func TestWithReloadAPageIsThatOfTheFile(t *testing.T) {
	for _, reload := range []bool{true, false} {
		folder := t.TempDir()
		write := func(text string) {
			if err := os.WriteFile(filepath.Join(folder, "page.html"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("one")
		synctest.Test(t, func(t *testing.T) {
			app, log := newApp(templates.Config{Folder: folder, Reload: reload}, handlers{
				"/": func(pages *templates.Templates, _ *bare.HttpRequest) bare.HttpResponse {
					return pages.Response(200, "page.html", nil)
				},
			})
			server := baretest.NewServer(t, app)
			want(t, server.Get("/"), 200, "one")
			write("two")
			if !reload {
				want(t, server.Get("/"), 200, "one")
				return
			}
			want(t, server.Get("/"), 200, "two")
			write("{{")
			want(t, server.Get("/"), 500, "Internal Server Error")
			synctest.Wait()
			if !strings.Contains(log.String(), "page.html") {
				t.Errorf("logged %q", log.String())
			}
			write("three")
			want(t, server.Get("/"), 200, "three")
		})
	}
}

func TestAnApplicationThatNobodyStartsHasItsPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, _ := newApp(one("page.html", "page"), handlers{
			"/": func(pages *templates.Templates, _ *bare.HttpRequest) bare.HttpResponse {
				return pages.Response(201, "page.html", nil)
			},
		})
		want(t, baretest.NewHandlerServer(t, app).Get("/"), 201, "page")
	})
}

// streaming serves a page as a stream, over each protocol.
func streaming(t *testing.T, text string, data func(*bare.HttpRequest) any, test func(t *testing.T, server *baretest.Server, log *strings.Builder)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app, log := newApp(one("page.html", text), handlers{
					"/": func(pages *templates.Templates, request *bare.HttpRequest) bare.HttpResponse {
						return pages.StreamResponse(request, 0, "page.html", data(request))
					},
				})
				test(t, baretest.Config{Protocol: protocol, FlushDelay: true}.NewServer(t, app), log)
			})
		})
	}
}

// rows is data whose rows come a second apart.
type rows struct {
	request *bare.HttpRequest
	count   int
	err     error // after the last one
}

func (r rows) Rows() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range r.count {
			if !r.request.Sleep(time.Second) || !yield(i) {
				return
			}
		}
	}
}

func (r rows) End() (string, error) { return "end", r.err }

const rowsPage = "<ul>{{range .Rows}}<li>{{.}}</li>\n{{end}}</ul>{{.End}}"

func TestAStreamedPageIsSentAsItIsMade(t *testing.T) {
	data := func(request *bare.HttpRequest) any { return rows{request, 3, nil} }
	streaming(t, rowsPage, data, func(t *testing.T, server *baretest.Server, _ *strings.Builder) {
		started := time.Now()
		stream := server.Get("/")
		texts := []string{"<ul>", "<li>0</li>\n", "<li>1</li>\n", "<li>2</li>\n</ul>end"}
		for i, text := range texts {
			var got string
			for len(got) < len(text) && stream.Err() == nil {
				got += stream.Next()
			}
			if at := time.Since(started).Round(10 * time.Millisecond); got != text || at != time.Duration(i)*time.Second {
				t.Errorf("got %q after %v, want %q after %d s", got, at, text, i)
			}
		}
		if stream.Response.Header.Get("Content-Type") != templates.ContentType || stream.Rest() != "" || stream.Err() != nil {
			t.Errorf("the stream ends with %v", stream.Err())
		}
	})
}

func TestAStreamedPageThatFailsIsCutAndLogged(t *testing.T) {
	data := func(request *bare.HttpRequest) any { return rows{request, 1, errors.New("no more rows")} }
	streaming(t, rowsPage, data, func(t *testing.T, server *baretest.Server, log *strings.Builder) {
		stream := server.Get("/")
		if got := stream.Rest(); got != "<ul><li>0</li>\n</ul>" || stream.Err() == nil {
			t.Errorf("got %q, and the end %v", got, stream.Err())
		}
		synctest.Wait()
		if !strings.Contains(log.String(), "no more rows") || !strings.Contains(log.String(), "page.html") {
			t.Errorf("logged %q", log.String())
		}
	})
}

func TestAStreamedPageThatFailsBeforeItsFirstByteIsA500(t *testing.T) {
	data := func(request *bare.HttpRequest) any { return rows{request, 1, errors.New("nothing")} }
	streaming(t, "{{.End}}<p>", data, func(t *testing.T, server *baretest.Server, _ *strings.Builder) {
		want(t, server.Get("/"), 500, "Internal Server Error")
	})
}

func TestAStreamedPageEndsWhenItsClientLeaves(t *testing.T) {
	data := func(request *bare.HttpRequest) any { return rows{request, 1_000_000_000, nil} }
	streaming(t, rowsPage, data, func(t *testing.T, server *baretest.Server, log *strings.Builder) {
		stream := server.Get("/")
		stream.Next()
		stream.Close()
		synctest.Wait() // a page that went on would be a goroutine that is left
		if log.Len() > 0 {
			t.Errorf("logged %q", log.String())
		}
	})
}

func TestAStreamedPageThatAStopEndsDoesNotLookComplete(t *testing.T) {
	data := func(request *bare.HttpRequest) any { return rows{request, 1_000_000_000, nil} }
	for _, page := range []string{rowsPage, "<ul>{{range .Rows}}<li>{{.}}</li>{{end}}"} {
		streaming(t, page, data, func(t *testing.T, server *baretest.Server, _ *strings.Builder) {
			stream := server.Get("/")
			stream.Next()
			if err := server.Stop(); err != nil {
				t.Error(err)
			}
			if got := stream.Rest(); strings.Contains(got, "end") || stream.Err() == nil {
				t.Errorf("%q looks complete (%v)", got, stream.Err())
			}
		})
	}
}

package templates_test

import (
	"context"
	"errors"
	"html/template"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/templates"
)

var errDisk = errors.New("the disk is broken")

// unreadable is an FS with a file, or a folder, that cannot be read.
type unreadable struct {
	fstest.MapFS

	name string
}

func (u unreadable) Open(name string) (fs.File, error) {
	if name == u.name {
		return nil, errDisk
	}
	return u.MapFS.Open(name)
}

func (u unreadable) ReadFile(name string) ([]byte, error) {
	if name == u.name {
		return nil, errDisk
	}
	return u.MapFS.ReadFile(name)
}

func (u unreadable) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == u.name {
		return nil, errDisk
	}
	return u.MapFS.ReadDir(name)
}

// What is done to the configuration after New has no effect.
func TestTheConfigurationIsCopied(t *testing.T) {
	files := filesOf(map[string]string{"common/a.html": "a", "page.html": `{{template "common/a.html"}}{{shout "x"}}`})
	config := templates.Config{FS: files, Shared: []string{"common"}, Funcs: template.FuncMap{"shout": strings.ToUpper}}
	app := bare.NewApplication()
	pages := templates.New(app, config)
	config.Shared[0] = "other"
	delete(config.Funcs, "shout")
	if err := app.Startup(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(baretest.Chunks(pages.Response(0, "page.html", nil).Body, -1), ""); got != "aX" {
		t.Errorf("the page is %q", got)
	}
	if err := app.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestAStreamedPageHasItsStatusAndOneThatIsNotThereIsA500(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app, log := newApp(one("page.html", "not here"), handlers{
			"/{name}": func(pages *templates.Templates, request *bare.HttpRequest) bare.HttpResponse {
				return pages.StreamResponse(request, 404, request.Matches.String("name"), nil)
			},
		})
		server := baretest.NewServer(t, app)
		want(t, server.Get("/page.html"), 404, "not here")
		want(t, server.Get("/nowhere.html"), 500, "Internal Server Error")
		if !strings.Contains(log.String(), "nowhere.html") {
			t.Errorf("logged %q", log.String())
		}
	})
}

// counted is data that counts how often it is asked.
type counted struct{ asked *int }

func (c counted) Next() int { *c.asked++; return *c.asked }

// Whoever runs the body may want no more of it, while the request goes on.
func TestAStreamedPageThatNobodyTakesIsNotMade(t *testing.T) {
	pages := templates.New(bare.NewApplication(), one("page.html", "{{.Next}}{{.Next}}{{.Next}}"))
	asked := 0
	response := pages.StreamResponse(baretest.NewRequest("GET", "/", nil), 0, "page.html", counted{&asked})
	if got := baretest.Chunks(response.Body, 1); len(got) != 1 || got[0] != "1" || asked != 1 {
		t.Errorf("%q was taken, and %d made", got, asked)
	}
}

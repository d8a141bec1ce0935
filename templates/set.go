package templates

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A set is a folder of templates that have been read.
type set struct {
	pages map[string]*template.Template // by name, each with the shared templates
}

// A source is a file with a template.
type source struct{ name, text string }

// readSet reads all templates, and reports all that is wrong with them.
func readSet(config *Config) (*set, error) {
	fsys, where, err := open(config)
	if err != nil {
		return nil, fmt.Errorf("templates: the folder %s: %w", where, err)
	}
	shared, pages, err := readSources(config, fsys)
	if err != nil {
		return nil, fmt.Errorf("templates: the folder %s: %w", where, err)
	}
	base := template.New("").Funcs(config.Funcs)
	var faults []error
	for _, file := range shared {
		if _, err := base.New(file.name).Parse(file.text); err != nil {
			faults = append(faults, fault(file.name, err))
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...) // every page would have them again
	}
	s := &set{pages: make(map[string]*template.Template, len(pages))}
	for _, file := range pages {
		page, err := newPage(base, file)
		if err != nil {
			faults = append(faults, fault(file.name, err))
			continue
		}
		s.pages[file.name] = page
	}
	return s, errors.Join(faults...)
}

// fault names the file, which html/template does not in each of its errors.
func fault(name string, err error) error { return fmt.Errorf("templates: the file %q: %w", name, err) }

// open returns the folder, and what to call it in an error.
func open(config *Config) (fsys fs.FS, where string, err error) {
	if config.FS == nil && config.Folder == "" {
		return nil, `""`, errors.New("neither Folder nor FS is set")
	}
	folder := cmp.Or(config.Folder, ".")
	where = fmt.Sprintf("%q of the FS", folder)
	if config.FS != nil {
		fsys, err = fs.Sub(config.FS, folder)
	} else {
		whole, _ := filepath.Abs(folder) // "" at worst
		where = fmt.Sprintf("%q (%s)", folder, whole)
		fsys = os.DirFS(folder)
	}
	if err != nil {
		return nil, where, err
	}
	info, err := fs.Stat(fsys, ".")
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	return fsys, where, err
}

// readSources reads the files, in the order of their names.
func readSources(config *Config, fsys fs.FS) (shared, pages []source, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, cmp.Or(config.Suffix, ".html")) {
			return err
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if config.isShared(name) {
			shared = append(shared, source{name, string(text)})
		} else {
			pages = append(pages, source{name, string(text)})
		}
		return nil
	})
	return shared, pages, err
}

// isShared reports whether a template is in a folder that all pages share.
func (c *Config) isShared(name string) bool {
	folders := c.Shared
	if folders == nil {
		folders = []string{"layouts", "partials"}
	}
	for folder := range strings.SplitSeq(path.Dir(name), "/") {
		if slices.Contains(folders, folder) {
			return true
		}
	}
	return false
}

// newPage parses a page beside the shared templates.
func newPage(base *template.Template, file source) (*template.Template, error) {
	page, err := base.Clone()
	if err != nil {
		return nil, err
	}
	page = page.New(file.name)
	if _, err := page.Parse(file.text); err != nil {
		return nil, err
	}
	return page, check(page)
}

// check has html/template look at a page, which it would only do when the page is
// first executed: it then finds templates that are not there, and places where a value
// could not be made safe. What is executed here is a copy that uses the page, but
// nowhere that is reached: no function of the program is called.
func check(page *template.Template) error {
	probe, err := page.Clone()
	if err != nil {
		return err
	}
	probe, err = probe.New("check of " + page.Name()).Parse(fmt.Sprintf("{{if false}}{{template %q}}{{end}}", page.Name()))
	if err != nil {
		return err
	}
	return probe.Execute(io.Discard, nil)
}

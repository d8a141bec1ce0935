//go:build unix

package docs_test

import (
	"archive/zip"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	module  = "github.com/bare-go/bare"
	version = "v0.1.0"
)

// A registry has this module as if it were published. The go command unpacks it from
// there with all the checks that it has for a module: names, sizes, sums.
type registry struct {
	folder string
	proxy  string // the go command's GOPROXY
	cache  string // the build cache, which is the machine's
}

// newRegistry makes a folder that is a module proxy: see go help goproxy.
func newRegistry(t *testing.T) registry {
	t.Helper()
	r := registry{folder: t.TempDir()}
	versions := filepath.Join(r.folder, "proxy", filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(versions, 0o700); err != nil {
		t.Fatal(err)
	}
	goMod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"proxy/" + module + "/@v/list":                 version + "\n",
		"proxy/" + module + "/@v/" + version + ".mod":  string(goMod),
		"proxy/" + module + "/@v/" + version + ".info": `{"Version": "` + version + `", "Time": "2026-01-01T00:00:00Z"}`,
		".curlrc": "no-progress-meter\n", // which it shows where its output is no terminal
	} {
		if err := os.WriteFile(filepath.Join(r.folder, filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	zipModule(t, filepath.Join(versions, version+".zip"))
	// What this test was built with is in the module cache, which is a proxy as well.
	settings := strings.Split(goEnv(t, "GOMODCACHE", "GOPROXY", "GOCACHE"), "\n")
	r.proxy = strings.Join([]string{"file://" + filepath.Join(r.folder, "proxy"), "file://" + settings[0] + "/cache/download", settings[1]}, ",")
	r.cache = settings[2]
	return r
}

// environment is what a command needs to get modules from the registry, into a
// folder that can be deleted afterwards.
func (r registry) environment() []string {
	return append(os.Environ(),
		"GOPROXY="+r.proxy,
		"GOCACHE="+r.cache,
		"GOMODCACHE="+filepath.Join(r.folder, "modules"),
		"GOFLAGS=-modcacherw",
		"GOSUMDB=off", // it has never heard of this version
		"GONOPROXY=none",
		"GOWORK=off",
		"CURL_HOME="+r.folder,
	)
}

// zipModule writes the files that belong to the root module: those of nested
// modules do not, see https://go.dev/ref/mod#zip-files.
func zipModule(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	archive := zip.NewWriter(file)
	root := os.DirFS("..")
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if entry.IsDir() {
			if _, err := fs.Stat(root, name+"/go.mod"); err == nil || entry.Name() == ".git" || entry.Name() == "vendor" {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || entry.Name() == ".git" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		writer, err := archive.Create(module + "@" + version + "/" + name)
		if err == nil {
			_, err = writer.Write(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
}

// goEnv returns the go command's settings, one a line.
func goEnv(t *testing.T, names ...string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(output)
}

package static

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// bufferSize is how much of a file is read at a time.
const bufferSize = 32 << 10

// A site is an open folder.
type site struct {
	files   *Files
	fsys    fs.FS
	escapes error             // what a folder on disk says of a path that leads out of it; nil for an FS
	tags    map[string]string // the entity tags of the files without a time of last change
	buffers sync.Pool         // of *[]byte
}

// openSite opens a folder, or says what is wrong with it.
func openSite(files *Files, logger *slog.Logger) (*site, error) {
	s := &site{files: files}
	s.buffers.New = func() any {
		buffer := make([]byte, bufferSize)
		return &buffer
	}
	if err := s.open(); err != nil {
		return nil, err
	}
	if files.Fallback != "" {
		if info, err := s.stat(files.Fallback); err != nil || info.IsDir() {
			return nil, fmt.Errorf("static: the fallback %q: %w", files.Fallback, cmp.Or(err, errNoFile))
		}
	}
	if err := s.hash(logger); err != nil {
		return nil, err
	}
	return s, nil
}

// What is wrong with a path that is there.
var (
	errNoFile   = errors.New("it is a folder")
	errNoFolder = errors.New("it is no folder")
)

func (s *site) open() error {
	switch {
	case s.files.FS == nil && s.files.Folder == "":
		return errors.New("static: neither Folder nor FS is set")
	case s.files.FS == nil:
		return s.openRoot()
	}
	folder := cmp.Or(s.files.Folder, ".")
	info, err := fs.Stat(s.files.FS, folder)
	if err == nil && !info.IsDir() {
		err = errNoFolder
	}
	if err == nil {
		s.fsys, err = fs.Sub(s.files.FS, folder)
	}
	if err != nil {
		return fmt.Errorf("static: the folder %q of the FS: %w", folder, err)
	}
	return nil
}

// openRoot opens a folder on disk. It is closed when nobody has it any more: a
// download goes on while the application stops.
func (s *site) openRoot() error {
	root, err := os.OpenRoot(s.files.Folder)
	if err != nil {
		whole, _ := filepath.Abs(s.files.Folder) // "" at worst
		return fmt.Errorf("static: the folder %q (%s): %w", s.files.Folder, whole, err)
	}
	s.fsys = root.FS()
	// The error of a path that leads out has no name of its own.
	_, err = root.Stat("..")
	s.escapes = errors.Unwrap(err)
	return nil
}

// errSpecial is the error of what is neither a file nor a folder: to open a named
// pipe would wait for somebody to write to it.
var errSpecial = fmt.Errorf("static: neither a file nor a folder: %w", fs.ErrNotExist)

// stat looks at a file without opening it.
func (s *site) stat(name string) (fs.FileInfo, error) {
	if !valid(name) {
		return nil, fs.ErrNotExist
	}
	info, err := fs.Stat(s.fsys, name)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = errSpecial
	}
	return info, err
}

// valid reports whether a file can have the name. A client chooses it, so that one
// that no file can have is a 404 and not a failure.
func valid(name string) bool {
	if !fs.ValidPath(name) || strings.ContainsRune(name, 0) {
		return false
	}
	for segment := range strings.SplitSeq(name, "/") {
		if len(segment) > 255 {
			return false
		}
	}
	return true
}

// hasIndex reports whether a folder has an index.
func (s *site) hasIndex(folder string) bool {
	name := path.Join(folder, index)
	info, err := s.stat(name)
	return err == nil && !info.IsDir() && !s.files.hides(name)
}

// isMissing reports whether an error means that there is no such file: it is not
// there, a file is where a folder would be, or a symbolic link leads out.
func (s *site) isMissing(name string, err error) bool {
	if errors.Is(err, fs.ErrNotExist) || s.escapes != nil && errors.Is(err, s.escapes) {
		return true
	}
	// From the top, so that the number of looks is that of the folders that there are,
	// and not that of the slashes that a client has sent.
	for i := range len(name) {
		if name[i] != '/' {
			continue
		}
		info, err := fs.Stat(s.fsys, name[:i])
		if err != nil {
			return errors.Is(err, fs.ErrNotExist)
		}
		if !info.IsDir() {
			return true
		}
	}
	return false
}

// A content is an open file.
type content struct {
	io.ReadSeeker

	info  fs.FileInfo
	close func()
}

// openContent opens a file.
func (s *site) openContent(name string) (*content, error) {
	file, err := s.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	c := &content{close: func() { _ = file.Close() }} // it has been read, so nothing is lost
	if c.info, err = file.Stat(); err != nil {
		c.close()
		return nil, err
	}
	seeker, ok := file.(io.ReadSeeker)
	if !ok {
		c.close()
		return nil, fmt.Errorf("static: the file %q of the FS is no io.Seeker", name)
	}
	c.ReadSeeker = seeker
	return c, nil
}

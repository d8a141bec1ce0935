package static

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strconv"
	"time"
)

// How many files of an FS are looked at when the application starts, and how many bytes
// of those without a time of last change are hashed.
const (
	maxHashedFiles = 10_000
	maxHashedBytes = 256 << 20
)

// fresh is how long a file on disk may change again without its time telling: clocks
// of file systems are coarse.
const fresh = 2 * time.Second

// hash makes the entity tags of the files that have no time of last change. A folder
// on disk has none of those, and is not looked through.
func (s *site) hash(logger *slog.Logger) error {
	if s.files.FS == nil {
		return nil
	}
	s.tags = make(map[string]string)
	looked, hashed := 0, int64(0)
	err := fs.WalkDir(s.fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		timeless := info.ModTime().IsZero()
		if timeless {
			hashed += info.Size()
		}
		if looked++; looked > maxHashedFiles || hashed > maxHashedBytes {
			if len(s.tags) > 0 || timeless {
				logger.Warn("static: too many files for an entity tag each",
					slog.String("first_without", name), slog.Int("files_with", len(s.tags)))
			}
			return fs.SkipAll
		}
		if timeless {
			s.tags[name], err = hashFile(s.fsys, name)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("static: an entity tag: %w", err)
	}
	return nil
}

// hashFile is the entity tag of a file's content.
func hashFile(fsys fs.FS, name string) (string, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // it was only read
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return fmt.Sprintf(`"%x"`, sum.Sum(nil)[:16]), nil
}

// tag is the entity tag of a form of a file (RFC 9110, section 8.8.3), "" for none.
func (s *site) tag(v variant, info fs.FileInfo) string {
	changed := info.ModTime()
	if changed.IsZero() {
		return s.tags[v.name]
	}
	tag := make([]byte, 0, 48)
	if time.Since(changed) < fresh {
		tag = append(tag, "W/"...)
	}
	tag = append(tag, '"')
	tag = strconv.AppendInt(tag, changed.UnixNano(), 36)
	tag = append(tag, '-')
	tag = strconv.AppendInt(tag, info.Size(), 36)
	if v.coding != "" { // the file itself may have the same time and size
		tag = append(append(tag, '-'), v.coding...)
	}
	return string(append(tag, '"'))
}

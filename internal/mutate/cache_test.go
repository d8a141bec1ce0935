package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestACacheOfLinksIsPrunedToThem(t *testing.T) {
	from, dir := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	old := filepath.Join("00", "old")
	if err := makeDirs(filepath.Join(from, "00")); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(filepath.Join(from, old), []byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := linkCache(from, dir); err != nil {
		t.Fatal(err)
	}
	added := filepath.Join(dir, "00", "new")
	if err := writeFile(added, nil); err != nil {
		t.Fatal(err)
	}
	if err := prune(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(added); !os.IsNotExist(err) {
		t.Errorf("what was added is still there: %v", err)
	}
	for _, name := range []string{filepath.Join(from, old), filepath.Join(dir, old)} {
		if content, err := os.ReadFile(name); err != nil || string(content) != "old" {
			t.Errorf("%s: got %q, %v", name, content, err)
		}
	}
}

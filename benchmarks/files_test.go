//go:build unix

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestTheFileIsWholeFromBoth(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, fileName), chunkOf(fileSize), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{raw, ours} {
		c, err := contenderNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		addr := listening(t, c, &service{files: folder})
		if err := download(t.Context(), new(http.Client), "http://"+addr+"/files/"+fileName); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

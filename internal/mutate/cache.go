package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// newCache makes a build cache out of links to the user's. Each mutant adds some
// megabytes that are never used again, and the user's cache would keep them for
// days.
func newCache(ctx context.Context, dir string) error {
	output, err := command(ctx, "", "go", "env", "GOCACHE").Output()
	if err != nil {
		return withOutput(err)
	}
	return linkCache(string(bytes.TrimSpace(output)), dir)
}

func linkCache(from, dir string) error {
	parts, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if !part.IsDir() {
			continue
		}
		if err := linkAll(filepath.Join(from, part.Name()), filepath.Join(dir, part.Name())); err != nil {
			return err
		}
	}
	return nil
}

func linkAll(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := makeDirs(to); err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// prune removes what has been added to a cache of links.
func prune(dir string) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		// The go command may be removing an old entry itself.
		if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

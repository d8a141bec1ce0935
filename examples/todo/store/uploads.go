package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
)

// A Progress says how much of an upload has come, in bytes.
type Progress struct {
	Received int64 `json:"received"`
	Total    int64 `json:"total"` // -1 if the client has not said it
}

// A File is an upload that is complete. Its content is not kept: give it to a disk or a
// bucket where Receive reads it.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

type fileKey struct{ user, name string }

// An upload is one that is awaited, under way, complete, or broken off. Its fields are
// guarded by the store's mutex.
type upload struct {
	progress  Progress
	begun     bool
	ended     bool
	err       error         // ErrBroken if it broke off
	followers int           // those in Follow
	changed   chan struct{} // closed at each change, and replaced
}

// Receive reads a file to its end. It returns ErrTaken if there is one of that name, or
// the error of content: the name is free again then.
func (s *Store) Receive(user, name string, total int64, content io.Reader) (File, error) {
	key := fileKey{user, name}
	u, err := s.begin(key, total)
	if err != nil {
		return File{}, err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, io.TeeReader(content, writer(func(chunk []byte) {
		s.change(u, func() { u.progress.Received += int64(len(chunk)) })
	})))
	s.change(u, func() {
		u.ended = true
		if err != nil {
			u.err = ErrBroken
			delete(s.uploads, key)
		}
	})
	return File{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
}

// Follow yields how far an upload is: now, if it has begun, and whenever that changes. It
// may be followed before it begins. The loop ends when the upload is complete. ErrBroken is
// yielded last when it broke off, and the cause of ctx when that has ended.
func (s *Store) Follow(ctx context.Context, user, name string) iter.Seq2[Progress, error] {
	return func(yield func(Progress, error) bool) {
		u, leave := s.follow(fileKey{user, name})
		defer leave()
		for {
			s.mutex.Lock()
			now := *u
			s.mutex.Unlock()
			if now.begun && !yield(now.progress, now.err) || now.ended {
				return
			}
			select {
			case <-now.changed:
			case <-ctx.Done():
				yield(now.progress, context.Cause(ctx))
				return
			}
		}
	}
}

func (s *Store) begin(key fileKey, total int64) (*upload, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	u := s.find(key)
	if u.begun {
		return nil, ErrTaken
	}
	u.begun, u.progress.Total = true, total
	u.announce()
	return u, nil
}

// find returns the upload of a name, which may have to begin yet.
func (s *Store) find(key fileKey) *upload {
	if s.uploads[key] == nil {
		s.uploads[key] = &upload{changed: make(chan struct{})}
	}
	return s.uploads[key]
}

func (s *Store) change(u *upload, do func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	do()
	u.announce()
}

func (s *Store) follow(key fileKey) (u *upload, leave func()) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	u = s.find(key)
	u.followers++
	return u, func() {
		s.mutex.Lock()
		defer s.mutex.Unlock()
		if u.followers--; u.followers == 0 && !u.begun {
			delete(s.uploads, key) // nobody waits for it any more
		}
	}
}

func (u *upload) announce() {
	close(u.changed)
	u.changed = make(chan struct{})
}

// A writer is told of each chunk.
type writer func(chunk []byte)

func (w writer) Write(chunk []byte) (int, error) {
	w(chunk)
	return len(chunk), nil
}

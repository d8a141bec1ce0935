// Package store keeps what the service is about: users, their todos, and the files that
// they upload. It knows nothing of HTTP, and is in memory.
package store

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"
)

// What can go wrong in a store. The texts may be shown to users.
var (
	ErrNotFound = errors.New("there is no such todo")
	ErrTaken    = errors.New("there is a file of that name already")
	ErrPassword = errors.New("the user or the password is wrong")
	ErrBroken   = errors.New("the upload broke off")
)

// An InvalidError says what is wrong with a value. Its text may be shown to users.
type InvalidError struct{ Message string }

func (e InvalidError) Error() string { return e.Message }

// MaxTitle is how many characters a title may have.
const MaxTitle = 100

// A Draft is a todo as a user writes it.
type Draft struct {
	Title string `json:"title"`
	Done  bool   `json:"done"`
}

// Validate returns an InvalidError if the title is empty or too long.
func (d Draft) Validate() error {
	switch {
	case d.Title == "":
		return InvalidError{"The title is missing."}
	case utf8.RuneCountInString(d.Title) > MaxTitle:
		return InvalidError{"The title is too long."}
	}
	return nil
}

// A Todo is a draft that has a number.
type Todo struct {
	ID    int64  `json:"id"`
	Title string `json:"title"`
	Done  bool   `json:"done"`
}

// A Store keeps everything, and is safe for concurrent use. It is made by New.
type Store struct {
	users users

	mutex   sync.Mutex
	last    int64 // the number of the todo that was created last
	todos   map[string]map[int64]Todo
	uploads map[fileKey]*upload
}

// New returns a store with the users, by their names, and their passwords.
func New(passwords map[string]string, options Options) (*Store, error) {
	users, err := newUsers(passwords, options)
	if err != nil {
		return nil, err
	}
	return &Store{users: users, todos: make(map[string]map[int64]Todo), uploads: make(map[fileKey]*upload)}, nil
}

// List returns the todos of a user, in the order in which they were created. It is never
// nil, so that its JSON is a list.
func (s *Store) List(user string) []Todo {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	list := slices.AppendSeq(make([]Todo, 0, len(s.todos[user])), maps.Values(s.todos[user]))
	slices.SortFunc(list, func(a, b Todo) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Get returns a todo of a user, or ErrNotFound.
func (s *Store) Get(user string, id int64) (Todo, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	todo, ok := s.todos[user][id]
	if !ok {
		return Todo{}, ErrNotFound
	}
	return todo, nil
}

// Create adds a todo.
func (s *Store) Create(user string, draft Draft) Todo {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.todos[user] == nil {
		s.todos[user] = make(map[int64]Todo)
	}
	s.last++
	todo := Todo{ID: s.last, Title: draft.Title, Done: draft.Done}
	s.todos[user][s.last] = todo
	return todo
}

// Update replaces a todo, and returns it, or ErrNotFound.
func (s *Store) Update(user string, id int64, draft Draft) (Todo, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.todos[user][id]; !ok {
		return Todo{}, ErrNotFound
	}
	todo := Todo{ID: id, Title: draft.Title, Done: draft.Done}
	s.todos[user][id] = todo
	return todo, nil
}

// Delete removes a todo, or returns ErrNotFound.
func (s *Store) Delete(user string, id int64) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, ok := s.todos[user][id]; !ok {
		return ErrNotFound
	}
	delete(s.todos[user], id)
	return nil
}

package bare

import (
	"iter"
	"maps"
	"sync"
)

// Info is what an application's handlers share: a database, a configuration, a
// name. It is safe for concurrent use. A nil Info is empty.
type Info struct {
	mutex  sync.RWMutex
	values map[string]any
}

// Get returns the value set for key, nil when there is none.
func (i *Info) Get(key string) any {
	value, _ := i.Lookup(key)
	return value
}

// Lookup returns the value set for key, and whether one was set.
func (i *Info) Lookup(key string) (any, bool) {
	if i == nil {
		return nil, false
	}
	i.mutex.RLock()
	defer i.mutex.RUnlock()
	value, ok := i.values[key]
	return value, ok
}

// Set sets the value for key. What the value points to is shared as well: it
// must itself be safe for concurrent use.
func (i *Info) Set(key string, value any) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	if i.values == nil {
		i.values = make(map[string]any)
	}
	i.values[key] = value
}

// Delete removes the value set for key, if there is one.
func (i *Info) Delete(key string) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	delete(i.values, key)
}

// All yields each key and its value, as they were when the loop began, in no
// particular order.
func (i *Info) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if i == nil {
			return
		}
		i.mutex.RLock()
		values := maps.Clone(i.values)
		i.mutex.RUnlock()
		for key, value := range values {
			if !yield(key, value) {
				return
			}
		}
	}
}

package routing

// children are what follows the literals at one place, by their text. Mostly
// there is one, which needs no map. The zero value is empty.
type children[T any] struct {
	text  string
	first *T
	more  map[string]*T
}

// get returns the child behind a text, nil if there is none.
func (c *children[T]) get(text string) *T {
	if c.text == text {
		return c.first
	}
	return c.more[text]
}

// put enters a child for a text that has none.
func (c *children[T]) put(text string, child *T) {
	if c.first == nil {
		c.text, c.first = text, child
		return
	}
	if c.more == nil {
		c.more = make(map[string]*T)
	}
	c.more[text] = child
}

func (c *children[T]) count() int {
	if c.first == nil {
		return 0
	}
	return 1 + len(c.more)
}

// all calls do for each child, in no order.
func (c *children[T]) all(do func(text string, child *T)) {
	if c.first != nil {
		do(c.text, c.first)
	}
	for text, child := range c.more {
		do(text, child)
	}
}

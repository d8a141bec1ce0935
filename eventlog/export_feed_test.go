package eventlog

// Look is the first half of [Feed.Next], for a cursor in the window: it finds records.
func (f *Feed) Look(c *Cursor) []byte { return c.nextInWindow(f.options.Compacted) }

// AtTail is the second half, which finds that there are none, and false if there are by
// now.
func (f *Feed) AtTail(c *Cursor) (Status, bool) { return f.atTail(c) }

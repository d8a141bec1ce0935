// Package tiny has one function for each thing that may become of a mutant.
package tiny

import "errors"

// Most is tested, and is in no function.
const Most = 3

// Clamp is well tested.
func Clamp(n, limit int) int {
	if n >= limit {
		n = limit
	}
	return n
}

// Sign is tested badly: nobody looks at what it returns.
func Sign(n int) int {
	if n < 0 {
		return -1
	}
	return 7
}

// Count loops for ever without its decrement.
func Count(n int) (rounds int) {
	for n > 0 {
		n--
		rounds++
	}
	return rounds
}

// Forgotten is not tested.
func Forgotten() bool { return true }

// Guard calls recover, which works in a deferred function only.
func Guard(failed *bool) {
	if recover() != nil {
		*failed = true
	}
}

// Refuse does not compile with an index too large, nor Fail without package errors.
func Refuse() int {
	pair := [2]int{1, 2}
	return pair[1]
}

// Fail always fails.
func Fail() error { return errors.New("tiny: failed") }

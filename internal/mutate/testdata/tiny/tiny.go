// Package tiny has one function for each thing that may become of a mutant.
package tiny

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

package middleware

import (
	"errors"
	"fmt"
	"strings"
)

// check panics with the mistakes that were made in a struct, if there are any.
func check(name string, mistakes ...error) {
	if err := errors.Join(mistakes...); err != nil {
		text := strings.ReplaceAll(err.Error(), "\n", "; ")
		panic("middleware: " + name + ": " + text) //nolint:forbidigo // a programmer's error, at registration
	}
}

// notNegative is the mistake of a negative number.
func notNegative[T ~int | ~int64](name string, n T) error {
	if n < 0 {
		return fmt.Errorf("%s is negative: %v", name, n)
	}
	return nil
}

// isToken reports whether text is a token (RFC 9110, section 5.6.2), as the names of
// headers are.
func isToken(text string) bool {
	for i := range len(text) {
		if b := text[i]; !isAlphanumeric(b) && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(b)) {
			return false
		}
	}
	return text != ""
}

func isAlphanumeric(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// Package quoted takes the values of headers apart, in which quoted strings may hold
// what would otherwise separate (RFC 9110, section 5.6.4).
package quoted

import "strings"

// Cut cuts a text at the first separator that is in no quoted string. Without one,
// before is the whole text, and after is empty. It returns false if a quoted string in
// before does not end.
func Cut(text string, separator byte) (before, after string, ok bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == '"':
			quoted = !quoted
		case quoted && b == '\\':
			i++ // the next byte stands for itself
		case !quoted && b == separator:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", !quoted
}

// Unquote returns what a quoted string stands for. It returns false if the text is not
// one quoted string.
func Unquote(text string) (value string, ok bool) {
	inside, opened := strings.CutPrefix(text, `"`)
	inside, closed := strings.CutSuffix(inside, `"`)
	if !opened || !closed {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(inside); i++ {
		if inside[i] == '"' {
			return "", false
		}
		if inside[i] == '\\' {
			if i++; i == len(inside) {
				return "", false
			}
		}
		b.WriteByte(inside[i])
	}
	return b.String(), true
}

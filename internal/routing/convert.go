package routing

import (
	"strconv"
	"strings"
	"time"
)

// longestNumber is how many bytes a number may have. The shortest digits of any
// float64 need no more than 343 without an exponent. Without a bound, a path's
// length would set the cost of each route that has a number in the place.
const longestNumber = 400

// parseInt reads ASCII decimal digits with an optional sign, within int64. The
// shape is checked first: strconv's errors allocate, and a text that is no
// number is ordinary here, it belongs to the next route.
func parseInt(text string) (int64, bool) {
	digits := text
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	if digits == "" || len(text) > longestNumber {
		return 0, false
	}
	for i := range len(digits) {
		if !isDigit(digits[i]) {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// parseFloat reads an ASCII decimal number with an optional sign and exponent,
// within float64. What strconv knows beyond that (nan, inf, hexadecimal and
// underscores) has a character that is refused here.
func parseFloat(text string) (float64, bool) {
	if len(text) > longestNumber {
		return 0, false
	}
	digits := 0
	for i := range len(text) {
		switch c := text[i]; {
		case isDigit(c):
			digits++
		case c == '+', c == '-', c == '.', c == 'e', c == 'E':
		default:
			return 0, false
		}
	}
	if digits == 0 {
		return 0, false
	}
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// parseRFC3339 reads the time of RFC 3339, section 5.6. As in the original there
// is no year 0 and no fraction of more than six digits. The shape is checked
// first: [time.Parse] also takes an hour of one digit and a comma, and its errors
// allocate.
func parseRFC3339(text string) (time.Time, bool) {
	const seconds, longest = len("0000-00-00T00:00:00"), len("0000-00-00T00:00:00.000000+00:00")
	if len(text) <= seconds || len(text) > longest || !hasShape(text[:seconds], "0000-00-00T00:00:00") {
		return time.Time{}, false
	}
	zone := text[seconds:]
	if fraction := strings.TrimLeft(zone[1:], "0123456789"); zone[0] == '.' {
		if digits := len(zone) - 1 - len(fraction); digits < 1 || digits > 6 {
			return time.Time{}, false
		}
		zone = fraction
	}
	// An offset is less than a day, where time.Parse would take a day and an
	// hour's sixtieth minute.
	if zone != "Z" && (!hasShape(zone, "+00:00") && !hasShape(zone, "-00:00") || zone[1:3] > "23" || zone[4:] > "59") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil && t.Year() >= 1
}

// hasShape reports whether text is like shape, whose zeros stand for any digit.
func hasShape(text, shape string) bool {
	if len(text) != len(shape) {
		return false
	}
	for i := range len(shape) {
		if shape[i] == '0' && !isDigit(text[i]) || shape[i] != '0' && text[i] != shape[i] {
			return false
		}
	}
	return true
}

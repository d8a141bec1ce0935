package bare

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/itchyny/timefmt-go"
)

// parseInt reads ASCII decimal digits with an optional sign, within int64. The
// shape is checked first: strconv's errors allocate, and a text that is no
// number is ordinary here, it belongs to the next route.
func parseInt(text string) (int64, bool) {
	digits := text
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	if digits == "" {
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

// A datetimeFormat is a strptime format. Nil stands for RFC 3339.
type datetimeFormat struct {
	text       string
	directives string // the letters after the percent signs; of composite ones, those that matter here
}

// newDatetimeFormat checks that the format can read what it writes: one that
// cannot (an unknown directive, a stray percent sign) would never match.
func newDatetimeFormat(text string) (*datetimeFormat, error) {
	sample := timefmt.Format(time.Date(2006, time.January, 2, 15, 4, 5, 0, time.UTC), text)
	if _, err := timefmt.ParseInLocation(sample, text, time.UTC); err != nil {
		return nil, fmt.Errorf("the format %q cannot be read: %w", text, errors.Unwrap(err)) // without the sample
	}
	f := &datetimeFormat{text: text}
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		i++
		switch text[i] {
		case 'c', '+':
			f.directives += "mdYS"
		case 'D', 'F', 'x', 'v':
			f.directives += "mdY"
		case 'T', 'X', 'r':
			f.directives += "S"
		default:
			f.directives += text[i : i+1]
		}
	}
	return f, nil
}

func (f *datetimeFormat) has(directives string) bool {
	return strings.ContainsAny(f.directives, directives)
}

// parse reads a time. Without an offset in the text it is in UTC.
func (f *datetimeFormat) parse(text string) (time.Time, bool) {
	if f == nil {
		return parseRFC3339(text)
	}
	t, err := timefmt.ParseInLocation(text, f.text, time.UTC)
	if err != nil || !f.wholeYear(text, t) || f.rolledOver(text, t) {
		return time.Time{}, false
	}
	// An ISO week is no date without its day.
	if f.has("V") && !f.has("uwaA") {
		return time.Time{}, false
	}
	// A zone's name does not tell its offset: any other one would silently be
	// read as UTC.
	zone, offset := t.Zone()
	if f.has("Z") && offset == 0 && zone != "" && zone != "UTC" && zone != "GMT" {
		return time.Time{}, false
	}
	return t, true
}

// wholeYear reports whether the year has the four digits that strptime wants.
// The library takes fewer, and a minus sign.
func (f *datetimeFormat) wholeYear(text string, t time.Time) bool {
	switch year := t.Year(); {
	case year < 1:
		return false
	case year < 1000 && f.has("YG"):
		return strings.Contains(text, fmt.Sprintf("%04d", year))
	}
	return true
}

// rolledOver reports whether the text names a day or a second that there is
// not: the library makes the 29th of February 2001 the 1st of March. So the text
// is read once more with a day and a second that there are in any case, and the
// month and the minute must be the same.
func (f *datetimeFormat) rolledOver(text string, t time.Time) bool {
	if f.has("sG") || !f.has("djeS") {
		return false // no such parts, or given in another way
	}
	u, err := timefmt.ParseInLocation(text+"|1|0", f.text+"|%d|%S", time.UTC)
	if err != nil {
		return true
	}
	return t.Minute() != u.Minute() || t.Hour() != u.Hour() ||
		f.has("de") && t.Month() != u.Month() ||
		f.has("j") && t.Year() != u.Year()
}

// parseRFC3339 reads the time of RFC 3339, section 5.6. As in the original there
// is no year 0 and no fraction of more than six digits. The shape is checked
// first: [time.Parse] also takes an hour of one digit and a comma, and its errors
// allocate.
func parseRFC3339(text string) (time.Time, bool) {
	const seconds = len("0000-00-00T00:00:00")
	if len(text) <= seconds || !hasShape(text[:seconds], "0000-00-00T00:00:00") {
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

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
	directives string // the letters after the percent signs, composite ones written out
}

// newDatetimeFormat checks that the format can read what it writes: one that
// cannot (an unknown directive, a stray percent sign) would never match.
func newDatetimeFormat(text string) (*datetimeFormat, error) {
	sample := timefmt.Format(time.Date(2006, time.January, 2, 15, 4, 5, 0, time.UTC), text)
	if _, err := timefmt.ParseInLocation(sample, text, time.UTC); err != nil {
		return nil, fmt.Errorf("the format %q cannot be read: %w", text, errors.Unwrap(err))
	}
	f := &datetimeFormat{text: text}
	for i := 0; i+1 < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		i++
		switch text[i] {
		case 'c', 'D', 'F', 'x', 'v', '+':
			f.directives += "mdY"
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
	u, err := timefmt.ParseInLocation(text+" 1 0", f.text+" %d %S", time.UTC)
	if err != nil {
		return true
	}
	return t.Minute() != u.Minute() || t.Hour() != u.Hour() ||
		f.has("de") && t.Month() != u.Month() ||
		f.has("j") && t.Year() != u.Year()
}

// parseRFC3339 reads the time of RFC 3339, section 5.6, strictly: [time.Parse]
// takes a comma in the seconds, and UnmarshalText an offset of 24 hours. As in
// the original there is no year 0 and nothing finer than a microsecond.
func parseRFC3339(text string) (time.Time, bool) {
	const shortest = len("2006-01-02T15:04:05Z")
	if len(text) < shortest || !isDigit(text[0]) {
		return time.Time{}, false // before an error is allocated
	}
	var t time.Time
	if err := t.UnmarshalText([]byte(text)); err != nil {
		return time.Time{}, false
	}
	_, offset := t.Zone()
	const day = 24 * 60 * 60
	return t, t.Year() >= 1 && t.Nanosecond()%int(time.Microsecond) == 0 && -day < offset && offset < day
}

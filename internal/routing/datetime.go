package routing

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itchyny/timefmt-go"
)

// A datetimeFormat is a strptime format. Nil stands for RFC 3339.
type datetimeFormat struct {
	text       string // as the pattern has it
	layout     string // the same, with %::z for %z: see offsets
	directives string // the letters after the percent signs; of composite ones, those that matter here
	longest    int    // no text of more bytes is read
}

// newDatetimeFormat checks that the format can read what it writes: one that
// cannot (an unknown directive, a stray percent sign) would never match.
func newDatetimeFormat(text string) (*datetimeFormat, error) {
	sample := timefmt.Format(time.Date(2006, time.January, 2, 15, 4, 5, 0, time.UTC), text)
	if _, err := timefmt.ParseInLocation(sample, text, time.UTC); err != nil {
		return nil, fmt.Errorf("the format %q cannot be read: %w", text, errors.Unwrap(err)) // without the sample
	}
	f := &datetimeFormat{text: text, longest: len(text)}
	var layout strings.Builder
	for i := 0; i < len(text); i++ {
		layout.WriteByte(text[i])
		if text[i] != '%' {
			continue
		}
		i++ // the sample was read: a letter follows
		if text[i] == 'z' {
			layout.WriteString("::")
		}
		layout.WriteByte(text[i])
		f.add(text[i])
	}
	f.layout = layout.String()
	if strings.Count(f.directives, "z") > 1 {
		return nil, fmt.Errorf("the format %q has %%z twice", text)
	}
	return f, nil
}

// add enters the directive into what is known of the format.
func (f *datetimeFormat) add(directive byte) {
	f.longest += longestText(directive)
	switch directive {
	case 'c', '+':
		f.directives += "mdYS"
	case 'D', 'F', 'x', 'v':
		f.directives += "mdY"
	case 'T', 'X', 'r':
		f.directives += "S"
	default:
		f.directives += string(rune(directive))
	}
}

// longestText is how many bytes a directive reads at most, or more. White space,
// the names of zones and the leading zeros of Unix seconds have no end in the
// library; here they have one. Without it, a path's length would set the cost of
// each format that is tried for it.
func longestText(directive byte) int {
	switch directive {
	case 'n', 't', 'Z', 's':
		return 32
	case '+': // %a %b %e %H:%M:%S %Z %Y
		return 64
	case 'c', 'v', 'r', 'F', 'D', 'x', 'T', 'X', 'R':
		return 32
	case 'A', 'B', ':', 'z': // Wednesday, September, +01:02:03
		return 9
	}
	return 6 // %f
}

func (f *datetimeFormat) has(directives string) bool {
	return strings.ContainsAny(f.directives, directives)
}

// same reports whether two formats read the same texts.
func (f *datetimeFormat) same(g *datetimeFormat) bool {
	return f == g || f != nil && g != nil && f.text == g.text
}

// parse reads a time. Without an offset in the text it is in UTC.
func (f *datetimeFormat) parse(text string) (time.Time, bool) {
	switch {
	case f == nil:
		return parseRFC3339(text)
	case len(text) > f.longest:
		return time.Time{}, false
	case !f.has("z"):
		return f.read(text)
	}
	for spelled := range offsets(text) {
		if t, ok := f.read(spelled); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

// read reads a text whose offset is written out.
func (f *datetimeFormat) read(text string) (time.Time, bool) {
	t, err := timefmt.ParseInLocation(text, f.layout, time.UTC)
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
	u, err := timefmt.ParseInLocation(text+"|1|0", f.layout+"|%d|%S", time.UTC)
	if err != nil {
		return true
	}
	return t.Minute() != u.Minute() || t.Hour() != u.Hour() ||
		f.has("de") && t.Month() != u.Month() ||
		f.has("j") && t.Year() != u.Year()
}

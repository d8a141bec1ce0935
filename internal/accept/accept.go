// Package accept reads lists that are weighted by quality, as Accept,
// Accept-Encoding and Accept-Language are (RFC 9110, section 12.4.2).
package accept

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/bare-go/bare/internal/quoted"
)

// A preference is one member of such a list.
type preference struct {
	name    string // in lower case, without parameters: a media range, a coding, a language
	quality int    // in thousandths: 0 means not acceptable, 1000 is the most, and the default
}

// Preferences are such a list. nil is an empty one, or a header that is not there.
type Preferences []preference

// Parse reads the values of a header, which together are one list. Empty members are
// skipped (RFC 9110, section 5.6.1), and so are those whose weight is malformed: what
// they mean is a guess. Other parameters are dropped.
func Parse(values []string) Preferences {
	var list Preferences
	for _, rest := range values {
		for rest != "" {
			var member string
			member, rest, _ = quoted.Cut(rest, ',')
			if parsed, ok := parsePreference(member); ok {
				list = append(list, parsed)
			}
		}
	}
	return list
}

// Quality returns the weight of the first of the names that is in the list, and 0
// if none is. The names go from the most specific one to the least, as in
// "text/html", "text/*", "*/*" (RFC 9110, section 12.5.1). A name that is there
// several times has the highest of its weights.
func (p Preferences) Quality(names ...string) int {
	for _, name := range names {
		if quality, listed := p.lookup(name); listed {
			return quality
		}
	}
	return 0
}

// lookup returns the weight of a name, and whether it is in the list.
func (p Preferences) lookup(name string) (quality int, listed bool) {
	for _, member := range p {
		if member.name == name {
			quality, listed = max(quality, member.quality), true
		}
	}
	return quality, listed
}

// MediaType returns the weight of a media type, by the most specific range that it is
// in (RFC 9110, section 12.5.1). Its parameters count for nothing, as those of the
// ranges do.
func (p Preferences) MediaType(mediaType string) int {
	name, _, _ := strings.Cut(mediaType, ";")
	name = strings.ToLower(trimSpace(name))
	major, _, _ := strings.Cut(name, "/")
	return p.Quality(name, major+"/*", "*/*")
}

// ByQuality yields the names with their weights, the best first, and equals as they
// stand in the list.
func (p Preferences) ByQuality() iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		sorted := slices.Clone(p)
		slices.SortStableFunc(sorted, func(a, b preference) int { return cmp.Compare(b.quality, a.quality) })
		for _, member := range sorted {
			if !yield(member.name, member.quality) {
				return
			}
		}
	}
}

// Refuses reports whether the first of the names that is in the list has a weight of
// 0. It does not if none is there.
func (p Preferences) Refuses(names ...string) bool {
	for _, name := range names {
		if quality, listed := p.lookup(name); listed {
			return quality == 0
		}
	}
	return false
}

func parsePreference(member string) (parsed preference, ok bool) {
	name, parameters, _ := quoted.Cut(member, ';')
	parsed = preference{name: strings.ToLower(trimSpace(name)), quality: 1000}
	for parameters != "" {
		var parameter string
		parameter, parameters, _ = quoted.Cut(parameters, ';')
		key, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(trimSpace(key), "q") {
			parsed.quality, ok = parseWeight(trimSpace(value))
			return parsed, ok && parsed.name != ""
		}
	}
	return parsed, parsed.name != ""
}

// parseWeight reads a weight in thousandths: a number from 0 to 1 with at most
// three decimals (RFC 9110, section 12.4.2).
func parseWeight(weight string) (thousandths int, ok bool) {
	whole, decimals, _ := strings.Cut(weight, ".")
	if whole != "0" && whole != "1" || len(decimals) > 3 {
		return 0, false
	}
	for _, digit := range []byte(whole + (decimals + "000")[:3]) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		thousandths = thousandths*10 + int(digit-'0')
	}
	return thousandths, thousandths <= 1000
}

// trimSpace trims optional whitespace (RFC 9110, section 5.6.3).
func trimSpace(text string) string { return strings.Trim(text, " \t") }

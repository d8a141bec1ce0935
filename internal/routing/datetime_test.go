package routing

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/itchyny/timefmt-go"
)

func TestDatetimesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, pattern, path string }{
		{"a day beyond its month", "/{d:datetime:%d.%m.%Y}", "/31.04.2001"},
		{"the 366th day of a common year", "/{d:datetime:%Y-%j}", "/2001-366"},
		{"a leap second", "/{d:datetime:%Y%m%dT%H%M%S}", "/20011231T235960"},
		{"a leap second in a composite directive", "/{d:datetime:%F %T}", "/2001-12-31 23:59:60"},
		{"a day beyond its month before white space", "/{d:datetime:%Y-%m-%d%n}", "/2001-02-30 "},
		{"a year of three digits", "/{d:datetime:%Y-%m-%d}", "/201-12-31"},
		{"a year before the first", "/{d:datetime:%Y-%m-%d}", "/-2001-12-31"},
		{"a zone whose offset is not known", "/{d:datetime:%Y-%m-%d %Z}", "/2001-12-31 CET"},
		{"an ISO week without its day", "/{d:datetime:%G-W%V}", "/2001-W52"},
		{"RFC 3339 with a comma", "/{d:datetime}", "/2001-12-31T10:11:12,5Z"},
		{"RFC 3339 with a point and no digits", "/{d:datetime}", "/2001-12-31T10:11:12.Z"},
		{"RFC 3339 with seven digits of a second", "/{d:datetime}", "/2001-12-31T10:11:12.1234567Z"},
		{"RFC 3339 with an hour of one digit", "/{d:datetime}", "/2001-12-31T1:11:12Z"},
		{"RFC 3339 with an offset of a day", "/{d:datetime}", "/2001-12-31T10:11:12+24:00"},
		{"RFC 3339 without an offset", "/{d:datetime}", "/2001-12-31T10:11:12"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, match, ok := routerOf(t, test.pattern).Resolve("GET", test.path); ok {
				t.Errorf("%s: got %v, want no match", test.path, match.Time("d"))
			}
		})
	}
}

func TestATimeHasTheOffsetOfItsText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ pattern, path, want string }{
		{"/{d:datetime}", "/2001-12-31T10:11:12.5+01:00", "2001-12-31T10:11:12.5+01:00"},
		{"/{d:datetime:%Y-%m-%d}", "/2001-12-31", "2001-12-31T00:00:00Z"},
		{"/{d:datetime:%Y-%m-%d}", "/2004-02-29", "2004-02-29T00:00:00Z"},
		{"/{d:datetime:%Y-%m-%d%n}", "/2004-02-29 ", "2004-02-29T00:00:00Z"},
		{"/{d:datetime:%F %T}", "/2004-02-29 23:59:59", "2004-02-29T23:59:59Z"},
		{"/{d:datetime:%Y-%m-%d}", "/0999-1-2", "0999-01-02T00:00:00Z"},
		{"/{d:datetime:%Y-%m-%d %Z}", "/2001-12-31 UTC", "2001-12-31T00:00:00Z"},
		{"/{d:datetime:%s}", "/1009793472", "2001-12-31T10:11:12Z"},
		{"/{d:datetime:%H:%M%z}", "/10:11-0530", "1900-01-01T10:11:00-05:30"},
	} {
		_, match, _ := routerOf(t, test.pattern).Resolve("GET", test.path)
		if got := match.Time("d").Format(time.RFC3339Nano); got != test.want {
			t.Errorf("%s: got %s, want %s", test.path, got, test.want)
		}
	}
}

// What Python 3.11's strptime answers for "%H:%M%z" and "10:11" with each of these
// behind it, by running it; "" is a ValueError. Of what it takes, only offsets with
// a fraction of a second are refused here: no [time.Location] has them.
func TestOffsetsAreStrptimes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ offset, want string }{
		{"+0100", "+01:00:00"},
		{"+01:00", "+01:00:00"},
		{"-0530", "-05:30:00"},
		{"-05:30", "-05:30:00"},
		{"+010203", "+01:02:03"},
		{"+01:02:03", "+01:02:03"},
		{"+2359", "+23:59:00"},
		{"-00:00", "Z"},
		{"Z", "Z"},
		{"", ""},
		{"+01", ""},
		{"+", ""},
		{"+1", ""},
		{"+1:00", ""},
		{"+010", ""},
		{"+01:", ""},
		{"+01:0", ""},
		{"+01020", ""},
		{"+01:02:", ""},
		{"+01:0203", ""},
		{"+0102:03", ""},
		{"+0160", ""},
		{"+01:00:60", ""},
		{"+2400", ""},
		{"+01:02:03.1234567", ""},
		{"z", ""},
		{"UTC", ""},
		{" +0100", ""},
		{"+0100 ", ""},
		// Strptime takes these two.
		{"+010203.5", ""},
		{"+01:02:03.5", ""},
	} {
		_, match, ok := routerOf(t, "/{d:datetime:%H:%M%z}").Resolve("GET", "/10:11"+test.offset)
		got := ""
		if ok {
			got = match.Time("d").Format("Z07:00:00")
		}
		if got != test.want {
			t.Errorf("%q: got the offset %q, want %q", test.offset, got, test.want)
		}
	}
}

func TestAnOffsetIsReadInItsOwnPlace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ format, text, want string }{
		{"%Y-%m-%dT%H:%M:%S%z", "2001-12-31T10:11:12+0100", "2001-12-31T10:11:12+01:00"},
		{"%Y-%H:%M:%S%z", "2001-10:11:12-0100", "2001-01-01T10:11:12-01:00"},
		{"%Y-%H:%M:%S%z", "2001-10:11:12", ""},
		{"%z%H", "+010203", "1900-01-01T03:00:00+01:02"},
		{"%z %Z", "+0000 UTC", "1900-01-01T00:00:00Z"},
		{"%H%z+%M", "10-0530+11", "1900-01-01T10:11:00-05:30"},
		{"%d.%m.%Y %z", "31.04.2001 +0100", ""},
		{"%%z%H", "%z10", "1900-01-01T10:00:00Z"},
		{"%H%:z", "10+01:00", "1900-01-01T10:00:00+01:00"},
		{"%H%:z", "10+0100", ""},
	} {
		f, err := newDatetimeFormat(test.format)
		if err != nil {
			t.Errorf("%q: %v", test.format, err)
			continue
		}
		got := ""
		if read, ok := f.parse(test.text); ok {
			got = read.Format(time.RFC3339)
		}
		if got != test.want {
			t.Errorf("%q in %q: got %q, want %q", test.text, test.format, got, test.want)
		}
	}
	if _, err := newDatetimeFormat("%z%z"); err == nil {
		t.Error("a format with two offsets was accepted, which never matches")
	}
}

// A parse that fails copies its text: no allocation means that there was none.
func TestNoFormatIsTriedForATextThatIsTooLongForAll(t *testing.T) {
	patterns := make([]string, 400)
	for i := range patterns {
		offset := []string{"", "%z"}[i%2]
		patterns[i] = fmt.Sprintf("/{d:datetime:%d%%n%%H%%t%%Z%%s%%B%s}", i, offset)
	}
	patterns[0] = "/{d:datetime}"
	router := routerOf(t, patterns...)
	for name, text := range map[string]string{
		"letters": strings.Repeat("a", 60_000),
		"digits":  strings.Repeat("1", 60_000),
		"offsets": strings.Repeat("+0000", 200),
		"blanks":  "0" + strings.Repeat(" ", 60_000),
	} {
		path := "/" + text
		// One is the tree's, for the variable.
		if allocs := testing.AllocsPerRun(5, func() { router.Resolve("GET", path) }); allocs > 1 {
			t.Errorf("%s: %v allocations a look-up among 400 datetimes, want 1", name, allocs)
		}
	}
}

func TestNoFormatWritesMoreThanItReads(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("GMT", -(23*3600 + 59*60 + 59))
	for _, directive := range []string{
		"%Y", "%y", "%m", "%B", "%b", "%h", "%d", "%e", "%H", "%k", "%I", "%l", "%M", "%S", "%f", "%p", "%P",
		"%s", "%c", "%+", "%v", "%F", "%D", "%x", "%T", "%X", "%r", "%R", "%Z", "%:z", "%::z", "%:::z", "%n", "%t", "%%",
		"%Y %A", "%Y %a", "%Y %j", "%Y %U %w", "%Y %W %u", "%C",
	} {
		f, err := newDatetimeFormat(directive)
		if err != nil {
			t.Errorf("%q: %v", directive, err)
			continue
		}
		for month := range time.Month(12) {
			for day := range 7 {
				date := time.Date(9999, month+1, 22+day, 23, 59, 59, 999_999_000, zone)
				if text := timefmt.Format(date, directive); len(text) > f.longest {
					t.Errorf("%q writes %q, and does not read more than %d bytes", directive, text, f.longest)
				}
			}
		}
	}
}

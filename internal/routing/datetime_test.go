package routing

import (
	"testing"
	"time"
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

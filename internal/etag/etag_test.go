package etag_test

import (
	"testing"

	"github.com/bare-go/bare/internal/etag"
)

func TestTagsAreComparedWeakly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		want   bool
	}{
		{"no header", nil, false},
		{"an empty one", []string{""}, false},
		{"the tag", []string{`"a"`}, true},
		{"the tag, made weak by a proxy", []string{`W/"a"`}, true},
		{"another tag", []string{`"b"`}, false},
		{"a tag that begins like it", []string{`"ab"`}, false},
		{"the tag without its quotes", []string{`a`}, false},
		{"one of a list", []string{`"b" ,	W/"a"`}, true},
		{"one of a second header", []string{`"b"`, `"a"`}, true},
		{"anything", []string{"*"}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := etag.Matches(test.values, `"a"`); got != test.want {
				t.Errorf("%q: %v, want %v", test.values, got, test.want)
			}
		})
	}
}

package quoted_test

import (
	"testing"

	"github.com/bare-go/bare/internal/quoted"
)

func TestATextIsCutOutsideOfQuotedStrings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text    string
		before, after string
		ok            bool
	}{
		{"nothing", "", "", "", true},
		{"no separator", "a", "a", "", true},
		{"a separator", "a,b,c", "a", "b,c", true},
		{"one at the end", "a,", "a", "", true},
		{"a quoted one", `a="x,y",b`, `a="x,y"`, "b", true},
		{"a quoted quote", `a="x\",y",b`, `a="x\",y"`, "b", true},
		{"a quoted backslash", `a="x\\",b`, `a="x\\"`, "b", true},
		{"a backslash that is not quoted", `a\,b`, `a\`, "b", true},
		{"a quoted string without an end", `a="x,b`, `a="x,b`, "", false},
		{"one that ends with a backslash", `a="x\`, `a="x\`, "", false},
	}
	for _, test := range tests {
		before, after, ok := quoted.Cut(test.text, ',')
		if before != test.before || after != test.after || ok != test.ok {
			t.Errorf("%s: %q is cut into %q and %q, %v", test.name, test.text, before, after, ok)
		}
	}
}

func TestAQuotedStringStandsForAText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{`""`: "", `"a b"`: "a b", `"a\"b\\c\d"`: `a"b\cd`} {
		if got, ok := quoted.Unquote(text); got != want || !ok {
			t.Errorf("%s is %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{``, `a`, `"`, `"a`, `a"`, `"a"b"`, `"a\"`} {
		if got, ok := quoted.Unquote(text); ok {
			t.Errorf("%s is %q", text, got)
		}
	}
}

package accept_test

import (
	"strings"
	"testing"

	"github.com/bare-go/bare/internal/accept"
)

func TestAListIsWeightedByQuality(t *testing.T) {
	t.Parallel()
	names := []string{"text/html", "text/*", "*/*"}
	tests := []struct {
		name   string
		values []string
		want   int // of the names, in thousandths
	}{
		{"no header", nil, 0},
		{"an empty one", []string{""}, 0},
		{"a member without a weight", []string{"text/html"}, 1000},
		{"a weight", []string{"text/html;q=0.5"}, 500},
		{"a weight with spaces and tabs", []string{" text/html \t; \tq=0.5 "}, 500},
		{"a weight with three decimals", []string{"text/html;q=0.123"}, 123},
		{"a weight with a point and no decimals", []string{"text/html;q=0."}, 0},
		{"a weight of one", []string{"text/html;q=1.000"}, 1000},
		{"a weight of nothing", []string{"text/html;q=0, */*"}, 0},
		{"any case", []string{"Text/HTML;Q=0.5"}, 500},
		{"the most specific name, wherever it stands", []string{"*/*;q=0.9, text/html;q=0.2, text/*;q=0.5"}, 200},
		{"the next one", []string{"*/*;q=0.9, text/*;q=0.5"}, 500},
		{"the least specific one", []string{"*/*;q=0.9, image/png"}, 900},
		{"none of them", []string{"image/png"}, 0},
		{"a name that is there twice", []string{"text/html;level=1;q=0.3, text/html;q=0.7, text/html;q=0.4"}, 700},
		{"several headers", []string{"image/png", "text/html;q=0.4"}, 400},
		{"empty members", []string{", ,text/html;q=0.4,,"}, 400},
		{"an empty member at the beginning", []string{",text/html;q=0.4"}, 400},
		{"a backslash that is not quoted", []string{`image/png\,text/html;q=0.4`}, 400},
		{"only the first weight counts", []string{"text/html;q=0.4;q=0.9"}, 400},
		{"a parameter before the weight", []string{"text/html;level=1;q=0.4"}, 400},
		{"a quoted comma and semicolon", []string{`text/html;a="x,y;q=0.9\",z";q=0.4`}, 400},
		{"a quoted member is none", []string{`image/png;a="x,text/html"`}, 0},
		{"a quoted string without an end", []string{`image/png;a="x, text/html`}, 0},
		{"a weight above one is malformed", []string{"text/html;q=1.1, */*;q=0.2"}, 200},
		{"one of two is as well", []string{"text/html;q=2, */*;q=0.2"}, 200},
		{"so is a negative one", []string{"text/html;q=-1, */*;q=0.2"}, 200},
		{"so is one with four decimals", []string{"text/html;q=0.1234, */*;q=0.2"}, 200},
		{"so is one that begins with the point", []string{"text/html;q=.5, */*;q=0.2"}, 200},
		{"so is one a little above", []string{"text/html;q=1.001, */*;q=0.2"}, 200},
		{"so is one with a letter", []string{"text/html;q=0.0x, */*;q=0.2"}, 200},
		{"so is one with a colon", []string{"text/html;q=0.00:, */*;q=0.2"}, 200},
		{"so is one with a hyphen", []string{"text/html;q=0.00-, */*;q=0.2"}, 200},
		{"so is an empty one", []string{"text/html;q=, */*;q=0.2"}, 200},
		{"so is one without an equals sign", []string{"text/html;q, */*;q=0.2"}, 200},
		{"a weight of no name", []string{";q=0.9"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := accept.Parse(test.values).Quality(names...); got != test.want {
				t.Errorf("%q weighs %d, want %d", test.values, got, test.want)
			}
		})
	}
	if got := accept.Parse([]string{";q=0.9,;a=b"}).Quality(""); got != 0 {
		t.Errorf("a member without a name weighs %d", got)
	}
	if got := accept.Parse([]string{"gzip;q=0.8, *;q=0.1"}).Quality("br", "*"); got != 100 {
		t.Errorf("a coding that only * allows weighs %d", got)
	}
}

// FuzzQuality holds the parser against what every weight must be.
func FuzzQuality(f *testing.F) {
	f.Add("text/html;q=0.5, */*")
	f.Add(`a;b="\",c";q=1.000`)
	f.Fuzz(func(t *testing.T, value string) {
		for _, name := range append(strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",; \t", r) }), "") {
			if got := accept.Parse([]string{value}).Quality(name); got < 0 || got > 1000 {
				t.Errorf("%q gives %q the weight %d", value, name, got)
			}
			if name == "" && accept.Parse([]string{value}).Quality(name) != 0 {
				t.Errorf("%q has a member without a name", value)
			}
		}
	})
}

package bare_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAClientChoosesAmongMediaTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		accept []string
		want   string
	}{
		{"without a header it is the first", nil, "text/html; charset=utf-8"},
		{"with an empty one, too", []string{""}, "text/html; charset=utf-8"},
		{"what it names", []string{"application/json"}, "application/json"},
		{"what it names in any case", []string{"Text/CSV"}, "text/csv"},
		{"what it likes best", []string{"text/html;q=0.5, application/json;q=0.6, text/csv;q=0.4"}, "application/json"},
		{"the first of equals, whatever its order", []string{"text/csv, application/json, text/html"}, "text/html; charset=utf-8"},
		{"anything", []string{"*/*"}, "text/html; charset=utf-8"},
		{"a range", []string{"application/*"}, "application/json"},
		{"a type is more specific than its range", []string{"text/*, text/html;q=0"}, "text/csv"},
		{"a range is more specific than all", []string{"*/*, text/*;q=0.1"}, "application/json"},
		{"a browser", []string{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}, "text/html; charset=utf-8"},
		{"several headers", []string{"text/csv;q=0.1", "application/json"}, "application/json"},
		{"none of them", []string{"image/png"}, ""},
		{"none, expressly", []string{"*/*;q=0"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := baretest.NewRequest("GET", "/", nil)
			request.Scope.Header["Accept"] = test.accept
			if got := request.Accepts("text/html; charset=utf-8", "application/json", "text/csv"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if got := new(bare.HttpRequest).Accepts("text/html", "application/json"); got != "text/html" {
		t.Errorf("a request without a scope has %q", got)
	}
	if got := new(bare.HttpRequest).Accepts(); got != "" {
		t.Errorf("of nothing it takes %q", got)
	}
}

func TestAQualityListIsSorted(t *testing.T) {
	t.Parallel()
	values := []string{"fr;q=0.25, en-US;level=1, *;q=0, de;q=2", "pt;q=0.25,en"}
	var got []string
	for name, weight := range bare.QualityList(values) {
		got = append(got, fmt.Sprint(name, " ", weight))
	}
	if want := []string{"en-us 1", "en 1", "fr 0.25", "pt 0.25", "* 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for name := range bare.QualityList(values) {
		if name != "en-us" {
			t.Errorf("the loop goes on to %q", name)
		}
		break
	}
}

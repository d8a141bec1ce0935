package bare_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bare-go/bare"
)

// FuzzHeader holds the check of headers against what would end up on the wire.
func FuzzHeader(f *testing.F) {
	f.Add("X-Name", "value")
	f.Add("X\r\nY", "a\r\nB: c")
	f.Add("", "\t\x7f\x00é")
	f.Fuzz(func(t *testing.T, name, value string) {
		if bare.IsFieldValue(value) && strings.ContainsAny(value, "\r\n\x00") {
			t.Errorf("the value %q would be sent", value)
		}
		if bare.IsToken(name) && (name == "" || strings.ContainsAny(name, " \t\r\n:\x00(),/;<=>?@[]{}\"\\\x7f")) {
			t.Errorf("the name %q would be sent", name)
		}
	})
}

func TestWithHeaderLeavesTheOriginalAlone(t *testing.T) {
	t.Parallel()
	original := bare.HttpResponse{Headers: http.Header{"X-A": {"1"}}}
	changed := original.WithHeader("x-a", "2").WithHeader("x-b", "3")
	if len(original.Headers) != 1 || original.Headers["X-A"][0] != "1" {
		t.Errorf("the original became %v", original.Headers)
	}
	if changed.Headers.Get("X-A") != "2" || changed.Headers.Get("X-B") != "3" || len(changed.Headers) != 2 {
		t.Errorf("the copy is %v", changed.Headers)
	}
	if (bare.HttpResponse{}).WithHeader("a", "b").Headers.Get("A") != "b" {
		t.Error("a response without headers has got none")
	}
}

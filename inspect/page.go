package inspect

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"strings"

	"github.com/bare-go/bare"
)

//go:embed page.html
var pageHTML string

// A page is the HTML, and what a browser may do with it.
type page struct {
	html   []byte
	policy string
}

// newPage allows the page its own style and script, its stream, and nothing else. No
// other page may frame it, to have a user click the end button unaware.
func newPage() page {
	return page{
		html: []byte(pageHTML),
		policy: "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" +
			"; style-src " + digest("style") + "; script-src " + digest("script"),
	}
}

// digest is the source expression of an element of the page (CSP level 3, section 2.3.1).
func digest(element string) string {
	_, rest, _ := strings.Cut(pageHTML, "<"+element+">")
	content, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(content))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (p page) response() bare.HttpResponse {
	response := bare.BytesResponse(200, "text/html; charset=utf-8", p.html) //nolint:mnd // OK
	return response.
		WithHeader("cache-control", "no-store").
		WithHeader("content-security-policy", p.policy).
		WithHeader("referrer-policy", "no-referrer")
}

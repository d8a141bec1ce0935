package bare

import (
	"iter"

	"github.com/bare-go/bare/internal/accept"
)

// Accepts returns the media type that the client likes best, by its Accept header (RFC
// 9110, section 12.5.1), or "" if it takes none of them: then the answer is a 406, or
// one of them all the same. The server's own favourite comes first: it is returned when
// the client likes several as much, and when it says nothing. The types are returned as
// they were given. Their parameters are not compared, and neither are those of the
// header.
//
// The response has to say that it depends on the header, or a cache gives it to others:
//
//	switch request.Accepts("text/html", "application/json") {
//	case "application/json":
//		return bare.JSONResponse(200, order).WithHeader("vary", "accept")
func (r *HttpRequest) Accepts(mediaTypes ...string) string {
	var list accept.Preferences
	if r.Scope != nil {
		list = accept.Parse(r.Scope.Header["Accept"])
	}
	best, weight := "", 0
	for _, mediaType := range mediaTypes {
		if len(list) == 0 {
			return mediaType
		}
		if quality := list.MediaType(mediaType); quality > weight {
			best, weight = mediaType, quality
		}
	}
	return best
}

// QualityList yields the members of a header that is a list weighted by quality (RFC
// 9110, section 12.4.2), such as Accept-Language: the best first, and equals in the
// order of the header. The weight goes from 0, for what the client does not take, to 1.
// The names are in lower case, and have no parameters. What is malformed is left out.
//
//	for language, weight := range bare.QualityList(request.Scope.Header["Accept-Language"]) {
func QualityList(values []string) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for name, quality := range accept.Parse(values).ByQuality() {
			if !yield(name, float64(quality)/1000) {
				return
			}
		}
	}
}

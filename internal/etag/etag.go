// Package etag compares entity tags.
package etag

import "strings"

// Matches reports whether one of the values of If-None-Match names a tag, which is
// written with its quotes. The comparison is weak (RFC 9110, section 13.1.2), as a proxy
// that compresses makes tags weak. A tag must not have a comma in it.
func Matches(values []string, tag string) bool {
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}

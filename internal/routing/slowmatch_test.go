package routing

import (
	"regexp"
	"strconv"
	"strings"
)

// slowMatch is the routing rule, spelled out: of the patterns that fit the path,
// the one whose segments are the most specific, compared from the left. It
// returns its index, or -1.
func slowMatch(patterns []string, path string) int {
	best := -1
	for i, pattern := range patterns {
		if fitsSlowly(pattern, path) && (best < 0 || slowRank(pattern) < slowRank(patterns[best])) {
			best = i
		}
	}
	return best
}

func fitsSlowly(pattern, path string) bool {
	wants, texts := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, want := range wants {
		if strings.HasSuffix(want, ":path}") {
			return len(texts) > i
		}
		if i >= len(texts) || !segmentFitsSlowly(want, texts[i]) {
			return false
		}
	}
	return len(wants) == len(texts)
}

var (
	slowInt   = regexp.MustCompile(`^[+-]?[0-9]+$`)
	slowFloat = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	slowYear  = regexp.MustCompile(`^[0-9]{4}$`)
)

func segmentFitsSlowly(want, text string) bool {
	switch slowKind(want) {
	case 0:
		return want == text
	case 1:
		return slowYear.MatchString(text)
	case 2:
		_, err := strconv.ParseInt(text, 10, 64)
		return slowInt.MatchString(text) && err == nil
	case 3:
		return slowFloat.MatchString(text)
	default:
		return text != ""
	}
}

// slowKind is a segment's place in the order of specificity.
func slowKind(segment string) int {
	switch {
	case !strings.HasPrefix(segment, "{"):
		return 0
	case strings.Contains(segment, ":datetime"):
		return 1
	case strings.HasSuffix(segment, ":int}"):
		return 2
	case strings.HasSuffix(segment, ":float}"):
		return 3
	case strings.HasSuffix(segment, ":path}"):
		return 5
	default:
		return 4
	}
}

// slowRank is a text that sorts as patterns do.
func slowRank(pattern string) string {
	var rank strings.Builder
	for segment := range strings.SplitSeq(pattern, "/") {
		rank.WriteString(strconv.Itoa(slowKind(segment)))
	}
	return rank.String()
}

package routing

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

func TestEveryNumberCanBeWrittenInFull(t *testing.T) {
	t.Parallel()
	for _, want := range []float64{-math.MaxFloat64, -math.SmallestNonzeroFloat64, -1.2345678901234567e-308} {
		text := strconv.FormatFloat(want, 'f', -1, 64)
		if got, ok := parseFloat(text); !ok || got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	for _, want := range []int64{math.MinInt64, math.MaxInt64} {
		if got, ok := parseInt(strconv.FormatInt(want, 10)); !ok || got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
}

func TestATextOfAnyLengthIsNoNumber(t *testing.T) {
	t.Parallel()
	for _, length := range []int{longestNumber, longestNumber + 1} {
		want := length <= longestNumber
		if _, ok := parseInt(strings.Repeat("0", length-1) + "7"); ok != want {
			t.Errorf("an int of %d bytes was read: %t, want %t", length, ok, want)
		}
		if _, ok := parseFloat("0." + strings.Repeat("0", length-3) + "7"); ok != want {
			t.Errorf("a float of %d bytes was read: %t, want %t", length, ok, want)
		}
	}
}

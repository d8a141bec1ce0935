//go:build unix

package main

import (
	"testing"
	"time"
)

func TestTheCheapestIsOneThatHasLostNothing(t *testing.T) {
	t.Parallel()
	round := func(cost time.Duration, lost int64) []outing {
		return []outing{{summary: summary{Delivered: 1, Lost: lost}, effort: effort{cpu: cost}}}
	}
	all := []namedBroker{{name: "loop", role: loop}, {name: "fast", role: library}, {name: "slow", role: library}, {name: "lossy", role: library}, {name: "ours", role: own}}
	found := [][]outing{round(5, 0), round(7, 0), round(9, 0), round(1, 3), round(2, 0)}
	if best, ok := cheapest(all, found, outing.cost, library); !ok || all[best].name != "fast" {
		t.Errorf("the best library is %s, %v", all[best].name, ok)
	}
	if best, ok := cheapest(all, found, outing.cost, library, loop); !ok || all[best].name != "loop" {
		t.Errorf("the best of all is %s, %v", all[best].name, ok)
	}
	if _, ok := cheapest(all[3:4], found[3:4], outing.cost, library); ok {
		t.Error("one that loses events is the best")
	}
	if got := lostOf(append(round(1, 0), round(1, 2)...)); got != "50.0 %" {
		t.Errorf("the share of lost events is %s", got)
	}
}

func TestAGroupOfMeasuresIsWantedByItsName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		only, name string
		want       bool
	}{
		{"", "fanout-burst", true},
		{"fanout", "fanout-burst", true},
		{"fanout-burst", "fanout-burst", true},
		{"fanout-steady", "fanout-burst", false},
		{"fan", "fanout-burst", false},
		{"fanout", "first", false},
	} {
		if got := (&bench{only: test.only}).wants(test.name); got != test.want {
			t.Errorf("-only %q runs %s: %v, want %v", test.only, test.name, got, test.want)
		}
	}
}

//go:build unix

package main

import (
	"testing"
	"time"
)

func TestPublishingToNobodyAllocatesTheStoredRecordAlone(t *testing.T) {
	b, e := newTopic(), newEvent(1, time.Second, eventSize)
	for range 1000 { // what is made once is made by now
		if err := b.publish(e); err != nil {
			t.Fatal(err)
		}
	}
	allocations := testing.AllocsPerRun(1000, func() {
		if err := b.publish(e); err != nil {
			t.Error(err)
		}
	})
	if allocations > 1 {
		t.Errorf("an event takes %v allocations, want that of its record", allocations)
	}
}

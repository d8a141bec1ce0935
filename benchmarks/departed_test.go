//go:build unix

package main

import (
	"testing"
	"time"
)

func TestDeparturesAreFoundAndCounted(t *testing.T) {
	c, err := contenderNamed(ours)
	if err != nil {
		t.Fatal(err)
	}
	service := &service{stall: time.Second}
	to := &server{name: ours, addr: listening(t, c, service)}
	to.program, to.answers = plumbing(t, service)
	for i, d := range []departure{{}, {reset: true}} {
		conn, err := stay(t.Context(), to.addr, i, d)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	if found, took, err := awaitEnds(to, 2); err != nil || found != 2 || took > departedLimit {
		t.Errorf("%d were found in %v: %v", found, took, err)
	}
}

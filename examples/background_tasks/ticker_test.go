package main

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestTheTimeGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		synctest.Wait() // the task has noted the time
		first := server.Get("/").Rest()
		time.Sleep(time.Minute)
		synctest.Wait()
		if second := server.Get("/").Rest(); first == second {
			t.Errorf("after a minute it is still %s", second)
		}
	})
}

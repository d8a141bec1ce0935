package tiny

import (
	"testing"
	"time"
)

func TestClamp(t *testing.T) {
	for n, want := range []int{0, 1, 2, 2} {
		if got := Clamp(n, 2); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
}

func TestSign(*testing.T) {
	Sign(-1)
	Sign(1)
}

// It is slow, so that it is run after the others.
func TestCount(t *testing.T) {
	time.Sleep(250 * time.Millisecond)
	if got := Count(2); got != 2 {
		t.Errorf("got %d, want 2", got)
	}
}

func TestMost(t *testing.T) {
	if Most != 3 {
		t.Errorf("got %d, want 3", Most)
	}
}

func TestGuard(t *testing.T) {
	failed := false
	func() {
		defer Guard(&failed)
		panic("guarded")
	}()
	if !failed {
		t.Error("the panic is not noticed")
	}
}

func TestRefuseAndFail(t *testing.T) {
	if got, err := Refuse(), Fail(); got != 2 || err == nil {
		t.Errorf("got %d, %v", got, err)
	}
}

package durable_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/bare-go/bare/durable"
)

func TestAProducersAppendsAreMadeOnceFromTwoGoroutines(t *testing.T) {
	eachProtocol(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("s")
		const appends = 30
		var fresh, again [2]int
		var writing sync.WaitGroup
		for writer := range 2 {
			writing.Go(func() {
				for i := range appends {
					got := s.do("POST", "s", fmt.Sprintf("%02d ", i), append(produced("p", 0, i), "Content-Type", "text/plain")...)
					switch got.status {
					case 200:
						fresh[writer]++
					case 204:
						again[writer]++
					default: // the other one never leaves a number out
						t.Errorf("append %d is answered with %d %q", i, got.status, got.body)
					}
				}
			})
		}
		writing.Go(func() { // whose appends move the tail in between
			for range appends {
				s.append("s", ".")
			}
		})
		writing.Wait()
		if fresh[0]+fresh[1] != appends || again[0]+again[1] != appends {
			t.Errorf("%v appends were new, and %v were there", fresh, again)
		}
		whole := strings.ReplaceAll(s.want(200, "GET", "s", "").body, ".", "")
		for i, word := range strings.Fields(whole) {
			if word != fmt.Sprintf("%02d", i) {
				t.Fatalf("the stream has %q", whole)
			}
		}
	})
}

func TestAnAcknowledgementThatWasLostComesWithTheRetry(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("s")
		first := s.append("s", "a", produced("p", 0, 0)...)
		second := s.append("s", "b", produced("p", 0, 1)...)
		s.append("s", "c")
		retried := s.append("s", "a", produced("p", 0, 0)...)
		if first.status != 200 || retried.status != 204 {
			t.Errorf("the append is answered with %d, its retry with %d", first.status, retried.status)
		}
		retried.wantHeader(t, "Producer-Seq", "1") // how far the producer has come
		if second.next() >= retried.next() {
			t.Errorf("the tail is %s after %s", retried.next(), second.next())
		}
		s.wantBody("s", "abc")
	})
}

// What a producer may do next depends on what the log has of it.
func TestAProducersPlace(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		for _, test := range []struct {
			name       string
			epoch, seq int
			status     int
			header     string
			value      string
		}{
			{"the next one", 2, 2, 200, "Producer-Seq", "2"},
			{"the last one again", 2, 1, 204, "Producer-Seq", "1"},
			{"one before that", 2, 0, 204, "Producer-Seq", "1"},
			{"one too many", 2, 3, 409, "Producer-Expected-Seq", "2"},
			{"what was received", 2, 9, 409, "Producer-Received-Seq", "9"},
			{"an old epoch", 1, 0, 403, "Producer-Epoch", "2"},
			{"an old epoch with the next number", 1, 2, 403, "Producer-Epoch", "2"},
			{"a new epoch", 3, 0, 200, "Producer-Epoch", "3"},
			{"a new epoch that is under way", 3, 1, 400, "", ""},
		} {
			name := strings.ReplaceAll(test.name, " ", "-")
			s.text(name)
			s.append(name, "x", produced("p", 2, 0)...)
			s.append(name, "x", produced("p", 2, 1)...)
			got := s.want(test.status, "POST", name, "y", append(produced("p", test.epoch, test.seq), "Content-Type", "text/plain")...)
			if test.header != "" {
				got.wantHeader(t, test.header, test.value)
			}
		}
	})
}

func TestAStreamForgetsTheProducerThatHasBeenSilentLongest(t *testing.T) {
	overHTTP1(t, durable.Options{MaxProducers: 2}, func(t *testing.T, s *server) {
		s.text("s")
		s.append("s", "a", produced("a", 0, 0)...)
		s.append("s", "b", produced("b", 0, 0)...)
		s.append("s", "a", produced("a", 0, 1)...)
		s.append("s", "-")                         // which counts for nobody
		s.append("s", "c", produced("c", 0, 0)...) // b goes
		if got := s.append("s", "-", produced("a", 0, 1)...); got.status != 204 {
			t.Errorf("the retry of one that is remembered is answered with %d", got.status)
		}
		got := s.want(409, "POST", "s", "b", append(produced("b", 0, 1), "Content-Type", "text/plain")...)
		got.wantHeader(t, "Producer-Expected-Seq", "0")
		s.append("s", "d", produced("d", 0, 0)...) // and so does a
		s.want(409, "POST", "s", "a", append(produced("a", 0, 2), "Content-Type", "text/plain")...)
		s.append("s", "c", produced("c", 0, 1)...)
		s.wantBody("s", "aba-cdc")
	})
}

func TestStreamSeqAscendsWhoeverWrites(t *testing.T) {
	overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
		s.text("s")
		s.append("s", "a", "Stream-Seq", "2")
		s.want(409, "POST", "s", "x", "Stream-Seq", "10", "Content-Type", "text/plain") // as text it is less
		s.want(409, "POST", "s", "x", "Stream-Seq", "2", "Content-Type", "text/plain")
		s.append("s", "b") // no sequence, no order
		s.want(409, "POST", "s", "x", "Stream-Seq", "2", "Content-Type", "text/plain")
		s.append("s", "c", "Stream-Seq", "3")
		s.wantBody("s", "abc")
	})
}

func TestAProducerThatHasClosedMayCloseAgain(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "last"} {
		t.Run(fmt.Sprintf("with %q", body), func(t *testing.T) {
			overHTTP1(t, durable.Options{}, func(t *testing.T, s *server) {
				s.text("s")
				s.append("s", "a", produced("p", 1, 0)...)
				closing := append(produced("p", 1, 1), "Content-Type", "text/plain", "Stream-Closed", "true")
				first := s.do("POST", "s", body, closing...)
				again := s.want(204, "POST", "s", body, closing...)
				again.wantHeader(t, "Stream-Closed", "true")
				again.wantHeader(t, "Stream-Next-Offset", first.next())
				s.want(409, "POST", "s", "x", append(produced("p", 1, 2), "Content-Type", "text/plain")...).
					wantHeader(t, "Stream-Closed", "true")
				s.want(403, "POST", "s", "x", append(produced("p", 0, 0), "Content-Type", "text/plain")...).
					wantHeader(t, "Producer-Epoch", "1")
				s.wantBody("s", "a"+body)
			})
		})
	}
}

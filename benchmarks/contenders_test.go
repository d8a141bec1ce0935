//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// listening serves a contender on the loopback interface for the test's time.
func listening(t *testing.T, c contender, s *service) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.serve(listener, s) }() // it ends with the test's process
	t.Cleanup(func() {
		if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func TestEveryContenderAnswersAlike(t *testing.T) {
	for _, c := range append(contenders(), watched()...) {
		t.Run(c.name, func(t *testing.T) {
			addr := listening(t, c, new(service))
			for path, want := range map[string]string{"/hello": helloText, "/hello/fred": "fred", "/hello/barney": "barney"} {
				client, err := dial(t.Context(), addr, path)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := client.first(want); err != nil {
					t.Errorf("%s: %v", path, err)
				}
				if err := client.conn.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestEveryStreamIsWhole(t *testing.T) {
	for _, c := range contenders() {
		if !c.streams {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			addr := listening(t, c, new(service))
			if err := readAll(t.Context(), addr, "/stream?n=1000&size=64", 64_000); err != nil {
				t.Error(err)
			}
			if waits, err := readStamps(t.Context(), addr, 3); err != nil || len(waits) != 3 {
				t.Errorf("%d stamps came: %v", len(waits), err)
			}
			for path, want := range map[string]string{"/events": firstEvent, "/records": firstRecord} {
				if _, err := openOneByOne(t.Context(), addr, path, want, 2); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		})
	}
}

func TestAWrongAnswerIsNotMeasured(t *testing.T) {
	addr := listening(t, contenders()[0], new(service))
	if _, err := load(t.Context(), addr, "/hello", "Good night!", 0); err == nil {
		t.Error("an answer that is not what it should be was counted")
	}
	if err := readAll(t.Context(), addr, "/stream?n=2&size=3", 7); err == nil {
		t.Error("a stream that is too short was counted")
	}
}

func TestGitHubsRoutesAreFoundByBothRouters(t *testing.T) {
	most, all := routesOfGitHub(false), routesOfGitHub(true)
	if len(most) != 203 || len(all) != 239 {
		t.Fatalf("there are %d and %d routes", len(most), len(all))
	}
	want := 0
	for _, r := range most {
		for _, name := range r.names {
			want += len(name + "-value")
		}
	}
	if got := findPlain(plainRouter(most), most); got != want {
		t.Errorf("httprouter's variables have %d bytes, want %d", got, want)
	}
	if got := findBare(bareRouter(most), most); got != want {
		t.Errorf("bare's variables have %d bytes, want %d", got, want)
	}
	router := bareRouter(all)
	for _, r := range all {
		if _, matches := router.Resolve(r.method, r.path); matches.Route() != r.pattern {
			t.Errorf("%s %s leads to %q, want %q", r.method, r.path, matches.Route(), r.pattern)
		}
	}
}

func TestTheReportSaysWhatWasFound(t *testing.T) {
	var b bench
	b.reach("speed", "10", "9", false)
	b.sections = append(b.sections, section{title: "Speed", text: "How fast.", head: []string{"", "m/s"}, rows: [][]string{{"bare", "9"}}})
	if got := b.summary(); !strings.Contains(got, "| speed | 10 | 9 | **no** |\n") {
		t.Errorf("the summary is %s", got)
	}
	if got, want := b.sections[0].markdown(), "\n### Speed\n\nHow fast.\n\n|  | m/s |\n|---|---:|\n| bare | 9 |\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := fmt.Sprint(median([]int{5, 1, 3}), quantile([]int{1, 2, 3, 4, 5}, 1), ratios([]float64{1, 9}, []float64{2, 3})); got != "3 5 [0.5 3]" {
		t.Errorf("the arithmetic is %s", got)
	}
}

func TestPartsAnswer(t *testing.T) {
	for _, p := range shapeParts() {
		serveTimes(p.handler, 2) // a fault in one would panic
	}
	if _, err := contenderNamed("nobody"); err == nil {
		t.Error("there is a contender of no name")
	}
	var answers strings.Builder
	if err := answer(new(service), strings.NewReader("cpu\nmemory\nends\nend 1\n"), &answers); err != nil || strings.Count(answers.String(), "\n") != 4 {
		t.Errorf("the answers are %q: %v", answers.String(), err)
	}
	if _, err := io.WriteString(&sink{}, "x"); err != nil {
		t.Error(err)
	}
}

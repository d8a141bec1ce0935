//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// pollerAt runs a poller in this process, for the test's time.
func pollerAt(t *testing.T, addr string) *listeners {
	t.Helper()
	commands, stdin, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, output := io.Pipe()
	p, err := newPoller(netip.MustParseAddrPort(addr), output)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(commands.Fd())
	if err := p.watch(fd); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		err := p.run(fd)
		done <- errors.Join(err, output.CloseWithError(errors.Join(err, io.EOF)))
	}()
	t.Cleanup(func() {
		if err := errors.Join(stdin.Close(), <-done, p.closeAll(), commands.Close()); err != nil {
			t.Error(err)
		}
	})
	return &listeners{program: &program{input: stdin}, answers: json.NewDecoder(answers)}
}

// saying accepts connections, and does the same with each.
func saying(t *testing.T, do func(net.Conn)) (addr string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			go func() {
				defer conn.Close()
				do(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func TestThePollerNoticesWhatIsWrong(t *testing.T) {
	cases := []struct {
		name, stream string
		want         summary
	}{
		{"nothing, but that the stream has ended", chunkedStream(eventsAt(1, 2, 3)), summary{Delivered: 6, Cut: 2}},
		{"a cut", strings.TrimSuffix(chunkedStream(eventsAt(1, 2)), "0\r\n\r\n"), summary{Delivered: 4, Lost: 2, Cut: 2}},
		{"a lost event", chunkedStream(eventsAt(1, 3)), summary{Delivered: 4, Lost: 2, Holes: 2, Cut: 2}},
		{"a repeated event", chunkedStream(eventsAt(1, 1, 2, 3)), summary{Delivered: 6, Repeated: 2, Cut: 2}},
		{"a reordered event", chunkedStream(eventsAt(2, 1, 3)), summary{Delivered: 6, Reordered: 2, Cut: 2}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			begun := make(chan struct{})
			crowd := pollerAt(t, saying(t, func(conn net.Conn) {
				<-begun
				_, _ = io.WriteString(conn, test.stream) // what is lost is counted
			}))
			tellAll(t, crowd, tellOpen, 2, 0)
			tellAll(t, crowd, tellBegin, 1, 3)
			close(begun)
			// More have joined than there are: it waits for the silence.
			got, err := crowd.await(3, 200*time.Millisecond, 10*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Readers = 2
			got.Took, got.P50, got.P99, got.Spent = 0, 0, 0, 0
			if got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func tellAll(t *testing.T, crowd *listeners, command string, numbers ...int64) {
	t.Helper()
	if _, err := crowd.tell(command, numbers...); err != nil {
		t.Fatal(err)
	}
}

func TestASubscriberThatStallsReadsItsFirstEventOnly(t *testing.T) {
	begun := make(chan struct{})
	crowd := pollerAt(t, saying(t, func(conn net.Conn) {
		probe, rest, _ := strings.Cut(chunkedStream(eventsAt(0), eventsAt(1, 2, 3)), "\n\n")
		_, _ = io.WriteString(conn, probe+"\n\n") // what is lost is counted
		<-begun
		_, _ = io.WriteString(conn, rest)
	}))
	tellAll(t, crowd, tellOpen, 1, 1)
	if got, err := crowd.await(1, 0, 10*time.Second); err != nil || got.Joined != 1 || got.Readers != 0 {
		t.Errorf("%+v: %v", got, err)
	}
	tellAll(t, crowd, tellBegin, 1, 3)
	close(begun)
	if got, err := crowd.await(2, 0, 300*time.Millisecond); err != nil || got.Delivered != 0 || got.Cut != 0 {
		t.Errorf("%+v: %v", got, err)
	}
}

func TestSubscribersLeaveAndOthersComeForThem(t *testing.T) {
	crowd := pollerAt(t, saying(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, strings.TrimSuffix(chunkedStream(eventsAt(1, 2), eventsAt(3)), "0\r\n\r\n"))
		_, _ = io.Copy(io.Discard, conn) // until it has left
	}))
	tellAll(t, crowd, tellBegin, 1, 100)
	tellAll(t, crowd, tellVisits, 3, 5)
	tellAll(t, crowd, tellOpen, 2, 0)
	got, err := crowd.tell(tellLeave, 7, 0, 10_000)
	if err != nil || got.Left != 7 || got.Delivered != 21 || got.Holes+got.Repeated+got.Reordered != 0 || got.Readers != 2 {
		t.Errorf("%+v: %v", got, err)
	}
}

func TestEveryBrokerDeliversEachEventOnce(t *testing.T) {
	for _, n := range brokers() {
		t.Run(n.name, func(t *testing.T) {
			s := new(service)
			serve, err := s.serverNamed(n.name)
			if err != nil {
				t.Fatal(err)
			}
			addr := listening(t, contender{serve: func(l net.Listener, _ *service) error { return serve(l) }}, s)
			to := &server{name: n.name, addr: addr}
			to.program, to.answers = plumbing(t, s)
			stand := &stand{namedBroker: n, server: to, crowd: pollerAt(t, addr), next: 1}
			for _, plan := range []series{{count: 10, size: 500}, {count: 5, gap: time.Millisecond}} {
				o, err := stand.visit(3, plan)
				if err != nil {
					t.Fatal(err)
				}
				if o.Delivered != 3*plan.count || o.Lost+o.Repeated+o.Reordered+o.Strange != 0 || o.Cut != 0 {
					t.Errorf("%v: %+v", plan, o.summary)
				}
			}
			// The last event may come before its publisher has counted it.
			if err := stand.finished(5); err != nil {
				t.Error(err)
			}
			if held, err := to.ask(askResident); err != nil || held[0] < 1 || held[2] < 1<<20 {
				t.Errorf("it holds %v: %v", held, err)
			}
		})
	}
}

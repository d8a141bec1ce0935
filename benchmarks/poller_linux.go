//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A poller is a process of subscribers: one goroutine that waits for all of
// their sockets at once, and for what it is told on its standard input.
type poller struct {
	target netip.AddrPort
	clock  monotonic
	poll   int // the descriptor of epoll
	output *json.Encoder

	tally   tally
	members map[int]*member // by descriptor
	opened  int             // so far, which decides where the next comes from
	buffer  []byte
	told    lineBuffer
	over    bool // there is nobody to tell it anything any more
	until   *condition
	visits  visits
}

// visits have each subscriber leave after so many events, and another one come for
// it, until there were enough. The zero value has them stay.
type visits struct{ each, left int64 }

// A member is one connection.
type member struct {
	subscriber

	stalls bool // it reads until it has joined, and then never again
}

// A condition is what the other process waits for.
type condition struct {
	joined   int           // subscribers; 0 means the whole series, or
	left     int           // subscribers, if it is not 0
	deadline time.Duration // the latest time to answer
	silence  time.Duration // without an event, after which there is no use in waiting
}

const (
	canPoll = true
	// readSize is the most that is taken from one socket before the next.
	readSize = 64 << 10
	// portsEach is how many connections come from one address: there are 28,000
	// ports on most machines.
	portsEach = 10_000
)

// subscribeChild is the whole life of a process of subscribers.
func subscribeChild(arguments []string, stdout io.Writer) error {
	flags := flag.NewFlagSet(subscribeCommand, flag.ContinueOnError)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	target, err := netip.ParseAddrPort(flags.Arg(0))
	if err != nil {
		return err
	}
	p, err := newPoller(target, stdout)
	if err != nil {
		return err
	}
	if err := p.watch(int(os.Stdin.Fd())); err != nil {
		return err
	}
	return p.run(int(os.Stdin.Fd()))
}

func newPoller(target netip.AddrPort, output io.Writer) (*poller, error) {
	clock, err := newMonotonic()
	if err != nil {
		return nil, err
	}
	poll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return &poller{
		target: target, clock: clock, poll: poll, output: json.NewEncoder(output),
		members: make(map[int]*member), buffer: make([]byte, readSize),
	}, nil
}

// run serves its descriptors until the one with the commands ends.
func (p *poller) run(commands int) error {
	defer unix.Close(p.poll)
	events := make([]unix.EpollEvent, 256)
	for !p.over {
		n, err := unix.EpollWait(p.poll, events, p.timeout())
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) == commands {
				err = p.obey(commands)
			} else {
				err = p.receive(int(e.Fd))
			}
			if err != nil {
				return err
			}
		}
		if err := p.answer(); err != nil {
			return err
		}
	}
	return nil
}

// timeout is how long the next wait may take, in milliseconds; -1 is for ever.
func (p *poller) timeout() int {
	if p.until == nil {
		return -1
	}
	at := p.until.deadline
	if p.until.silence > 0 && p.tally.last > 0 {
		at = min(at, p.tally.last+p.until.silence)
	}
	return int(max(at-p.clock.now(), 0)/time.Millisecond) + 1
}

// answer tells what the tally has come to, once the condition holds or there is no
// hope that it will.
func (p *poller) answer() error {
	c := p.until
	if c == nil {
		return nil
	}
	met := p.tally.complete()
	switch {
	case c.joined > 0:
		met = p.tally.Joined >= c.joined
	case c.left > 0:
		met = p.tally.Left >= c.left
	}
	now := p.clock.now()
	silent := c.silence > 0 && p.tally.last > 0 && now-p.tally.last >= c.silence
	if !met && !silent && now < c.deadline {
		return nil
	}
	p.until = nil
	return p.output.Encode(p.tally.sum())
}

// receive reads from a socket what is there, up to a limit: there are others.
func (p *poller) receive(fd int) error {
	m := p.members[fd]
	if m == nil {
		return nil // closed by a command that came with the same events
	}
	n, err := unix.Read(fd, p.buffer)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil
	case err != nil, n == 0:
		err = errStreamEnded
	default:
		err = m.feed(p.buffer[:n], p.clock.now())
	}
	if err == nil && m.stalls && m.record.joined {
		return p.unwatch(fd)
	}
	if errors.Is(err, errStreamEnded) {
		p.tally.ended(&m.record)
		if p.visits.each == 0 {
			return p.unwatch(fd)
		}
	}
	if p.visits.each > 0 && (m.record.ended || err == nil && m.record.had >= p.visits.each) {
		return p.replace(fd)
	}
	return err
}

// replace has a subscriber leave, and the next one come.
func (p *poller) replace(fd int) error {
	p.tally.Left++
	delete(p.members, fd)
	if err := unix.Close(fd); err != nil || p.visits.left <= 0 {
		return err
	}
	p.visits.left--
	p.tally.Readers--
	return p.openMany(1, false)
}

func (p *poller) watch(fd int) error {
	return unix.EpollCtl(p.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}) //nolint:gosec // a descriptor is small
}

func (p *poller) unwatch(fd int) error {
	return unix.EpollCtl(p.poll, unix.EPOLL_CTL_DEL, fd, nil)
}

// obey reads commands.
func (p *poller) obey(fd int) error {
	n, err := unix.Read(fd, p.buffer)
	if err != nil || n == 0 {
		p.over = true
		return err
	}
	input := bytes.Clone(p.buffer[:n])
	for {
		line, rest, whole := p.told.cut(input)
		if !whole {
			return nil
		}
		if err := p.do(string(line)); err != nil {
			return fmt.Errorf("%s: %w", line, err)
		}
		input = rest
	}
}

// do carries one command out. All are answered with the tally, if only later.
func (p *poller) do(command string) error {
	verb, rest, _ := strings.Cut(command, " ")
	var numbers [3]int64
	count, _ := fmt.Sscan(rest, &numbers[0], &numbers[1], &numbers[2]) // those that are not there are 0
	switch {
	case verb == tellOpen && count == 2:
		return errors.Join(p.openMany(int(numbers[0]), numbers[1] > 0), p.output.Encode(p.tally.sum()))
	case verb == tellBegin && count == 2:
		p.begin(numbers[0], numbers[1])
		return p.output.Encode(p.tally.sum())
	case verb == tellAwait && count == 3:
		p.until = p.conditionOf(numbers[1], numbers[2])
		p.until.joined = int(numbers[0])
		return nil
	case verb == tellVisits && count == 2:
		p.visits = visits{each: numbers[0], left: numbers[1]}
		return p.output.Encode(p.tally.sum())
	case verb == tellLeave && count == 3:
		p.until = p.conditionOf(numbers[1], numbers[2])
		p.until.left = int(numbers[0])
		return nil
	case verb == tellClose && count == 0:
		return errors.Join(p.closeAll(), p.output.Encode(p.tally.sum()))
	}
	return errors.New("there is no such command")
}

func (p *poller) conditionOf(silence, most int64) *condition {
	return &condition{
		silence:  time.Duration(silence) * time.Millisecond,
		deadline: p.clock.now() + time.Duration(most)*time.Millisecond,
	}
}

func (p *poller) begin(first, count int64) {
	p.tally.begin(first, count)
	for _, m := range p.members {
		m.record.begin()
	}
}

// openMany opens connections and asks for the stream; nothing is read yet.
func (p *poller) openMany(n int, stalls bool) error {
	for range n {
		fd, err := p.open(stalls)
		if err != nil {
			return err
		}
		m := &member{stalls: stalls}
		m.tally = &p.tally
		p.members[fd] = m
		if err := p.watch(fd); err != nil {
			return err
		}
	}
	if !stalls {
		p.tally.Readers += n
	}
	return nil
}

func (p *poller) open(stalls bool) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	source := [4]byte{127, 0, 0, byte(2 + p.opened/portsEach%200)} //nolint:gosec // at most 201
	p.opened++
	request := "GET " + fanoutTarget + " HTTP/1.1\r\nHost: localhost\r\nAccept: " + eventType + "\r\n\r\n"
	err = errors.Join(
		// A reset at the end, so that no port is held for a minute.
		unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}),
		unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1),
		unix.Bind(fd, &unix.SockaddrInet4{Addr: source}),
		unix.Connect(fd, &unix.SockaddrInet4{Addr: p.target.Addr().As4(), Port: int(p.target.Port())}),
		unix.SetNonblock(fd, true),
	)
	if stalls {
		// Its kernel takes little, so that the server's soon has to keep the rest.
		err = errors.Join(err, unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10))
	}
	if err == nil {
		_, err = unix.Write(fd, []byte(request))
	}
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// closeAll leaves all streams, and forgets what was.
func (p *poller) closeAll() error {
	var faults []error
	for fd := range p.members {
		faults = append(faults, unix.Close(fd))
	}
	clear(p.members)
	p.tally.summary, p.visits = summary{}, visits{}
	return errors.Join(faults...)
}

//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// subscribeCommand is the first argument of a process of subscribers.
const subscribeCommand = "subscribe"

// What a process of subscribers is told, with numbers. It answers each with its
// summary, in JSON.
const (
	tellOpen  = "open"  // so many subscribers, and whether they stall
	tellBegin = "begin" // a series: its first number, and how many events
	tellAwait = "await" // so many subscribers, or 0 for the series; milliseconds of silence, and in all
	tellClose = "close" // all streams
	// Subscribers that leave, and others that come for them.
	tellVisits = "visits" // after how many events each leaves, and how many more come
	tellLeave  = "leave"  // await that so many have left; milliseconds of silence, and in all
)

// listeners are a process of subscribers, as the process that has started it sees
// them.
type listeners struct {
	*program

	answers *json.Decoder
}

func startListeners(ctx context.Context, addr string) (*listeners, error) {
	program, err := startProgram(ctx, subscribeCommand, addr)
	if err != nil {
		return nil, err
	}
	return &listeners{program, json.NewDecoder(program.output)}, nil
}

func (l *listeners) tell(command string, numbers ...int64) (s summary, err error) {
	for _, n := range numbers {
		command += fmt.Sprint(" ", n)
	}
	if _, err := fmt.Fprintln(l.input, command); err != nil {
		return s, err
	}
	err = l.answers.Decode(&s)
	return s, err
}

// await waits until so many have joined or, if it is 0, until the whole series has
// come; no longer than most, and no longer than a silence.
func (l *listeners) await(joined int, silence, most time.Duration) (summary, error) {
	return l.tell(tellAwait, int64(joined), silence.Milliseconds(), most.Milliseconds())
}

package eventlog_test

import (
	"context"
	"fmt"
	"log"

	"github.com/bare-go/bare/eventlog"
)

// A reader asks what there is, and is woken when there is more.
func ExampleFeed() {
	ctx := context.Background()
	prices := eventlog.NewMemory(eventlog.MemoryOptions{})
	feed := eventlog.NewFeed(prices, eventlog.FeedOptions{})
	lines := feed.Encoding(func(dst []byte, record *eventlog.Record, at eventlog.Offset) []byte {
		return fmt.Appendf(dst, "%d: %s\n", at.Seq, record.Data)
	})
	for _, price := range []string{"41", "42"} {
		if _, err := prices.Append(ctx, eventlog.Record{Data: []byte(price)}, eventlog.AppendOptions{}); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := prices.Append(ctx, eventlog.Record{}, eventlog.AppendOptions{Close: eventlog.CloseOnly}); err != nil {
		log.Fatal(err)
	}

	woken := make(chan struct{}, 1)
	waiter := eventlog.Waiter{Wake: func() { woken <- struct{}{} }}
	var cursor eventlog.Cursor
	feed.Join(&cursor, lines, eventlog.Offset{})
	for reading := true; reading; {
		chunk, status := feed.Next(&cursor)
		switch status {
		case eventlog.Ready:
			fmt.Print(string(chunk))
		case eventlog.Idle:
			if !feed.Wait(&waiter, cursor.Offset()) {
				<-woken
			}
		case eventlog.Cold:
			if err := feed.Fetch(ctx, &cursor); err != nil {
				log.Fatal(err)
			}
		case eventlog.Gap:
			from, to := cursor.Gap()
			fmt.Println("lost:", from, "to", to)
		case eventlog.Ended:
			reading = false
		}
	}
	feed.Forget(&waiter)
	feed.Leave(&cursor)
	// Output:
	// 1: 41
	// 2: 42
}

package eventlog_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/bare-go/bare/eventlog"
)

// A client reads, goes away, and comes back with the offset that it has kept as text.
func Example() {
	ctx := context.Background()
	log := eventlog.NewMemory(eventlog.MemoryOptions{})
	publish := func(text string) {
		if _, err := log.Append(ctx, eventlog.Record{Data: []byte(text)}, eventlog.AppendOptions{}); err != nil {
			fmt.Println(err)
		}
	}

	publish("one")
	publish("two")
	page, err := log.Read(ctx, eventlog.Offset{}, 64<<10)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, record := range page.Records {
		fmt.Printf("%s\n", record.Data)
	}
	kept := page.Next.String()

	publish("three")
	offset, err := eventlog.ParseOffset(kept)
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err = log.Read(ctx, offset, 64<<10)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("since then: %s, gap: %v\n", page.Records[0].Data, page.Gap)
	// Output:
	// one
	// two
	// since then: three, gap: false
}

// A reader that is too slow for the log's limits is told that it has missed something.
func ExamplePage_gap() {
	ctx := context.Background()
	log := eventlog.NewMemory(eventlog.MemoryOptions{Records: 2})
	for _, text := range []string{"one", "two", "three"} {
		if _, err := log.Append(ctx, eventlog.Record{Data: []byte(text)}, eventlog.AppendOptions{}); err != nil {
			fmt.Println(err)
		}
	}
	page, err := log.Read(ctx, eventlog.Offset{}, 64<<10)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("gap:", page.Gap)
	for _, record := range page.Records {
		fmt.Printf("%s\n", record.Data)
	}
	// Output:
	// gap: true
	// two
	// three
}

// The acknowledgement of an append was lost. The producer tries it again with the tail
// that it had expected, and learns that the record is there.
func ExampleConflictError() {
	ctx := context.Background()
	log := eventlog.NewMemory(eventlog.MemoryOptions{})
	state, err := log.State(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	once := eventlog.AppendOptions{Expect: state.Tail}
	order := eventlog.Record{Data: []byte("an order")}
	if _, err := log.Append(ctx, order, once); err != nil {
		fmt.Println(err)
	}

	_, err = log.Append(ctx, order, once)
	if conflict, ok := errors.AsType[*eventlog.ConflictError](err); ok {
		fmt.Println("the tail has the number", conflict.Tail.Seq)
	}
	// Output: the tail has the number 1
}

// A reader who comes late gets the latest price of each share, and every piece of news.
func ExampleMemoryOptions_compact() {
	ctx := context.Background()
	log := eventlog.NewMemory(eventlog.MemoryOptions{Compact: true})
	for _, record := range []eventlog.Record{
		{Key: "ACME", Data: []byte("ACME 41")},
		{Data: []byte("news: the bell rings")},
		{Key: "BARE", Data: []byte("BARE 7")},
		{Key: "ACME", Data: []byte("ACME 42")},
	} {
		if _, err := log.Append(ctx, record, eventlog.AppendOptions{}); err != nil {
			fmt.Println(err)
		}
	}
	page, err := log.Read(ctx, eventlog.Offset{}, 64<<10)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, record := range page.Records {
		fmt.Printf("%d: %s\n", record.Seq, record.Data)
	}
	// Output:
	// 2: news: the bell rings
	// 3: BARE 7
	// 4: ACME 42
}

// A reader waits for more: register, read to the end, wait.
func ExampleLog_watch() {
	ctx := context.Background()
	var log eventlog.Log = eventlog.NewMemory(eventlog.MemoryOptions{})
	go func() {
		for _, text := range []string{"one", "two"} {
			if _, err := log.Append(ctx, eventlog.Record{Data: []byte(text)}, eventlog.AppendOptions{}); err != nil {
				fmt.Println(err)
			}
		}
		if _, err := log.Append(ctx, eventlog.Record{}, eventlog.AppendOptions{Close: eventlog.CloseOnly}); err != nil {
			fmt.Println(err)
		}
	}()

	changed := make(chan struct{}, 1)
	stop := log.Watch(func() {
		select {
		case changed <- struct{}{}:
		default: // the reader will look anyway
		}
	})
	defer stop()
	var offset eventlog.Offset
	for {
		page, err := log.Read(ctx, offset, 64<<10)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, record := range page.Records {
			fmt.Printf("%s\n", record.Data)
		}
		offset = page.Next
		if page.Closed {
			fmt.Println("the end")
			return
		}
		if len(page.Records) == 0 {
			<-changed
		}
	}
	// Output:
	// one
	// two
	// the end
}

// A draft goes on from the second record of a text, without a copy of it.
func ExampleCreateOptions_fork() {
	ctx := context.Background()
	logs := eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	text, err := logs.Create(ctx, "text", eventlog.CreateOptions{
		Records: []eventlog.Record{{Data: []byte("Once ")}, {Data: []byte("upon ")}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	state, err := text.State(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	draft, err := logs.Create(ctx, "draft", eventlog.CreateOptions{Start: state.Tail})
	if err != nil {
		fmt.Println(err)
		return
	}
	offset, err := draft.Append(ctx, eventlog.Record{Data: []byte("a time")}, eventlog.AppendOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the draft has number", offset.Seq, "in the epoch of the text:", offset.Epoch == state.Tail.Epoch)
	// Output: the draft has number 3 in the epoch of the text: true
}

package topic_test

import (
	"context"
	"fmt"
	"log"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/topic"
)

// One route serves whoever follows the topic, in the form that each asks for.
func Example() {
	prices := topic.New(topic.Options{})
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/prices", prices.Handle)

	for _, price := range []string{"41", "42"} {
		if _, err := prices.Publish(context.Background(), topic.Event{Type: "price", Data: []byte(price)}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(prices.Stats().Published)
	// Output: 2
}

// A page shows a sum, and follows the events that are not in it.
func ExampleView() {
	orders := topic.New(topic.Options{})
	bytes := topic.NewView(orders, 0, func(total int, event topic.Event) int { return total + len(event.Data) })

	id, err := orders.Publish(context.Background(), topic.Event{Data: []byte("seven..")})
	if err != nil {
		log.Fatal(err)
	}
	err = bytes.Read(context.Background(), func(total int, at eventlog.Offset) {
		fmt.Println(total, at == id) // the page streams on from "?last-event-id=" + at.String()
	})
	if err != nil {
		log.Fatal(err)
	}
	bytes.Close()
	// Output: 7 true
}

// A handler and its stream need no server.
func ExampleTopic_Handle() {
	prices := topic.New(topic.Options{})
	response := prices.Handle(baretest.NewRequest("GET", "/prices", nil)) // the position is taken here
	if _, err := prices.Publish(context.Background(), topic.Event{Type: "price", Data: []byte("42")}); err != nil {
		log.Fatal(err)
	}
	if err := prices.Close(context.Background()); err != nil {
		log.Fatal(err)
	}
	chunks := 0
	err := bare.RunBody(response.Body, func([]byte) bool {
		chunks++
		return true
	})
	fmt.Println(chunks, err) // where it begins, the price, and the end
	// Output: 3 <nil>
}

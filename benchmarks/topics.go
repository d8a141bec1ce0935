//go:build unix

package main

import (
	"context"
	"net"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
)

// topicBroker is the topic of this project, as it comes: a log that all subscribers
// read, each at its own place.
type topicBroker struct{ topic *topic.Topic }

func newTopic() *topicBroker { return &topicBroker{topic.New(topic.Options{})} }

func (t *topicBroker) serve(s *service, listener net.Listener) error {
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, fanoutPath, t.topic.Handle)
	return runBare(app, s, listener)
}

func (t *topicBroker) publish(e event) error {
	_, err := t.topic.Publish(context.Background(), topic.Event{Type: eventName, Data: e.data})
	return err
}

// Package topic publishes events to any number of subscribers.
package topic

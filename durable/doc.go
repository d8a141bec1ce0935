// Package durable serves streams by the Durable Streams protocol.
package durable

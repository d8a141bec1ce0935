// Package eventlog keeps records in order and remembers where each reader is.
package eventlog

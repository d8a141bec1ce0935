// Package ldtest contains a test runner framework that is similar to Go's testing package,
// but is run as regular Go application code rather than Go tests. It also adds richer
// capabilities for configuration, logging, and result reporting.
package ldtest

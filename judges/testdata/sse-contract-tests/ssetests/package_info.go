// Package ssetests contains the SSE contract tests themselves and their supporting API.
//
// Test harness infrastructure that is not specific to the SSE domain, such as the ability
// to communicate with the test service and to receive requests on mock endpoints, is in
// the lower-level framework package.
package ssetests

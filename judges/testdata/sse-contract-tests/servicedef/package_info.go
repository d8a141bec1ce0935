// Package servicedef contains definitions for the REST protocol that test services must
// implement. See the top-level README.md for more details.
//
// The package is used by the test harness, but can also be imported by any test service
// code that is Go-based.
package servicedef

// Package bare is a micro web framework for applications that stream.
package bare

// Package page has the page of the service.
package page

import "embed"

// Files are what the service serves at its root.
//
//go:embed index.html
var Files embed.FS

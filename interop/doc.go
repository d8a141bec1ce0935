// Package interop has no code but its tests: middlewares of net/http that others
// wrote, around an application by Wrap and around a route by FromHTTPMiddleware,
// with streams that stay live.
package interop

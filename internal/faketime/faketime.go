// Package faketime lets package baretest say that time is fake: that it stands still
// as long as anything is at work, as in a bubble of testing/synctest.
//
// An application then has a chunk wait for company until nothing else happens, which
// takes a nanosecond, rather than for a millisecond, which tests would see in their
// clocks. It is no option of the application's, as nobody else has a use for it.
package faketime

import "context"

type contextKey struct{}

// Context returns a copy of ctx, to serve with, that says that time is fake.
func Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, true)
}

// In reports whether ctx says that time is fake.
func In(ctx context.Context) bool {
	fake, _ := ctx.Value(contextKey{}).(bool)
	return fake
}

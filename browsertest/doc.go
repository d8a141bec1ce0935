// Package browsertest has no code but its tests: they run the examples, and small
// applications of their own, in a real browser.
//
// They want Debian's chromium, and some of them its nginx. Where there is none they are
// skipped, except where the environment says CI=true: there they fail.
package browsertest

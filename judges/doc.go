// Package judges has no code but its tests: they serve small applications, and let
// test suites and clients that others wrote judge them. docs/judged-by.md has what
// each of them says.
//
// Those of HTTP want nothing but Go. The rest come from npm: they want npm, and
// "npm ci" in this folder. Where a judge is not installed its tests are skipped,
// except where the environment says CI=true: there they fail.
package judges

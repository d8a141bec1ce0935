// Package judges has no code but its tests: they serve small applications, and let
// test suites and clients that others wrote judge them. docs/judged-by.md has what
// each of them says.
//
// One more is no judge, but a witness: nginx shows what clients see of a program that
// is behind it. docs/deploy.md and docs/user-guide/behind-a-proxy.md have its reports.
//
// The clients of package sse are judged as well: the program sseservice has one do what
// the contract tests in testdata/sse-contract-tests say.
//
// Those of HTTP/2 and of package sse want nothing but Go, and nginx wants Debian's package. The rest
// come from npm: they want npm, and "npm ci" in this folder. Where a judge is not
// installed its tests are skipped, except where the environment says CI=true: there
// they fail.
package judges

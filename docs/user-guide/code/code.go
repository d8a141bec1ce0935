// Package code holds the code that the user guide shows. It is compiled, and its
// tests run with all others, so that the guide cannot show what does not work.
package code

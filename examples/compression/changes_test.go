package main

import (
	"strings"

	"github.com/bare-go/bare"
)

// The function here is that of the program after the change that the chapter shows.

// docs:start secret
func secretIndex(*bare.HttpRequest) bare.HttpResponse {
	return bare.TextResponse(200, strings.Repeat("The quick brown fox jumps over the lazy dog.\n", 1000)).
		WithHeader("cache-control", "no-transform")
}

// docs:end secret

package main

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/bare-go/bare"
)

// costs is what each transport has cost since the program began. It is safe for
// concurrent use.
type costs struct {
	mutex sync.Mutex
	spent map[string]*cost
}

// A cost is that of one transport, for all pages together.
type cost struct {
	Requests int `json:"requests"`
	Heads    int `json:"heads"`  // bytes of the heads of requests and responses
	Bodies   int `json:"bodies"` // bytes of the bodies of responses
	Events   int `json:"events"` // that were in them
}

func newCosts() *costs { return &costs{spent: make(map[string]*cost)} }

// count is a middleware around the topic: a body is a function, so it can be wrapped. A
// WebSocket has no body, so pages count what comes over theirs.
func (c *costs) count(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	transport := transportOf(request)
	c.add(transport, cost{Requests: 1, Heads: requestHead(request.Scope)})
	response := handler(request)
	c.add(transport, cost{Heads: responseHead(response)})
	if body := response.Body; body != nil {
		response.Body = func(yield func([]byte) bool) {
			body(func(chunk []byte) bool {
				c.add(transport, cost{Bodies: len(chunk), Events: bytes.Count(chunk, []byte(`{"number":`))})
				return yield(chunk)
			})
		}
	}
	return response
}

func (c *costs) add(transport string, more cost) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	sum := c.spent[transport]
	if sum == nil {
		sum = new(cost)
		c.spent[transport] = sum
	}
	sum.Requests += more.Requests
	sum.Heads += more.Heads
	sum.Bodies += more.Bodies
	sum.Events += more.Events
}

func (c *costs) handle(*bare.HttpRequest) bare.HttpResponse {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return bare.JSONResponse(200, c.spent).WithHeader("cache-control", "no-store")
}

func transportOf(request *bare.HttpRequest) string {
	switch {
	case request.Scope.Header.Get("Upgrade") != "":
		return "websocket"
	case request.Query().Get("live") == "long-poll":
		return "polling"
	case strings.Contains(request.Scope.Header.Get("Accept"), "ndjson"):
		return "ndjson"
	}
	return "sse"
}

// requestHead is about how many bytes a request's head has over HTTP/1.1.
func requestHead(r *http.Request) int {
	return len(r.Method+" "+r.URL.RequestURI()+" HTTP/1.1\r\nHost: "+r.Host+"\r\n\r\n") + headerBytes(r.Header)
}

// responseHead is the same for a response. The server adds the date.
func responseHead(response bare.HttpResponse) int {
	return len("HTTP/1.1 200 OK\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\n\r\n") + headerBytes(response.Headers)
}

func headerBytes(headers http.Header) int {
	sum := 0
	for name, values := range headers {
		for _, value := range values {
			sum += len(name) + len(": ") + len(value) + len("\r\n")
		}
	}
	return sum
}

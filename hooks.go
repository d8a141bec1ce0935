package bare

import "strconv"

// report registers what OnEnd was given.
func (h *hooks) report(report func(End)) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.onEnd == nil {
		h.onEnd = h.first[:0]
	}
	h.onEnd = append(h.onEnd, report)
}

// reports returns what was registered with OnEnd.
func (h *hooks) reports() []func(End) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.onEnd
}

// cleanUp has do called at the end of the response, or now if that has come.
func (h *hooks) cleanUp(do func()) {
	h.mutex.Lock()
	over := h.over
	if !over {
		h.cleanups = append(h.cleanups, do)
	}
	h.mutex.Unlock()
	if over {
		do()
	}
}

// begin runs a handler of net/http in a goroutine that the end waits for. One that
// begins after the end, in what a middleware has left behind, finds its context
// and its writer ended.
func (h *hooks) begin(run func()) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.over {
		go run()
		return
	}
	h.handlers.Go(run)
}

// end calls the cleanups.
func (h *hooks) end() {
	h.mutex.Lock()
	h.over = true
	cleanups := h.cleanups
	h.mutex.Unlock()
	for _, cleanup := range cleanups {
		cleanup()
	}
}

// prompt reports whether the response is to be complete before the handlers are: it
// refuses a WebSocket, whose handler may go on.
func (x *exchange) prompt() bool { return x.hooks != nil && x.hooks.prompt }

// announce declares the length of a small body, which net/http would find only when all
// handlers have returned: the client knows by it where the response ends.
func announce(response *HttpResponse) {
	headers := canonicalHeaders(response.Headers)
	if !isImmediate(response.Body) || headers["Content-Length"] != nil {
		return
	}
	length := 0
	response.Body(func(chunk []byte) bool {
		length += len(chunk)
		return true
	})
	headers.Set("Content-Length", strconv.Itoa(length))
	response.Headers = headers
}

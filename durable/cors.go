package durable

import (
	"net/http"
	"slices"
	"strings"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/internal/longpoll"
)

// checkOrigin refuses the pages of origins that have no access. A browser sends some
// requests of theirs without asking first, and with the user's cookies.
func (h *Handler) checkOrigin(request *bare.HttpRequest) error {
	origin := request.Scope.Header.Get("Origin")
	if origin == "" || h.options.Origins == nil || slices.Contains(h.options.Origins, origin) {
		return nil
	}
	if strings.EqualFold(origin, request.URL().Scheme+"://"+request.Scope.Host) {
		return nil // the page is this server's own
	}
	return errOtherOrigin
}

// share gives a response the headers that browsers want: who may read it (Fetch
// standard, section 3.3), and those of section 12.7.
func (h *Handler) share(request *bare.HttpRequest, response bare.HttpResponse) bare.HttpResponse {
	response = response.WithHeader("X-Content-Type-Options", "nosniff")
	headers := response.Headers // which are ours by now
	headers.Set("Access-Control-Expose-Headers", exposed)
	if h.options.Origins == nil {
		headers.Set("Access-Control-Allow-Origin", "*")
		headers.Set("Cross-Origin-Resource-Policy", "cross-origin")
		return response
	}
	headers.Add("Vary", "Origin")
	headers.Set("Cross-Origin-Resource-Policy", "same-origin")
	if origin := request.Scope.Header.Get("Origin"); slices.Contains(h.options.Origins, origin) {
		headers.Set("Access-Control-Allow-Origin", origin)
		headers.Set("Access-Control-Allow-Credentials", "true")
	}
	return response
}

// preflight answers OPTIONS.
func (h *Handler) preflight(request *bare.HttpRequest) bare.HttpResponse {
	if err := h.checkOrigin(request); err != nil {
		return h.share(request, fail(err))
	}
	return h.share(request, bare.HttpResponse{Status: http.StatusNoContent, Headers: bare.Headers(
		"Allow", methods,
		"Access-Control-Allow-Methods", methods,
		"Access-Control-Allow-Headers", allowed,
		"Access-Control-Max-Age", "86400",
	)})
}

const methods = "GET, HEAD, POST, PUT, DELETE, OPTIONS"

// allowed are the headers that pages may send. Authorization is named, as "*" does
// not stand for it.
const allowed = "Authorization, Content-Type, If-None-Match, " +
	streamTTL + ", " + streamExpires + ", " + streamSeq + ", " + longpoll.Closed + ", " +
	forkedFrom + ", " + forkOffset + ", " + forkSubOffset + ", " +
	producerID + ", " + producerEpoch + ", " + producerSeq

// exposed are the headers that pages may see.
const exposed = "Etag, Location, " +
	longpoll.NextOffset + ", " + longpoll.UpToDate + ", " + longpoll.Closed + ", " + longpoll.Cursor + ", " +
	streamTTL + ", " + streamExpires + ", " + dataEncoding + ", " +
	producerEpoch + ", " + producerSeq + ", " + producerExpected + ", " + producerReceived

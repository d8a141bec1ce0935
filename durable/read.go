package durable

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/etag"
	"github.com/bare-go/bare/internal/longpoll"
)

// A reading is what a GET asks for.
type reading struct {
	*view

	request  *bare.HttpRequest
	position longpoll.Position
	after    eventlog.Offset // what the position stands for; zero is the beginning
	cursor   string
}

// ask reads a page, also for a client that has closed its side of the connection.
func (r *reading) ask(source chain, after eventlog.Offset, limit int) (eventlog.Page, error) {
	return longpoll.Ask(r.request.Context(), func(ctx context.Context) (eventlog.Page, error) {
		return source.Read(ctx, after, limit)
	})
}

// read answers GET (sections 5.6 to 5.8).
func (h *Handler) read(request *bare.HttpRequest, name string) bare.HttpResponse {
	if err := h.permit(request, Read, name); err != nil {
		return fail(err)
	}
	query, err := url.ParseQuery(request.Scope.URL.RawQuery)
	if err != nil { // what is malformed must not count as left out
		return fail(invalid("the query"))
	}
	position, err := longpoll.ParsePosition(query)
	if err != nil {
		return fail(err)
	}
	live := query.Get("live")
	if live != "" && !position.Given {
		return fail(errOffsetNeeded)
	}
	v, err := h.findFor(request, name)
	if err != nil {
		return fail(err)
	}
	v.touch()
	r := &reading{request: request, position: position, after: position.After, cursor: query.Get("cursor"), view: &v}
	if position.Now {
		r.after = v.state.Tail
	}
	switch live {
	case "":
		return h.catchUp(r)
	case "long-poll":
		return h.poll(r)
	case "sse":
		return h.follow(r)
	}
	return fail(errLive)
}

// catchUp answers with what there is.
func (h *Handler) catchUp(r *reading) bare.HttpResponse {
	if r.position.Now { // what is there by now counts as read
		page := eventlog.Page{Next: r.after, Closed: r.state.Closed}
		return h.pageResponse(r, page, "")
	}
	page, err := r.ask(chain{h, r.view}, r.after, h.options.MaxRead)
	if err != nil {
		return fail(err)
	}
	return h.pageResponse(r, page, "")
}

// poll answers with what there is, or waits for it (section 5.7).
func (h *Handler) poll(r *reading) bare.HttpResponse {
	defer r.attend()()
	page, err := longpoll.Poll(r.request, chain{h, r.view}, r.after, h.options.MaxRead, h.options.LongPoll)
	if err != nil {
		return fail(err)
	}
	cursor := longpoll.NextCursor(r.cursor, time.Now())
	if len(page.Records) > 0 || page.Gap {
		return h.pageResponse(r, page, cursor)
	}
	headers := longpoll.Headers(page.Next, cursor, true, page.Closed)
	headers.Set("Cache-Control", "no-store")
	return bare.HttpResponse{Status: http.StatusNoContent, Headers: headers}
}

// pageResponse is a page as a response of its own.
func (h *Handler) pageResponse(r *reading, page eventlog.Page, cursor string) bare.HttpResponse {
	if page.Gap {
		return fail(errTrimmed)
	}
	state, err := longpoll.Ask(r.request.Context(), r.log.State)
	if err != nil {
		return fail(err)
	}
	upToDate := page.Next == state.Tail || len(page.Records) == 0
	headers := longpoll.Headers(page.Next, cursor, upToDate, page.Closed)
	headers.Set("Content-Type", r.config.Type)
	headers.Set("Cache-Control", h.caching(r, &page))
	framing := framingOf(r.config.Type)
	if !r.position.Now { // the same address has something else the next time: it has no tag
		tag := entityTag(r, &page)
		headers.Set("Etag", tag)
		if etag.Matches(r.request.Scope.Header["If-None-Match"], tag) {
			headers.Del("Content-Type")
			return bare.HttpResponse{Status: http.StatusNotModified, Headers: headers}
		}
	}
	headers.Set("Content-Length", fmt.Sprint(framing.length(page.Records)))
	return bare.HttpResponse{Headers: headers, Body: framing.body(page.Records)}
}

// entityTag names what the answer holds: which stream, from where to where, and
// whether that is all that there will ever be (section 10.1).
func entityTag(r *reading, page *eventlog.Page) string {
	tag := `"` + r.id + ":" + r.position.String() + ":" + page.Next.String()
	if page.Closed {
		tag += ":c"
	}
	return tag + `"`
}

// maxAge is how long caches may keep what a stream has had: it never changes, but
// the stream may be deleted.
const maxAge = time.Minute

// caching is the Cache-Control of a page (section 10.1).
func (h *Handler) caching(r *reading, page *eventlog.Page) string {
	if r.position.Now {
		return "no-store" // the tail is another one with each append
	}
	if len(page.Records) == 0 && !page.Closed {
		return "no-cache" // there may be something at any time
	}
	scope, age := "public", maxAge
	if h.options.Private {
		scope = "private"
	}
	if r.config.expires() {
		age = max(0, min(age, time.Until(r.config.deadline(time.Now()))))
	}
	return fmt.Sprintf("%s, max-age=%d, stale-while-revalidate=%d", scope, age/time.Second, 5*age/time.Second)
}

// inspect answers HEAD (section 5.5). It is no use of the stream.
func (h *Handler) inspect(request *bare.HttpRequest, name string) bare.HttpResponse {
	if err := h.permit(request, Read, name); err != nil {
		return fail(err)
	}
	v, err := h.findFor(request, name)
	if err != nil {
		return fail(err)
	}
	headers := longpoll.Headers(v.state.Tail, "", false, v.state.Closed)
	headers.Set("Content-Type", v.config.Type)
	headers.Set("Cache-Control", "no-store")
	if v.config.TTL != nil {
		headers.Set(streamTTL, fmt.Sprint(*v.config.TTL))
	}
	if v.config.Expires != "" {
		headers.Set(streamExpires, v.config.Expires)
	}
	return bare.HttpResponse{Headers: headers}
}

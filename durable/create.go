package durable

import (
	"context"
	"errors"
	"net/http"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
	"github.com/bare-go/bare/internal/longpoll"
)

// A creation is what a PUT asks for.
type creation struct {
	config config
	closed bool
	typed  bool // the request has a content type
	fork   *forking
	body   []byte
}

// create answers PUT (section 5.1): the stream is made, or it is there already, as
// it was asked for.
func (h *Handler) create(request *bare.HttpRequest, name string) bare.HttpResponse {
	asked, err := h.parseCreation(request, name)
	if err != nil {
		return fail(err)
	}
	ctx, cancel := finishing(request.Context())
	defer cancel()
	v, created, err := h.ensure(ctx, name, asked)
	if err != nil {
		return fail(err)
	}
	headers := longpoll.Headers(v.state.Tail, "", false, v.state.Closed)
	headers.Set("Content-Type", v.config.Type)
	if !created {
		return bare.HttpResponse{Status: http.StatusOK, Headers: headers}
	}
	headers.Set("Location", location(request))
	return bare.HttpResponse{Status: http.StatusCreated, Headers: headers}
}

// location is the stream's own address, without a query.
func location(request *bare.HttpRequest) string {
	url := request.URL()
	url.RawQuery = ""
	return url.String()
}

// parseCreation reads what a PUT asks for, and whether its client may have it.
func (h *Handler) parseCreation(request *bare.HttpRequest, name string) (*creation, error) {
	if err := h.permit(request, Create, name); err != nil {
		return nil, err
	}
	header := request.Scope.Header
	asked := &creation{closed: isTrue(header, longpoll.Closed)}
	if err := lifetime(header, &asked.config); err != nil {
		return nil, err
	}
	var err error
	if asked.config.Type, asked.typed, err = given(header, "Content-Type"); err != nil {
		return nil, err
	}
	if asked.typed = asked.typed && asked.config.Type != ""; asked.typed {
		if err := checkType(asked.config.Type); err != nil {
			return nil, err
		}
	}
	if asked.fork, err = h.parseForking(request, name); err != nil {
		return nil, err
	}
	asked.body, err = bare.BytesReader(request.Body, h.options.MaxAppend)
	return asked, err
}

// defaultType is the content type of a stream that was created without one.
const defaultType = "application/octet-stream"

// ensure makes a stream, or finds the one that was made as this one is asked for.
func (h *Handler) ensure(ctx context.Context, name string, asked *creation) (v view, created bool, err error) {
	for {
		v, err = h.find(ctx, name)
		switch {
		case err == nil:
			err = asked.matches(&v)
			return v, false, err
		case errors.Is(err, errGone), errors.Is(err, errForeign):
			return v, false, errTaken
		case !errors.Is(answer(err), errNotFound):
			return v, false, err
		}
		v, err = h.make(ctx, name, asked)
		if !errors.Is(err, eventlog.ErrExists) {
			return v, true, err
		}
	}
}

// matches compares a stream that is there with the one that was asked for.
func (c *creation) matches(v *view) error {
	same := v.state.Closed == c.closed && c.fork.matches(v.config.Fork)
	// A fork has what the request leaves out from its source.
	if c.fork == nil || c.typed {
		same = same && mediaType(v.config.Type) == mediaType(c.contentType())
	}
	if c.fork == nil || c.config.expires() {
		same = same && v.config.sameLifetime(&c.config)
	}
	if !same {
		return errTaken
	}
	return nil
}

func (c *creation) contentType() string {
	if !c.typed {
		return defaultType
	}
	return c.config.Type
}

// make makes a stream. It fails with [eventlog.ErrExists] if somebody was faster.
func (h *Handler) make(ctx context.Context, name string, asked *creation) (view, error) {
	if !h.reserve() {
		return view{}, errFull
	}
	defer h.unreserve()
	settings, options := asked.config, eventlog.CreateOptions{Closed: asked.closed}
	settings.ID, settings.Type = newID(), asked.contentType()
	var source *view
	if asked.fork != nil {
		var err error
		if source, err = h.branch(ctx, asked, &settings, &options); err != nil {
			return view{}, err
		}
	}
	v, err := h.makeLog(ctx, name, asked, &settings, options)
	if err != nil && source != nil {
		ctx, cancel := finishing(ctx) // the time may be up, which is why it failed
		defer cancel()
		if failed := h.release(ctx, source.name); failed != nil {
			err = errors.Join(failed, err)
		}
	}
	return v, err
}

func (h *Handler) makeLog(ctx context.Context, name string, asked *creation, settings *config, options eventlog.CreateOptions) (view, error) {
	data, err := framingOf(settings.Type).record(asked.body)
	switch {
	case len(asked.body) == 0, errors.Is(err, errEmptyArray): // an empty stream (section 9.1.3)
	case err != nil:
		return view{}, err
	default:
		options.Records = append(options.Records, eventlog.Record{Data: data})
	}
	options.Attributes = settings.encode()
	log, err := h.logs.Create(ctx, name, options)
	if err != nil {
		return view{}, err
	}
	return h.view(ctx, name, log)
}

// reserve makes room for a stream that is being made, unless there are as many as
// there may be.
func (h *Handler) reserve() bool {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.options.MaxStreams > 0 && len(h.streams)+h.reserved >= h.options.MaxStreams {
		return false
	}
	h.reserved++
	return true
}

// unreserve gives the room back: a stream that was made is remembered by now.
func (h *Handler) unreserve() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.reserved--
}

package durable

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// What the fields of [Options] default to.
const (
	DefaultMaxStreams   = 10_000
	DefaultMaxAppend    = 1 << 20
	DefaultMaxRead      = 1 << 20
	DefaultMaxProducers = 1000
	DefaultLongPoll     = 20 * time.Second
	DefaultKeepAlive    = 15 * time.Second
	DefaultMaxSSE       = time.Minute
)

// An Action is what a client wants to do with a stream; see [Options.Authorize].
type Action string

// The actions. A HEAD is a read, and closing is an append. A fork reads its source
// and creates a stream.
const (
	Create Action = "create"
	Append Action = "append"
	Read   Action = "read"
	Delete Action = "delete"
)

// Options say how streams are served. The zero value serves streams from memory, to
// everybody, within the limits that the fields name.
type Options struct {
	// Logs keep the streams; nil keeps them in memory, with the limits of the zero
	// [eventlog.MemoryOptions]. All attributes and all Meta in them are this
	// package's: logs of others among them are answered with 404.
	Logs eventlog.Logs

	// Authorize decides whether a request may do something with a stream, before
	// anything is told of it. An error refuses, and is answered as by
	// [bare.ErrorResponse]: give an [bare.HttpError] with status 401 or 403. It may be
	// called several times for one request, and from several goroutines at once. nil
	// allows everything.
	Authorize func(request *bare.HttpRequest, action Action, stream string) error
	// Origins are the origins whose pages have access, as "https://example.com",
	// their cookies included; pages of any other are refused. nil is any origin,
	// without cookies.
	Origins []string
	// Private keeps shared caches from storing what streams hold. It is implied by
	// Authorize.
	Private bool

	// MaxStreams is how many streams there may be, those included that have been deleted
	// and are kept for their forks; 0 means [DefaultMaxStreams], 10,000, a negative
	// number no limit. With logs that outlive the process, it counts those that have
	// been asked for since it began.
	MaxStreams int
	// MaxAppend is how many bytes one request may append; 0 means
	// [DefaultMaxAppend], 1 MiB, a negative number no limit but that of the logs.
	MaxAppend int64
	// MaxRead is after how many bytes an answer ends, for another one to go on; 0
	// means [DefaultMaxRead], 1 MiB. One append is never divided.
	MaxRead int
	// MaxProducers is how many idempotent producers a stream remembers, those that
	// have appended last; 0 means [DefaultMaxProducers], 1,000. One that is forgotten
	// must begin a new epoch.
	MaxProducers int

	// LongPoll is how long a long poll waits; 0 means [DefaultLongPoll], 20 s.
	LongPoll time.Duration
	// KeepAlive is the silence after which an event stream says where it is; 0 means
	// [DefaultKeepAlive], 15 s.
	KeepAlive time.Duration
	// MaxSSE is after how long an event stream ends, for the client to ask again; 0
	// means [DefaultMaxSSE], a minute. So caches and proxies may answer several
	// clients at once, and permission is asked for anew.
	MaxSSE time.Duration
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() (Options, error) {
	var problems []error
	for name, value := range map[string]int64{
		"MaxRead": int64(o.MaxRead), "MaxProducers": int64(o.MaxProducers),
		"LongPoll": int64(o.LongPoll), "KeepAlive": int64(o.KeepAlive), "MaxSSE": int64(o.MaxSSE),
	} {
		if value < 0 {
			problems = append(problems, fmt.Errorf("%s is negative", name))
		}
	}
	for _, origin := range o.Origins {
		if parsed, err := url.Parse(origin); err != nil || origin != parsed.Scheme+"://"+parsed.Host || parsed.Host == "" {
			problems = append(problems, fmt.Errorf("the origin %q is not of the form https://example.com", origin))
		}
	}
	if o.Logs == nil {
		o.Logs = eventlog.NewMemoryLogs(eventlog.MemoryOptions{})
	}
	o.Private = o.Private || o.Authorize != nil
	o.MaxStreams = cmp.Or(o.MaxStreams, DefaultMaxStreams)
	o.MaxAppend = cmp.Or(o.MaxAppend, DefaultMaxAppend)
	o.MaxRead = cmp.Or(o.MaxRead, DefaultMaxRead)
	o.MaxProducers = cmp.Or(o.MaxProducers, DefaultMaxProducers)
	o.LongPoll = cmp.Or(o.LongPoll, DefaultLongPoll)
	o.KeepAlive = cmp.Or(o.KeepAlive, DefaultKeepAlive)
	o.MaxSSE = cmp.Or(o.MaxSSE, DefaultMaxSSE)
	return o, errors.Join(problems...)
}

// A Handler serves streams. It is safe for concurrent use.
type Handler struct {
	options Options
	logs    eventlog.Logs

	mutex    sync.Mutex
	streams  map[string]*stream // by name: those of which something must be remembered
	reserved int                // room for streams that are being made
	expiry   expiry
}

// New returns a handler. It panics when an option makes no sense.
func New(options Options) *Handler {
	options, err := options.withDefaults()
	if err != nil {
		panic("durable: New: " + strings.ReplaceAll(err.Error(), "\n", "; ")) //nolint:forbidigo // a programmer's error
	}
	h := &Handler{options: options, logs: options.Logs, streams: make(map[string]*stream)}
	h.expiry.review = h.review
	return h
}

// Register adds the routes of the streams to a group: each path below its prefix is
// a stream's. The group's middlewares are around them. A group whose prefix has
// variables has streams of its own for each value of them.
func (h *Handler) Register(group *bare.Group) {
	const path = "/{" + nameVariable + ":path}"
	for method, handler := range map[string]func(*bare.HttpRequest, string) bare.HttpResponse{
		http.MethodPut:    h.create,
		http.MethodPost:   h.post,
		http.MethodGet:    h.read,
		http.MethodHead:   h.inspect,
		http.MethodDelete: h.remove,
	} {
		group.Add(bare.Methods{method}, path, h.open(handler))
	}
	group.Add(bare.Methods{http.MethodOptions}, path, h.preflight)
}

// nameVariable is the path's variable that names a stream.
const nameVariable = "stream"

// maxName is how many bytes a stream's name may have, and which [eventlog.Logs] take.
const maxName = 200

// open is what comes before a request's own handler: its origin and the stream's
// name are looked at, and each response, errors included, has the headers that
// browsers want.
func (h *Handler) open(handler func(*bare.HttpRequest, string) bare.HttpResponse) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		name, err := streamName(request)
		if err == nil {
			err = h.checkOrigin(request)
		}
		if err != nil {
			return h.share(request, fail(err))
		}
		return h.share(request, handler(request, name))
	}
}

// streamName is the path below the group's prefix. If the prefix has variables
// their values come first, escaped, so that no value reaches into another's streams.
func streamName(request *bare.HttpRequest) (string, error) {
	var name strings.Builder
	for variable, value := range request.Matches.All() {
		if variable != nameVariable {
			name.WriteString(url.PathEscape(fmt.Sprint(value)))
			name.WriteByte('/')
		}
	}
	name.WriteString(request.Matches.String(nameVariable))
	return name.String(), checkName(name.String())
}

// checkName refuses what logs need not take as a name.
func checkName(name string) error {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if name == "" || len(name) > maxName || !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable) {
		return errName
	}
	return nil
}

// permit asks [Options.Authorize].
func (h *Handler) permit(request *bare.HttpRequest, action Action, name string) error {
	if h.options.Authorize == nil {
		return nil
	}
	return h.options.Authorize(request, action, name)
}

// finishing is the context for what a request changes. A client that has sent all of
// it may close its side of the connection, and is still to be answered: what has
// begun is finished.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}

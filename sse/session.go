package sse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// A session is one loop over the events of a [Client], through all its connections.
type session struct {
	client  Client // without zero values
	request *http.Request
	yield   func(Event, error) bool

	lastID   string        // of the last event
	resume   string        // lastID, or the one before it that a header can hold
	retry    time.Duration // what the stream has asked for, or else the client's
	sent     bool          // the request's own body
	failures int           // attempts in a row that brought nothing
}

// errOver ends a session of which nothing is left to tell: the loop was broken out of,
// or the server has no more.
var errOver = errors.New("sse: the session is over")

// run makes one attempt after the other, and returns the error to end with.
func (s *session) run(ctx context.Context) error {
	for {
		err := s.attempt(ctx)
		switch {
		case errors.Is(err, errOver):
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case s.final(err):
			return err
		}
		wait := s.wait(err)
		if s.client.OnRetry != nil {
			s.client.OnRetry(err, wait)
		}
		if !sleep(ctx, wait) {
			return context.Cause(ctx)
		}
	}
}

// final reports whether another attempt is of no use.
func (s *session) final(err error) bool {
	if status, ok := errors.AsType[*StatusError](err); ok && !status.temporary() {
		return true
	}
	for _, known := range []error{ErrContentType, ErrTooLarge, ErrBodyConsumed} {
		if errors.Is(err, known) {
			return true
		}
	}
	return s.client.MaxFailures > 0 && s.failures >= s.client.MaxFailures
}

// attempt connects once, yields what comes, and returns why that has ended.
func (s *session) attempt(ctx context.Context) error {
	s.failures++ // until something comes
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := s.prepare(ctx)
	if err != nil {
		return err
	}
	patience := newPatience(s.client.MaxSilence, func() { cancel(ErrSilent) })
	defer patience.end()
	response, err := s.client.HTTP.Do(request)
	patience.end()
	if err == nil {
		defer response.Body.Close()
		err = s.receive(response, patience)
	}
	if cause := context.Cause(ctx); errors.Is(cause, ErrSilent) && !errors.Is(err, errOver) {
		return cause
	}
	return err
}

// prepare makes the request of an attempt.
func (s *session) prepare(ctx context.Context) (*http.Request, error) {
	request := s.request.Clone(ctx)
	switch {
	case request.Body == nil || request.Body == http.NoBody:
	case request.GetBody != nil:
		body, err := request.GetBody()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBodyConsumed, err)
		}
		request.Body = body
	case s.sent:
		return nil, ErrBodyConsumed
	}
	s.sent = true
	if request.Header == nil {
		request.Header = make(http.Header)
	}
	for name, value := range map[string]string{
		"Accept": ContentType, "Cache-Control": "no-cache", "Accept-Encoding": "identity",
	} {
		if _, ok := request.Header[name]; !ok {
			request.Header.Set(name, value)
		}
	}
	request.Header.Del("Last-Event-ID")
	if s.resume != "" {
		request.Header.Set("Last-Event-ID", s.resume)
	}
	return request, nil
}

// reach notes the id of the last event. With one that no header can hold (RFC 9110, section
// 5.5) no request could be sent again: the client goes on from the id before it.
func (s *session) reach(id string) {
	s.lastID = id
	for i := range len(id) {
		if c := id[i]; c < ' ' && c != '\t' || c == '\x7f' {
			return
		}
	}
	s.resume = id
}

// receive yields the events of a response.
func (s *session) receive(response *http.Response, patience *patience) error {
	body := &patientReader{source: response.Body, patience: patience}
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent:
		return errOver
	default:
		return newStatusError(response, body)
	}
	contentType := response.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != ContentType {
		return fmt.Errorf("%w: its content type is %q", ErrContentType, contentType)
	}
	// Servers open every stream with a comment or a retry. One that was cut right after it
	// has brought nothing, but one that was kept alive for a while has.
	body.more = s.succeed
	p := newParser(body, s.client.Limits)
	p.id, p.lastID = s.lastID, s.lastID
	for {
		event, err := p.next()
		s.reach(p.lastID)
		if p.reconnect >= 0 {
			s.retry = p.reconnect
		}
		if err != nil {
			return err
		}
		s.succeed()
		if !s.yield(event, nil) {
			return errOver
		}
	}
}

// succeed says that the attempt has brought something.
func (s *session) succeed() { s.failures = 0 }

// wait is how long to wait before the next attempt.
func (s *session) wait(err error) time.Duration {
	const least = 100 * time.Millisecond // a stream that asks for none and ends would be a flood
	wait := max(s.retry, least)
	for range s.failures - 1 {
		if wait > s.client.MaxRetry/2 {
			wait = max(wait, s.client.MaxRetry)
			break
		}
		wait *= 2
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		wait = max(wait, status.RetryAfter)
	}
	jitter := rand.N(wait/2 + 1) //nolint:gosec // it spreads clients, and need not surprise anybody
	if wait > math.MaxInt64-jitter {
		return wait
	}
	return wait + jitter
}

// sleep waits, and returns false when the context ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func newStatusError(response *http.Response, body io.Reader) *StatusError {
	const shown = 1 << 10
	text, _ := io.ReadAll(io.LimitReader(body, shown)) // the status says enough
	return &StatusError{
		Status:     response.StatusCode,
		Text:       string(text),
		RetryAfter: retryAfter(response.Header.Get("Retry-After")),
	}
}

// retryAfter reads a number of seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(value string) time.Duration {
	const most = math.MaxInt64 / uint64(time.Second)
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, most)) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(date))
	}
	return 0
}

// A patience runs out when the server is silent for too long. It counts only while
// somebody waits for the server, between begin and end.
type patience struct {
	limit time.Duration // negative: none
	timer *time.Timer
}

// newPatience begins at once.
func newPatience(limit time.Duration, over func()) *patience {
	p := &patience{limit: limit}
	if limit > 0 {
		p.timer = time.AfterFunc(limit, over)
	}
	return p
}

func (p *patience) begin() {
	if p.timer != nil {
		p.timer.Reset(p.limit)
	}
}

func (p *patience) end() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

// A patientReader waits for its source no longer than its patience lasts.
type patientReader struct {
	source   io.Reader
	patience *patience
	more     func() // called when something has come that is not the beginning; may be nil
	begun    bool
}

func (r *patientReader) Read(p []byte) (int, error) {
	r.patience.begin()
	n, err := r.source.Read(p)
	r.patience.end()
	if n > 0 && r.begun && r.more != nil {
		r.more()
	}
	r.begun = r.begun || n > 0
	return n, err
}

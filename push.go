package bare

import (
	"log/slog"
	"net/http"
)

// PushResponse is a resource that the server pushes over HTTP/2, unasked (RFC
// 9113, section 8.4). Browsers have given push up; it is ignored where it is not
// supported.
type PushResponse struct {
	// Path is the resource's absolute path on this server.
	Path string
	// Headers are those of the request that the push answers; nil means none.
	Headers http.Header
}

// push promises the resources, before the head.
func (s *httpSink) push(pushes []PushResponse) {
	if len(pushes) == 0 {
		return
	}
	pusher, ok := s.w.(http.Pusher)
	if !ok {
		return
	}
	for _, push := range pushes {
		options := &http.PushOptions{Header: push.Headers}
		if err := supported(pusher.Push(push.Path, options)); err != nil {
			s.log.write(slog.LevelDebug, "a push was refused",
				slog.String("path", push.Path), slog.Any("error", err))
		}
	}
}

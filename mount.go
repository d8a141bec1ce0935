package bare

import (
	"net/http"
	"strings"
)

type mount struct {
	prefix  string
	handler http.Handler
}

// Mount hands the requests whose path is the prefix, or lies below it, and that
// no route takes, to an [http.Handler]; of several the longest prefix wins. The
// handler gets the server's own ResponseWriter, and so may upgrade the
// connection or have a file sent by the kernel; nothing of the application is
// around it, middlewares included. It sees the whole path: see
// [http.StripPrefix]. Mount panics when the prefix does not begin with a slash,
// is there already, or the handler is nil.
func (a *Application) Mount(prefix string, handler http.Handler) {
	fault := ""
	switch {
	case !strings.HasPrefix(prefix, "/"):
		fault = "the prefix does not begin with a slash"
	case handler == nil:
		fault = "the handler is nil"
	}
	for _, m := range a.mounts {
		if m.prefix == prefix {
			fault = "the prefix is there already"
		}
	}
	if fault != "" {
		panic("bare: Mount " + prefix + ": " + fault) //nolint:forbidigo // a programmer's error, at registration
	}
	a.mounts = append(a.mounts, mount{prefix, handler})
}

// mounted returns the handler of the longest prefix that path lies below, or nil.
func (a *Application) mounted(path string) http.Handler {
	var found mount
	for _, m := range a.mounts {
		if m.covers(path) && len(m.prefix) > len(found.prefix) {
			found = m
		}
	}
	return found.handler
}

// covers reports whether path is the prefix or lies below it: /static covers
// /static and /static/a, and not /statics.
func (m mount) covers(path string) bool {
	rest, ok := strings.CutPrefix(path, m.prefix)
	return ok && (rest == "" || strings.HasSuffix(m.prefix, "/") || strings.HasPrefix(rest, "/"))
}

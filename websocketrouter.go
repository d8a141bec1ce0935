package bare

import (
	"net/http"

	"github.com/bare-go/bare/internal/routing"
)

// A WebSocketRouter finds the handler for a WebSocket by its path. The one that
// [NewWebSocketRouter] makes is safe for concurrent use. It may have a method Build(),
// as an [HttpRouter] may.
type WebSocketRouter interface {
	// Add registers handler for a path pattern. It panics, with a message that begins
	// "bare:", on a bad pattern or a route that is already there.
	Add(path string, handler WebSocketHandler)
	// Resolve finds the handler for a path, which is decoded. A nil handler means no
	// match.
	Resolve(path string) (WebSocketHandler, Matches)
}

// NewWebSocketRouter returns a router without routes. Its patterns are those of
// [NewHttpRouter].
func NewWebSocketRouter() WebSocketRouter { return new(webSocketRouter) }

// webSocketRouter has the routes under the one method that a handshake can have.
type webSocketRouter struct {
	routes routing.Router[WebSocketHandler]
}

func (r *webSocketRouter) Add(path string, handler WebSocketHandler) {
	pattern, err := routing.Parse(path)
	switch {
	case err != nil:
		refuse(path, err.Error())
	case handler == nil:
		refuse(path, "the handler is nil")
	}
	if err := r.routes.Add([]string{http.MethodGet}, pattern, handler); err != nil {
		refuse(path, err.Error())
	}
}

func (r *webSocketRouter) Resolve(path string) (WebSocketHandler, Matches) {
	handler, match, _ := r.routes.Resolve(http.MethodGet, path)
	return handler, Matches{match: match}
}

func (r *webSocketRouter) Build() { r.routes.Build() }

// OnWebSocketRequest adds a route for WebSockets. It is WebSocketRouter.Add.
func (a *Application) OnWebSocketRequest(path string, handler WebSocketHandler) {
	a.WebSocketRouter.Add(path, handler)
}

// resolveWebSocket finds the handler of a route for WebSockets, nil if there is none.
func (a *Application) resolveWebSocket(path string) (HttpHandler, Matches) {
	if a.WebSocketRouter == nil {
		return nil, Matches{}
	}
	handler, matches := a.WebSocketRouter.Resolve(path)
	if handler == nil {
		return nil, Matches{}
	}
	return FromWebSocketHandler(handler, WebSocketOptions{}), matches
}

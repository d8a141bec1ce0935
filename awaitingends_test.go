package bare_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// TestTheEndIsToldWhenWhatIsInsideHasReturned: whoever is told may use what the body or
// the handler has used.
func TestTheEndIsToldWhenWhatIsInsideHasReturned(t *testing.T) {
	identity := bare.FromHTTPMiddleware(func(next http.Handler) http.Handler { return next })
	for name, handler := range map[string]func(returned *bool) bare.HttpHandler{
		"a body in a middleware of net/http": func(returned *bool) bare.HttpHandler {
			return bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
				return bare.HttpResponse{Body: func(yield func([]byte) bool) {
					yield([]byte("one"))
					request.Sleep(time.Hour)
					time.Sleep(time.Second) // it puts things in order
					*returned = true
				}}
			}, identity)
		},
		"a handler of net/http": func(returned *bool) bare.HttpHandler {
			return bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = w.Write([]byte("one"))
				<-r.Context().Done()
				time.Sleep(time.Second)
				*returned = true
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				returned, told := false, false
				app := bare.NewApplication()
				inner := handler(&returned)
				app.HttpRouter.Add(bare.Methods{http.MethodGet}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(bare.End) { told = returned })
					return inner(request)
				})
				stream := baretest.NewServer(t, app).Get("/")
				synctest.Wait()
				stream.Close()
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if !told {
					t.Error("the end was told while it was at work")
				}
			})
		})
	}
}

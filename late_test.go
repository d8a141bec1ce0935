package bare_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestNothingIsAddedToAResponseThatIsBeingCut(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		late := make(chan bool, 1)
		app, log := newApp(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				yield([]byte("one"))
				go func() {
					time.Sleep(50 * time.Millisecond) // what was sent is still given time to arrive
					late <- yield([]byte("late"))
				}()
				return errors.New("broken")
			})}
		})
		stream := serve(t, protocol, app).Get("/")
		if got := stream.Rest(); got != "one" || stream.Err() == nil {
			t.Errorf("got %q (%v)", got, stream.Err())
		}
		if <-late {
			t.Error("a late chunk was taken")
		}
		wantLogged(t, log, "ERROR bare: the body failed", "WARN bare: the body went on after its end")
	})
}

func TestABodyThatGoesOnInTwoWaysIsWarnedOfOnce(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, log := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			for yield([]byte("spam")) {
				time.Sleep(10 * time.Millisecond)
			}
			for range func(more func(int) bool) { more(1); more(2) } {
				if !yield([]byte("spam")) {
					return
				}
			}
		})
		stream := serve(t, protocol, app).Get("/")
		stream.Next()
		stream.Close()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		wantLogged(t, log, "WARN bare: the body went on after its end method=GET route=/")
	})
}

func TestAYieldThatPanickedTakesNoFurtherChunk(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		refused := false
		app, _ := bodyOf(func(_ *bare.HttpRequest, yield func([]byte) bool) {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the writer did not panic")
					}
				}()
				yield([]byte("one"))
			}()
			refused = !yield([]byte("two"))
			panic(http.ErrAbortHandler)
		})
		wantCut(t, under(t, baretest.HTTP1, app, func(w http.ResponseWriter) http.ResponseWriter {
			return panickingWrite{bareWriter{w}}
		}))
		if !refused {
			t.Error("the next chunk was taken, or panicked as well")
		}
	})
}

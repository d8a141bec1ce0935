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

// failsLater serves a body that fails after a second.
func failsLater(app *bare.Application, fail func() error) {
	app.HttpRouter.Add(bare.Methods{http.MethodGet}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			yield([]byte("one"))
			request.Sleep(time.Second)
			return fail()
		})}
	})
}

// TestACutThatComesAfterTheBodyHasFailedIsNone: the end says how it was, and CutStream
// says that it did nothing. The server waits for a moment before it cuts what has failed.
func TestACutThatComesAfterTheBodyHasFailedIsNone(t *testing.T) {
	for name, test := range map[string]struct {
		fail func() error
		want error
	}{
		"an error": {func() error { return errBroken }, errBroken},
		"an abort": {func() error { panic(http.ErrAbortHandler) }, http.ErrAbortHandler},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := bare.NewApplication()
				var end bare.End
				var id uint64
				app.OnStream(func(_ *bare.HttpRequest, head bare.Head) { id = head.ID })
				app.OnEnd(func(_ *bare.HttpRequest, e bare.End) { end = e })
				failsLater(app, test.fail)
				stream := baretest.NewServer(t, app).Get("/")
				time.Sleep(time.Second + 50*time.Millisecond) // it has failed, and is open yet
				synctest.Wait()
				if app.CutStream(id, errors.New("by hand")) {
					t.Error("a response that has failed was cut")
				}
				stream.Rest()
				synctest.Wait()
				if end.Cut || !errors.Is(end.Err, test.want) {
					t.Errorf("OnEnd was told %+v", end)
				}
			})
		})
	}
}

// TestAStreamThatHasEndedIsNotAmongThoseThatAreOpen for whoever is told of its end.
func TestAStreamThatHasEndedIsNotAmongThoseThatAreOpen(t *testing.T) {
	for name, fail := range map[string]func() error{
		"complete": func() error { return nil },
		"failed":   func() error { return errBroken },
		"aborted":  func() error { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := bare.NewApplication()
				var id uint64
				told := false
				app.OnStream(func(_ *bare.HttpRequest, head bare.Head) { id = head.ID })
				app.OnEnd(func(*bare.HttpRequest, bare.End) {
					told = true
					for stream := range app.Streams() {
						t.Errorf("%+v is open after its end", stream)
					}
					if app.CutStream(id, nil) {
						t.Error("it was cut after its end")
					}
				})
				failsLater(app, fail)
				baretest.NewServer(t, app).Get("/").Rest()
				synctest.Wait()
				if id == 0 || !told {
					t.Errorf("the stream is %d, and its end was told: %v", id, told)
				}
			})
		})
	}
}

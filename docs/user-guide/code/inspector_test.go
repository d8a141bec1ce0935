package code

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAnAdministratorMayInspect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newInspected())
		for role, want := range map[string]int{"": 403, "user": 403, "admin": 200} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/inspect", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Role", role)
			if got := server.Do(request).Response.StatusCode; got != want {
				t.Errorf("the role %q gets %d, want %d", role, got, want)
			}
		}
	})
}

func TestAQueueIsDescribed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		queue := make(chan []byte, 10)
		app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
			return follow(request, "ann", queue)
		})
		baretest.NewServer(t, app).Get("/")
		time.Sleep(time.Second)
		for stream := range app.Streams() {
			if got := fmt.Sprint(stream.Describe()); got != "[user=ann waiting=0]" {
				t.Errorf("it is described as %s", got)
			}
		}
	})
}

func TestBlockedStreamsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		app.StallTimeout = time.Hour
		ends := make(chan bare.End, 1)
		app.HttpRouter.Add(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.BytesResponse(200, "text/plain", make([]byte, 1<<20))
		})
		app.OnEnd(func(_ *bare.HttpRequest, end bare.End) { ends <- end })
		app.Go(func(ctx context.Context) error { return endBlocked(ctx, app) })
		baretest.NewServer(t, app).Get("/") // never read
		time.Sleep(59 * time.Second)
		if open := len(slices.Collect(app.Streams())); open != 1 {
			t.Errorf("after 59 seconds %d streams are open", open)
		}
		if end := <-ends; !errors.Is(end.Err, errBlocked) || end.Duration > 80*time.Second {
			t.Errorf("it has ended with %+v", end)
		}
	})
}

func TestStreamsAndResponsesAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		var f figures
		f.count(app)
		app.HttpRouter.Add(bare.Methods{"GET"}, "/text", func(request *bare.HttpRequest) bare.HttpResponse {
			request.Sleep(time.Second)
			return bare.TextResponse(200, "hello")
		})
		app.HttpRouter.Add(bare.Methods{"GET"}, "/ticks", clock)
		server := baretest.NewServer(t, app)
		server.Get("/text").Rest()
		stream := server.Get("/ticks")
		stream.Line()
		time.Sleep(time.Minute)
		if f.answered.Load() != 2 || time.Duration(f.waited.Load()).Round(time.Second) != time.Second || f.open.Load() != 1 {
			t.Errorf("%d were answered in %v, and %d are open", f.answered.Load(), time.Duration(f.waited.Load()), f.open.Load())
		}
		stream.Close()
		synctest.Wait()
		if f.open.Load() != 0 {
			t.Errorf("in the end %d are open", f.open.Load())
		}
	})
}

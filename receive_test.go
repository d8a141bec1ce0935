package bare_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// receiving is an application whose body sends what comes through the channel, a
// line each, and "bye" after it.
func receiving(channel <-chan int) (*bare.Application, *logbook) {
	return bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
		for n := range bare.Receive(request, channel) {
			if !yield([]byte(strconv.Itoa(n) + "\n")) {
				return
			}
		}
		yield([]byte("bye\n"))
	})
}

func TestWhatSeveralGoroutinesSendComesAsItIsSentUntilTheClose(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		channel := make(chan int)
		app, log := receiving(channel)
		stream := serve(t, protocol, app).Get("/")
		start := time.Now()
		var senders sync.WaitGroup
		for n := range 3 {
			senders.Go(func() {
				time.Sleep(time.Duration(n+1) * time.Hour)
				channel <- n
			})
		}
		go func() {
			senders.Wait()
			time.Sleep(time.Hour)
			close(channel)
		}()
		for n, want := range []string{"0\n", "1\n", "2\n", "bye\n"} {
			if got, after := stream.Next(), time.Since(start); got != want || after.Round(time.Minute) != time.Duration(n+1)*time.Hour {
				t.Errorf("got %q after %v, want %q", got, after, want)
			}
		}
		if rest := stream.Rest(); rest != "" || stream.Err() != nil {
			t.Errorf("it ended with %q (%v)", rest, stream.Err())
		}
		wantLogged(t, log)
	})
}

func TestReceiveEndsWhenTheServerStopsOrTheClientLeaves(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		channel := make(chan int, 10)
		channel <- 1
		app, log := receiving(channel)
		var ends []error
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ends = append(ends, end.Err) })
			return handler(request)
		})
		server := serve(t, protocol, app)
		left := server.Get("/")
		if got := left.Next(); got != "1\n" {
			t.Errorf("got %q", got)
		}
		left.Close()
		synctest.Wait()
		channel <- 2 // nobody of the first client's takes it
		stream := server.Get("/")
		if got := stream.Next(); got != "2\n" {
			t.Errorf("got %q", got)
		}
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		if got := stream.Rest(); got != "bye\n" || stream.Err() != nil {
			t.Errorf("the stop ended it with %q (%v)", got, stream.Err())
		}
		if len(ends) != 2 || !errors.Is(ends[0], bare.ErrClientGone) || !errors.Is(ends[1], bare.ErrShutdown) {
			t.Errorf("the ends are %v", ends)
		}
		wantLogged(t, log)
	})
}

func TestWhatIsLeftInTheChannelStaysThere(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	request := baretest.NewRequest("GET", "/", nil).WithContext(ctx)
	channel := make(chan int, 100)
	for n := range 100 {
		channel <- n
	}
	var got []int
	for n := range bare.Receive(request, channel) {
		if got = append(got, n); len(got) == 3 {
			cancel()
		}
	}
	for n := range bare.Receive(request, channel) {
		t.Errorf("after the end %d came", n)
	}
	if !slices.Equal(got, []int{0, 1, 2}) || len(channel) != 97 {
		t.Errorf("got %v, and %d are left", got, len(channel))
	}
	for n := range bare.Receive(baretest.NewRequest("GET", "/", nil), channel) {
		if n != 3 {
			t.Errorf("the next one is %d", n)
		}
		break
	}
	if len(channel) != 96 {
		t.Errorf("a loop that was left has taken %d", 97-len(channel))
	}
}

// An endedContext has ended, and nobody is woken by it: as when the end comes
// together with a value.
type endedContext struct {
	context.Context //nolint:containedctx // it is one

	ended atomic.Bool
}

func (c *endedContext) Err() error {
	if c.ended.Load() {
		return context.Canceled
	}
	return nil
}

func TestTheEndWinsOverAValueThatComesTogetherWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := &endedContext{Context: t.Context()}
		request := baretest.NewRequest("GET", "/", nil).WithContext(ctx)
		channel := make(chan int)
		var got []int
		returned := false
		go func() {
			for n := range bare.Receive(request, channel) {
				got = append(got, n)
			}
			returned = true
		}()
		channel <- 1
		synctest.Wait()
		ctx.ended.Store(true)
		channel <- 2
		synctest.Wait()
		if !slices.Equal(got, []int{1}) || !returned {
			t.Errorf("got %v, returned: %t", got, returned)
		}
	})
}

func TestANilChannelHasNoValuesAndTheContextEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		for range bare.Receive[int](baretest.NewRequest("GET", "/", nil).WithContext(ctx), nil) {
			t.Error("a value came")
		}
		if took := time.Since(start); took != time.Hour {
			t.Errorf("it ended after %v", took)
		}
	})
}

// A sender that closes its channel as the context ends has not said all: to a client
// that still reads, having closed its own side only, that must not look complete.
func TestAChannelThatIsClosedAsTheClientClosesItsSideDoesNotLookComplete(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := bodyOf(func(request *bare.HttpRequest, yield func([]byte) bool) {
			gone := request.Context()
			ctx := &endedContext{Context: context.WithoutCancel(gone)}
			channel := make(chan int)
			go func() {
				<-gone.Done()
				ctx.ended.Store(true)
				close(channel)
			}()
			yield([]byte("first"))
			for range bare.Receive(request.WithContext(ctx), channel) {
				t.Error("a value came")
			}
		})
		if _, body, err := halfClosed(t, app, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err == nil {
			t.Errorf("%q looks complete", body)
		}
	})
}

func ExampleReceive() {
	type message struct {
		From string `json:"from"`
		Text string `json:"text"`
	}
	handler := func(request *bare.HttpRequest) bare.HttpResponse {
		ctx := request.Context()
		messages := make(chan message)
		send := func(from, text string) {
			select {
			case messages <- message{from, text}:
			case <-ctx.Done(): // nobody receives any more
			}
		}
		var rooms sync.WaitGroup
		rooms.Go(func() { send("kitchen", "Dinner!") })
		rooms.Go(func() { send("garden", "Coming.") })
		go func() {
			rooms.Wait()
			close(messages)
		}()
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", "application/x-ndjson"),
			Body:    bare.JSONLinesWriter(bare.Receive(request, messages)),
		}
	}

	response := handler(baretest.NewRequest(http.MethodGet, "/", nil))
	for _, line := range baretest.Chunks(response.Body, -1) {
		fmt.Print(line)
	}
	// Unordered output:
	// {"from":"kitchen","text":"Dinner!"}
	// {"from":"garden","text":"Coming."}
}

package bare_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestURLIsWhole(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(200, request.URL().String()+" "+request.Query().Get("a"))
		})
		server := serve(t, protocol, app)
		if got := server.Get("/?a=1").Rest(); got != server.URL+"/?a=1 1" {
			t.Errorf("got %q", got)
		}
	})
}

func TestURLWithoutAHostHasTheListenersAddress(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.TextResponse(200, request.URL().String())
		})
		conn := serve(t, baretest.HTTP1, app).Dial()
		defer conn.Close()
		send(t, conn, "GET /?a HTTP/1.0\r\n\r\n")
		if _, got := readResponse(t, bufio.NewReader(conn)); got != "http://in.memory:80/?a" {
			t.Errorf("got %q", got)
		}
	})
}

func TestARequestMadeByHandWorksWithoutAServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		request := &bare.HttpRequest{Scope: httptest.NewRequestWithContext(t.Context(), "POST", "/?a=1", strings.NewReader("hello"))}
		if got, err := request.Text(); got != "hello" || err != nil {
			t.Errorf("got %q (%v)", got, err)
		}
		if request.Info.Get("x") != nil || request.Locals["x"] != nil || request.Matches.Get("x") != nil {
			t.Error("a field that was not set has something")
		}
		request.Duplex()
		request.OnEnd(func(bare.End) { t.Error("a request that no server made has ended") })
		start := time.Now()
		if !request.Sleep(time.Second) || time.Since(start) != time.Second {
			t.Errorf("slept for %v", time.Since(start))
		}
		nothing := new(bare.HttpRequest)
		if text, err := nothing.Text(); text != "" || err != nil || nothing.URL().String() != "" || len(nothing.Query()) != 0 || nothing.Context() == nil {
			t.Error("the zero request has something")
		}
	})
}

func TestEveryIsOnTimeAndSkipsWhatItMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		request := &bare.HttpRequest{Scope: httptest.NewRequestWithContext(ctx, "GET", "/", http.NoBody)}
		start := time.Now()
		var at []time.Duration
		for range request.Every(time.Second) {
			at = append(at, time.Since(start))
			switch len(at) {
			case 2:
				time.Sleep(2500 * time.Millisecond)
			case 5:
				cancel()
			default:
				time.Sleep(300 * time.Millisecond)
			}
		}
		if got := fmt.Sprint(at); got != "[0s 1s 3.5s 4s 5s]" {
			t.Errorf("the ticks came at %s", got)
		}
		for range request.Every(0) {
			t.Error("a tick came after the end")
		}
		if request.Sleep(0) || request.Sleep(time.Hour) {
			t.Error("Sleep did not see the end")
		}
	})
}

package bare_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAHandlerThatStillReadsWhenItsResponseIsOverIsEnded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var failure error
		app, _ := newApp(bare.Chain(
			bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusOK)
				_, failure = io.ReadAll(r.Body)
			})),
			func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
				response := handler(request)
				response.Body = bare.TextWriter("in its place")
				return response
			}))
		server := serve(t, protocol, app)
		reader, writer := io.Pipe()
		defer writer.Close()
		start := time.Now()
		stream := post(t, server, "text/plain", io.MultiReader(strings.NewReader("begun"), reader))
		if got := stream.Next(); got != "in its place" {
			t.Errorf("got %q", got)
		}
		stream.Rest()
		synctest.Wait()
		if failure == nil || time.Since(start) > time.Second {
			t.Errorf("after %v the handler's read returned %v", time.Since(start), failure)
		}
	})
}

func TestAnUploadThatTricklesIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		least  int64
		status int
	}{
		"by default":          {0, http.StatusRequestTimeout},
		"over the minimum":    {1, http.StatusOK},
		"without any minimum": {-1, http.StatusOK},
		"under another one":   {3, http.StatusRequestTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if _, err := request.Text(); err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.TextResponse(200, "uploaded")
				})
				app.MinUploadRate = test.least
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n")
				var sending sync.WaitGroup
				sending.Go(func() {
					for range 200 { // two bytes a second
						time.Sleep(time.Second)
						if _, err := io.WriteString(conn, "ab"); err != nil {
							return
						}
					}
				})
				start := time.Now()
				response, _ := readResponse(t, bufio.NewReader(conn))
				if took := time.Since(start); response.StatusCode != test.status || test.status != 200 && took > 35*time.Second {
					t.Errorf("after %v got %s", took, response.Status)
				}
				conn.Close()
				sending.Wait()
				wantLogged(t, log)
			})
		})
	}
}

func TestALargeUploadIsRefusedBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	limits := map[string]func(app *bare.Application){
		"by ReadLimit": func(app *bare.Application) { app.ReadLimit = 10 },
		"by BodyLimit": func(app *bare.Application) { app.BodyLimit = 10 },
	}
	for name, limit := range limits {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					_, err := request.Bytes()
					return bare.ErrorResponse(err)
				})
				limit(app)
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
				line, err := bufio.NewReader(conn).ReadString('\n')
				if err != nil || !strings.HasPrefix(line, "HTTP/1.1 413 ") {
					t.Errorf("got %q (%v)", line, err)
				}
			})
		})
	}
}

func TestEveryWayToReadABodyHasItsLimit(t *testing.T) {
	t.Parallel()
	form := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("x", 1000) + "\r\n--b--\r\n"
	ways := map[string]func(request *bare.HttpRequest) error{
		"FormFile": func(request *bare.HttpRequest) error {
			_, _, err := request.Scope.FormFile("f")
			return err
		},
		"the Body of the Scope": func(request *bare.HttpRequest) error {
			_, err := io.ReadAll(request.Scope.Body)
			return err
		},
		"Reader": func(request *bare.HttpRequest) error {
			_, err := io.ReadAll(request.Reader())
			return err
		},
		"Body": func(request *bare.HttpRequest) error {
			var last error
			for _, err := range request.Body {
				last = err
			}
			return last
		},
		"Bytes": func(request *bare.HttpRequest) error {
			_, err := request.Bytes()
			return err
		},
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					err := way(request)
					if !errors.Is(err, bare.ErrBodyTooLarge) {
						t.Errorf("it returned %v", err)
					}
					return bare.ErrorResponse(err)
				})
				app.BodyLimit = 500
				server := serve(t, protocol, app)
				// Without a length, so that it must be counted.
				stream := post(t, server, "multipart/form-data; boundary=b", io.MultiReader(strings.NewReader(form)))
				if stream.Rest(); stream.Response.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("got %s", stream.Response.Status)
				}
			})
		})
	}
}

func TestAnUploadMustKeepItsPace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stall  time.Duration
		status int
	}{
		"after a fast start":   {0, http.StatusRequestTimeout},
		"without a stall time": {-1, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if _, err := request.Text(); err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.TextResponse(200, "uploaded")
				})
				app.StallTimeout = test.stall
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100200\r\n\r\n"+strings.Repeat("x", 100_000))
				var sending sync.WaitGroup
				sending.Go(func() {
					for range 200 {
						time.Sleep(time.Second)
						if _, err := io.WriteString(conn, "x"); err != nil {
							return
						}
					}
				})
				start := time.Now()
				response, _ := readResponse(t, bufio.NewReader(conn))
				if took := time.Since(start); response.StatusCode != test.status || test.status != 200 && took > 65*time.Second {
					t.Errorf("after %v got %s", took, response.Status)
				}
				conn.Close()
				sending.Wait()
			})
		})
	}
}

func TestWithoutAStallTimeNobodyIsGivenUp(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			text, err := request.Text()
			if err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.TextResponse(200, text)
		})
		app.StallTimeout = -1
		reader, writer := io.Pipe()
		go func() {
			_, _ = io.WriteString(writer, "a pause, ")
			time.Sleep(time.Hour)
			_, _ = io.WriteString(writer, "and the rest")
			_ = writer.Close()
		}()
		if got := post(t, serve(t, protocol, app), "", reader).Rest(); got != "a pause, and the rest" {
			t.Errorf("got %q", got)
		}
	})
}

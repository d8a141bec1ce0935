package bare_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestAPartThatNobodyReadsMustBeWhole(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"it has no end":                      "--b\r\n" + field("a", "b"),
		"it ends with another line break":    "--b\r\n" + field("a", "b\n--b--"),
		"a boundary is the end of its line":  "--b\r\n" + field("a", "b--b--"),
		"the end is a longer boundary":       "--b\r\n" + field("a", "b\r\n--bb--"),
		"the last line is all of the text":   "--b\r\n\r\n--b--",
		"the end has something behind it":    "--b\r\n" + field("a", "b\r\n--b--c"),
		"the end is behind a line feed only": formOf(field("a", "b")) + "--b\r\n" + "\n--b",
	} {
		var failure error
		for _, err := range formRequest(formType, form).Parts() {
			failure = err
		}
		if complete := strings.HasPrefix(form, formOf(field("a", "b"))); (failure == nil) != complete {
			t.Errorf("%s: the loop ended with %v", name, failure)
		}
	}
}

func TestABoundaryWithAColonIsNoHeader(t *testing.T) {
	t.Parallel()
	const head = "Content-Disposition: form-data; name=\"a\"\r\n"
	for name, test := range map[string]struct {
		form  string
		whole bool
	}{
		"a whole form":                       {"--a:b\r\n" + head + "\r\n1\r\n--a:b--\r\n", true},
		"one without a last line break":      {"--a:b\r\n" + head + "\r\n1\r\n--a:b--", true},
		"one that breaks off in the headers": {"--a:b\r\n" + head + "\r\n1\r\n--a:b\r\n" + head + "--a:b--", false},
	} {
		var failure error
		for _, err := range formRequest(`multipart/form-data; boundary="a:b"`, test.form).Parts() {
			failure = err
		}
		if (failure == nil) != test.whole {
			t.Errorf("%s: the loop ended with %v", name, failure)
		}
	}
}

func TestALoopOverPartsMayEndEarly(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		var left *bare.Part
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			for part, err := range request.Parts() {
				if err != nil {
					return bare.ErrorResponse(err)
				}
				left = part
				break
			}
			return bare.TextResponse(400, "enough")
		})
		reader, writer := io.Pipe()
		defer writer.Close()
		go func() { _, _ = io.WriteString(writer, "--b\r\n"+file("f", "f", "begun")) }()
		stream := post(t, serve(t, protocol, app), formType, reader)
		if got := stream.Rest(); got != "enough" {
			t.Errorf("got %q before the upload has ended", got)
		}
		if _, err := left.Text(); !errors.Is(err, bare.ErrBodyConsumed) {
			t.Errorf("after the loop the part is read with %v", err)
		}
	})
}

func TestAFormThatBreaksOffSaysSo(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"in a part":              "--b\r\n" + file("f", "f", "begun"),
		"in a header":            "--b\r\nContent-Dispo",
		"after the last part":    "--b\r\n" + field("a", "b") + "\r\n--b--\r\n",
		"at a boundary":          "--b\r\n" + field("a", "b") + "\r\n--b",
		"before the first part":  "--",
		"between two characters": "--b\r\n" + field("a", "\r"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, leave := range []bool{true, false} {
				eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
					var failure error
					app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
						_, failure = describeParts(request)
						return bare.ErrorResponse(failure)
					})
					server := serve(t, protocol, app)
					reader, writer := io.Pipe()
					var answer *http.Response
					request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, reader)
					if err != nil {
						t.Fatal(err)
					}
					request.Header.Set("Content-Type", formType)
					request.ContentLength = 1000
					go func() {
						_, _ = io.WriteString(writer, sent)
						if leave {
							_ = writer.CloseWithError(errors.New("the client leaves"))
						}
					}()
					start := time.Now()
					if answer, err = server.Client().Do(request); err == nil {
						_ = answer.Body.Close()
					}
					_ = writer.Close()
					synctest.Wait()
					switch {
					case leave && !errors.Is(failure, bare.ErrClientGone):
						t.Errorf("the client has left: %v", failure)
					case !leave && (!errors.Is(failure, bare.ErrStalled) || time.Since(start) > time.Minute || answer == nil || answer.StatusCode != http.StatusRequestTimeout):
						t.Errorf("after %v of silence: %v, %v", time.Since(start), failure, answer)
					}
					wantLogged(t, log)
				})
			}
		})
	}
}

func TestAFormIsRefusedBeforeItIsAskedFor(t *testing.T) {
	t.Parallel()
	for name, contentType := range map[string]string{"415": "text/plain", "413": formType} {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					_, err := describeParts(request)
					return bare.ErrorResponse(err)
				})
				app.BodyLimit = 10
				conn := serve(t, baretest.HTTP1, app).Dial()
				defer conn.Close()
				send(t, conn, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\nContent-Type: "+contentType+"\r\n\r\n")
				line, err := bufio.NewReader(conn).ReadString('\n')
				if err != nil || !strings.HasPrefix(line, "HTTP/1.1 "+name) {
					t.Errorf("got %q (%v)", line, err)
				}
			})
		})
	}
}

func TestAResponseMayReportOnAFormAsItComes(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Duplex()
			return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
				for part, err := range request.Parts() {
					if err != nil {
						return err
					}
					yield([]byte(part.Name + "\n"))
				}
				return nil
			})}
		})
		reader, writer := io.Pipe()
		next := make(chan bool)
		go func() {
			_, _ = io.WriteString(writer, "--b\r\n"+field("one", ""))
			for range next {
				_, _ = io.WriteString(writer, "\r\n--b\r\n"+field("more", ""))
			}
			_, _ = io.WriteString(writer, "\r\n--b--\r\n")
			_ = writer.Close()
		}()
		stream := post(t, serve(t, protocol, app), formType, reader)
		if got := stream.Line(); got != "one\n" {
			t.Errorf("got %q", got)
		}
		next <- true
		if got := stream.Line(); got != "more\n" {
			t.Errorf("got %q", got)
		}
		close(next)
		if got := stream.Rest(); got != "" || stream.Err() != nil {
			t.Errorf("the stream ended with %q (%v)", got, stream.Err())
		}
	})
}

func TestAFormIsReadBehindAMiddlewareOfNetHTTP(t *testing.T) {
	t.Parallel()
	for limit, status := range map[int64]int{500: 413, 5000: 200} {
		eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
			app, _ := newApp(bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
				parts, err := describeParts(request)
				if err != nil {
					return bare.ErrorResponse(err)
				}
				return bare.TextResponse(200, parts)
			}, bare.FromHTTPMiddleware(func(next http.Handler) http.Handler { return http.MaxBytesHandler(next, limit) })))
			form := formOf(field("a", strings.Repeat("a", 1000)))
			stream := post(t, serve(t, protocol, app), formType, io.MultiReader(strings.NewReader(form)))
			if stream.Rest(); stream.Response.StatusCode != status {
				t.Errorf("with a limit of %d got %s", limit, stream.Response.Status)
			}
		})
	}
}

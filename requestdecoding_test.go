package bare_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// echoing is an application with compression that answers with the body it was sent,
// and keeps it below a limit.
func echoing(read func(request *bare.HttpRequest) (string, error)) (*bare.Application, *logbook) {
	app, log := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
		text, err := read(request)
		if err != nil {
			return bare.ErrorResponse(err)
		}
		return bare.TextResponse(0, text)
	})
	app.ReadLimit = 100_000
	return app, log
}

// readers are the ways to read a request's body.
func readers() map[string]func(request *bare.HttpRequest) (string, error) {
	return map[string]func(request *bare.HttpRequest) (string, error){
		"Text": func(request *bare.HttpRequest) (string, error) { return request.Text() },
		"Body": func(request *bare.HttpRequest) (string, error) {
			var text strings.Builder
			for chunk, err := range request.Body {
				if err != nil {
					return "", err
				}
				text.Write(chunk)
			}
			return text.String(), nil
		},
		"Scope": func(request *bare.HttpRequest) (string, error) {
			text, err := io.ReadAll(request.Scope.Body)
			return string(text), err
		},
	}
}

func TestAnEncodedRequestIsReadDecoded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		encoding []string
		body     []byte
		status   int
		text     string
	}{
		{"gzip", []string{"gzip"}, zip(t, longText()), 200, longText()},
		{"gzip by another name", []string{"X-GZIP"}, zip(t, "x"), 200, "x"},
		{"gzip in two members", []string{"gzip"}, append(zip(t, "one "), zip(t, "two")...), 200, "one two"},
		{"nothing", []string{"gzip"}, zip(t, ""), 200, ""},
		{"identity", []string{"identity"}, []byte("plain"), 200, "plain"},
		{"identity and gzip", []string{"identity, gzip"}, zip(t, "x"), 200, "x"},
		{"an empty header", []string{""}, []byte("plain"), 200, "plain"},
		{"an encoding that is not there", []string{"br"}, []byte("xx"), 415, "The request body must have one of these content encodings: gzip, identity."},
		{"two encodings", []string{"gzip", "gzip"}, zip(t, string(zip(t, "x"))), 415, "The request body must have one of these content encodings: gzip, identity."},
		{"no gzip", []string{"gzip"}, []byte("plain, and longer than a header"), 400, "The request body is not in its content encoding."},
		{"half of it", []string{"gzip"}, zip(t, longText())[:100], 400, "The request body is not in its content encoding."},
		{"half a header", []string{"gzip"}, zip(t, "x")[:5], 400, "The request body is not in its content encoding."},
		{"something behind it", []string{"gzip"}, append(zip(t, "x"), "behind"...), 400, "The request body is not in its content encoding."},
		{"a wrong checksum", []string{"gzip"}, append(zip(t, "x")[:len(zip(t, "x"))-8], "12345678"...), 400, "The request body is not in its content encoding."},
		{"what is too long when it is decoded", []string{"gzip"}, zip(t, strings.Repeat("x", 100_001)), 413, "Request Entity Too Large"},
	}
	for name, read := range readers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := echoing(read)
				app.BodyLimit = 100_000
				server := serve(t, protocol, app)
				for _, test := range tests {
					headers := []string{}
					for _, value := range test.encoding {
						headers = append(headers, "Content-Encoding", value)
					}
					stream := submit(t, server, "POST", "/", bytes.NewReader(test.body), headers...)
					if got := stream.Rest(); stream.Response.StatusCode != test.status || got != test.text {
						t.Errorf("%s: got %d %.80q, want %d %.80q", test.name, stream.Response.StatusCode, got, test.status, test.text)
					}
					accepted := ""
					if test.status == 415 {
						accepted = "gzip, identity"
					}
					wantHead(t, stream, "Accept-Encoding", accepted)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestARequestThatIsNotReadIsNotRefused(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(empty)
		server := serve(t, protocol, app)
		for path, status := range map[string]int{"/": 200, "/nowhere": 404} {
			stream := submit(t, server, "POST", path, strings.NewReader("x"), "Content-Encoding", "br")
			if got := stream.Response.StatusCode; got != status {
				t.Errorf("%s: got %d, want %d", path, got, status)
			}
		}
	})
}

func TestWithoutCompressionAnEncodedRequestIsReadAsItCame(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := echoing(func(request *bare.HttpRequest) (string, error) {
			text, err := request.Text()
			return request.Scope.Header.Get("Content-Encoding") + " " + text, err
		})
		app.Compression = nil
		stream := submit(t, serve(t, protocol, app), "POST", "/", strings.NewReader("x"), "Content-Encoding", "gzip")
		if got := stream.Rest(); got != "gzip x" {
			t.Errorf("got %q", got)
		}
	})
}

func TestTheScopeOfADecodedRequestIsThatOfThePlainBody(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, err := io.ReadAll(r.Body)
			if r.Header.Get("Content-Encoding") != "" || r.Header.Get("Content-Length") != "" || r.ContentLength != -1 || err != nil {
				t.Errorf("the handler sees %v, %d, %v", r.Header, r.ContentLength, err)
			}
			_, _ = w.Write(text)
		})))
		stream := submit(t, serve(t, protocol, app), "POST", "/", bytes.NewReader(zip(t, "x")), "Content-Encoding", "gzip")
		if got := stream.Rest(); got != "x" {
			t.Errorf("got %q", got)
		}
	})
}

func TestABombNeverFillsTheMemory(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := echoing(func(request *bare.HttpRequest) (string, error) { return request.Text() })
		server := serve(t, protocol, app)
		bombs := map[string]struct {
			body   io.Reader
			status int
		}{
			"a gigabyte of nothing":           {&endless{piece: zip(t, strings.Repeat("\x00", 1<<20)), times: 1000}, 413},
			"gzip that decodes to no byte":    {&endless{piece: zip(t, ""), times: 1 << 30}, 400},
			"deflate that decodes to no byte": {io.MultiReader(bytes.NewReader(zip(t, "")[:10]), &endless{piece: []byte{0, 0, 0, 0xff, 0xff}, times: 1 << 30}), 400},
		}
		for name, bomb := range bombs {
			stream := submit(t, server, "POST", "/", bomb.body, "Content-Encoding", "gzip")
			if got := stream.Response.StatusCode; got != bomb.status {
				t.Errorf("%s: got %d, want %d", name, got, bomb.status)
			}
		}
	})
}

// endless is a piece many times.
type endless struct {
	piece []byte
	times int
	rest  []byte
}

func (e *endless) Read(buffer []byte) (int, error) {
	if len(e.rest) == 0 {
		if e.times--; e.times < 0 {
			return 0, io.EOF
		}
		e.rest = e.piece
	}
	n := copy(buffer, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestDecodedChunksComeAsTheyAreSent(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			request.Duplex()
			return bare.HttpResponse{Body: func(yield func([]byte) bool) {
				for chunk, err := range request.Body {
					if err != nil || !yield(chunk) {
						return
					}
				}
			}}
		})
		reader, writer := io.Pipe()
		encoder := gzip.NewWriter(writer)
		var sending sync.WaitGroup
		sending.Go(func() {
			for range 3 {
				_, _ = io.WriteString(encoder, "chunk")
				_ = encoder.Flush()
				time.Sleep(time.Second)
			}
			_ = encoder.Close()
			_ = writer.Close()
		})
		start := time.Now()
		stream := submit(t, serve(t, protocol, app), "POST", "/", reader, "Content-Encoding", "gzip")
		for i := range 3 {
			if got, late := stream.Next(), time.Since(start)-time.Duration(i)*time.Second; got != "chunk" || late > 2*time.Millisecond {
				t.Errorf("chunk %d is %q, %v late", i, got, late)
			}
		}
		if got := stream.Rest(); got != "" || stream.Err() != nil {
			t.Errorf("the rest is %q (%v)", got, stream.Err())
		}
		sending.Wait()
	})
}

func TestAClientThatTricklesAnEncodedBodyIsCutOff(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		failed := make(chan error, 1)
		app, _ := echoing(func(request *bare.HttpRequest) (string, error) {
			text, err := request.Text()
			failed <- err
			return text, err
		})
		app.StallTimeout = 20 * time.Second
		reader, writer := io.Pipe()
		body := zip(t, strings.Repeat("x", 90_000)) // as many decoded bytes as would be fast enough
		var sending sync.WaitGroup
		sending.Go(func() {
			for i := range body {
				if _, err := writer.Write(body[i : i+1]); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
			_ = writer.Close()
		})
		stream := submit(t, serve(t, protocol, app), "POST", "/", reader, "Content-Encoding", "gzip")
		if err := <-failed; !errors.Is(err, bare.ErrStalled) || stream.Response.StatusCode != http.StatusRequestTimeout {
			t.Errorf("got %d, %v", stream.Response.StatusCode, err)
		}
		_ = reader.Close()
		sending.Wait()
	})
}

func TestAClientThatLeavesInAnEncodedBodyIsGone(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		failed := make(chan error, 1)
		app, log := echoing(func(request *bare.HttpRequest) (string, error) {
			text, err := request.Text()
			failed <- err
			return text, err
		})
		server := serve(t, protocol, app)
		reader, writer := io.Pipe()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, reader)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Encoding", "gzip")
		go func() {
			_, _ = writer.Write(zip(t, longText())[:50])
			time.Sleep(time.Second)
			_ = writer.CloseWithError(errBroken)
		}()
		if response, err := server.Client().Do(request); err == nil {
			_ = response.Body.Close()
			t.Error("the request went through")
		}
		if err := <-failed; !errors.Is(err, bare.ErrClientGone) {
			t.Errorf("the body ended with %v", err)
		}
		wantLogged(t, log)
	})
}

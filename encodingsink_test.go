package bare_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestEventsReachTheClientAsSoonAsTheyAreYielded(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				for now := range request.Every(time.Second) {
					if !yield([]byte("data: " + now.Format(time.StampNano) + "\n\n")) {
						return
					}
				}
			}}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		wantHead(t, stream, "Content-Encoding", "gzip", "Vary", "Accept-Encoding")
		events, err := gzip.NewReader(stream.Response.Body)
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 1000)
		for range 10 {
			n, err := events.Read(buffer)
			want := "data: " + time.Now().Format(time.StampNano) + "\n\n"
			if got := string(buffer[:n]); err != nil || got != want {
				t.Fatalf("got %q (%v), want %q", got, err, want)
			}
		}
	})
}

var errBroken = errors.New("broken")

func TestACutResponseDoesNotDecodeAsAWholeOne(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"short": 10, "long": 100_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				text := strings.Repeat("x", size)
				app, log := compressed(func(*bare.HttpRequest) bare.HttpResponse {
					return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: bare.StreamWriter(func(yield func([]byte) bool) error {
						yield([]byte(text))
						return errBroken
					})}
				})
				stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
				plain, err := unzip(stream.Rest())
				if plain != text || !errors.Is(err, io.ErrUnexpectedEOF) || stream.Err() == nil {
					t.Errorf("%d bytes, %v, and the response ends with %v", len(plain), err, stream.Err())
				}
				wantLogged(t, log, "ERROR bare: the body failed")
			})
		})
	}
}

func TestAShortBodyOfUnknownLengthHasItsLength(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(bare.End) {}) // who is told has everything flushed before
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: bare.ChunkWriter([]byte("short"), 2)}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		wantHead(t, stream, "Content-Encoding", "", "Content-Length", "5")
		if got := stream.Rest(); got != "short" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAHeldBodyIsSentWhenItFallsSilent(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: func(yield func([]byte) bool) {
				_ = yield([]byte("first")) && request.Sleep(time.Hour) && yield([]byte(", second"))
			}}
		})
		start := time.Now()
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		reader, err := gzip.NewReader(stream.Response.Body)
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 100)
		if n, err := reader.Read(buffer); string(buffer[:n]) != "first" || time.Since(start) > time.Millisecond {
			t.Errorf("got %q (%v) after %v", buffer[:n], err, time.Since(start))
		}
		if rest, err := io.ReadAll(reader); string(rest) != ", second" || err != nil {
			t.Errorf("the rest is %q (%v)", rest, err)
		}
	})
}

func TestASilentStreamThatEndsIsAWholeOne(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(func([]byte) bool) {
				request.Sleep(time.Second)
			}}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		if text, err := unzip(stream.Rest()); text != "" || err != nil || stream.Err() != nil {
			t.Errorf("got %q, %v, %v", text, err, stream.Err())
		}
	})
}

func TestTheDeclaredLengthIsThatOfThePlainBody(t *testing.T) {
	t.Parallel()
	for _, length := range []int{44_999, 45_001} {
		t.Run(strconv.Itoa(length), func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, log := compressed(func(*bare.HttpRequest) bare.HttpResponse {
					headers := bare.Headers("content-type", "text/plain", "content-length", strconv.Itoa(length))
					return bare.HttpResponse{Headers: headers, Body: bare.ChunkWriter([]byte(longText()), 1000)}
				})
				stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
				plain, err := unzip(stream.Rest())
				if !errors.Is(err, io.ErrUnexpectedEOF) || stream.Err() == nil || len(plain) > min(length, len(longText())) {
					t.Errorf("got %d bytes, %v, %v", len(plain), err, stream.Err())
				}
				wantLogged(t, log, "ERROR bare: the body failed")
			})
		})
	}
}

func TestABodyThatFailsBeforeItsHeadIsAnErrorStill(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(*bare.HttpRequest) bare.HttpResponse {
			body := bare.StreamWriter(func(func([]byte) bool) error { return errBroken })
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/html", "etag", `"tag"`), Body: body}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		if got := stream.Rest(); stream.Response.StatusCode != http.StatusInternalServerError || got != "Internal Server Error" {
			t.Errorf("got %d %q", stream.Response.StatusCode, got)
		}
		wantHead(t, stream, "Content-Encoding", "", "Etag", "", "Content-Length", "21")
	})
}

func TestOnlySoManyResponsesAreCompressedAtATime(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				_ = yield([]byte("data: x\n\n")) && request.Sleep(time.Minute)
			}}
		})
		app.Compression.MaxMemory = 2 * bare.Gzip().StreamMemory
		server := serve(t, protocol, app)
		var streams []*baretest.Stream
		for _, want := range []string{"gzip", "gzip", ""} {
			stream := fetch(t, server, "GET", "/", "Accept-Encoding", "gzip")
			wantHead(t, stream, "Content-Encoding", want, "Vary", "Accept-Encoding")
			streams = append(streams, stream)
		}
		streams[0].Close()
		streams[1].Rest()
		synctest.Wait()
		for range 2 { // the one that was left and the one that has ended are free again
			wantHead(t, fetch(t, server, "GET", "/", "Accept-Encoding", "gzip"), "Content-Encoding", "gzip")
		}
	})
}

func TestAStalledClientOfACompressedStreamIsCutOff(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan error, 1)
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ended <- end.Err })
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: func(yield func([]byte) bool) {
				noise := newNoise()
				for yield(noise.next()) {
				}
			}}
		})
		app.StallTimeout = 20 * time.Second
		start := time.Now()
		fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip") // never read
		if err := <-ended; !errors.Is(err, bare.ErrStalled) || time.Since(start) > 30*time.Second {
			t.Errorf("after %v the end is %v", time.Since(start), err)
		}
	})
}

// noise is text that hardly becomes shorter.
type noise struct{ state uint32 }

func newNoise() *noise { return &noise{1} }

func (n *noise) next() []byte {
	chunk := make([]byte, 32<<10)
	for i := range chunk {
		n.state = n.state*1664525 + 1013904223
		chunk[i] = byte(n.state >> 24)
	}
	return chunk
}

func TestAnEndOfTheServerIsACleanEndOfTheEncoding(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				for range request.Every(time.Second) {
					if !yield([]byte("data: x\n\n")) {
						return
					}
				}
				yield([]byte("data: bye\n\n"))
			}}
		})
		server := serve(t, protocol, app)
		stream := fetch(t, server, "GET", "/", "Accept-Encoding", "gzip")
		go func() {
			time.Sleep(3500 * time.Millisecond)
			_ = server.Stop()
		}()
		text, err := unzip(stream.Rest())
		if want := strings.Repeat("data: x\n\n", 4) + "data: bye\n\n"; text != want || err != nil || stream.Err() != nil {
			t.Errorf("got %q, %v, %v", text, err, stream.Err())
		}
	})
}

func TestACutEndsTheEncodingWithoutItsEnd(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			time.AfterFunc(time.Second, func() { request.Cut(nil) })
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				_ = yield([]byte("data: x\n\n")) && request.Sleep(time.Hour)
			}}
		})
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		if text, err := unzip(stream.Rest()); text != "data: x\n\n" || !errors.Is(err, io.ErrUnexpectedEOF) || stream.Err() == nil {
			t.Errorf("got %q, %v, %v", text, err, stream.Err())
		}
	})
}

func TestManyResponsesShareTheEncoders(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			text := strings.Repeat(request.Scope.URL.RawQuery+" ", 1000)
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: bare.ChunkWriter([]byte(text), 300)}
		})
		server := serve(t, protocol, app)
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				stream := fetch(t, server, "GET", "/?"+strconv.Itoa(i), "Accept-Encoding", "gzip")
				if i%5 == 0 {
					stream.Close()
					return
				}
				if text, err := unzip(stream.Rest()); text != strings.Repeat(strconv.Itoa(i)+" ", 1000) || err != nil {
					t.Errorf("%d got %.20q (%v)", i, text, err)
				}
			})
		}
		all.Wait()
	})
}

// A brokenEncoder fails, or panics, at its second write.
type brokenEncoder struct {
	target io.Writer
	writes int
	panics bool
	echoes bool // what it takes is written as it is
}

func (e *brokenEncoder) Reset(target io.Writer) { e.target, e.writes = target, 0 }
func (*brokenEncoder) Flush() error             { return nil }
func (*brokenEncoder) Close() error             { return nil }

func (e *brokenEncoder) Write(piece []byte) (int, error) {
	if e.writes++; e.writes < 2 {
		if e.echoes {
			return e.target.Write(piece)
		}
		return len(piece), nil
	}
	if e.panics {
		panic("broken")
	}
	return 0, errBroken
}

func TestAnEncoderThatFailsCutsTheResponse(t *testing.T) {
	t.Parallel()
	for _, panics := range []bool{false, true} {
		t.Run("panics: "+strconv.FormatBool(panics), func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				ends := make(chan error, 1)
				app, log := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
					request.OnEnd(func(end bare.End) { ends <- end.Err })
					return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
						for yield([]byte("data: x\n\n")) {
						}
					}}
				})
				app.Compression.Encodings = []bare.ContentEncoding{{
					Name:       "odd",
					NewEncoder: func() bare.ContentEncoder { return &brokenEncoder{panics: panics} },
				}}
				stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "odd")
				stream.Rest()
				if stream.Err() == nil {
					t.Error("the response looks complete")
				}
				err := <-ends
				if panics {
					wantLogged(t, log, "ERROR bare: the body panicked")
				} else {
					wantLogged(t, log, "ERROR bare: the body failed")
				}
				if !panics && !errors.Is(err, errBroken) {
					t.Errorf("OnEnd was told %v", err)
				}
			})
		})
	}
}

func TestAnHTTP10ResponseWhoseEncoderFailsDoesNotLookComplete(t *testing.T) {
	t.Parallel()
	for _, panics := range []bool{false, true} {
		app, _ := compressed(func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				for yield([]byte("data: x\n\n")) {
				}
			}}
		})
		app.Compression.Encodings = []bare.ContentEncoding{{
			Name:       "odd",
			NewEncoder: func() bare.ContentEncoder { return &brokenEncoder{panics: panics, echoes: true} },
		}}
		// A pipe knows no reset.
		server := httptest.NewServer(app)
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET / HTTP/1.0\r\nAccept-Encoding: odd\r\n\r\n")
		answer, err := io.ReadAll(conn)
		if err == nil || !strings.HasSuffix(string(answer), "data: x\n\n") {
			t.Errorf("got %q (%v)", answer, err)
		}
		_ = conn.Close()
		server.Close()
	}
}

func TestAnEncoderThatHasFailedIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		for _, panics := range []bool{false, true} {
			made := 0
			app, _ := compressed(func(*bare.HttpRequest) bare.HttpResponse {
				return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: bare.ChunkWriter([]byte("two"), 1)}
			})
			app.Compression.Encodings = []bare.ContentEncoding{{Name: "odd", NewEncoder: func() bare.ContentEncoder {
				made++
				return &brokenEncoder{panics: panics}
			}}}
			server := serve(t, protocol, app)
			for range 5 {
				fetch(t, server, "GET", "/", "Accept-Encoding", "odd").Rest()
			}
			synctest.Wait()
			if made != 5 {
				t.Errorf("%d encoders are made for 5 responses (panics: %v)", made, panics)
			}
		}
	})
}

// A plainEncoder writes what it takes as it is, and calls every error broken.
type plainEncoder struct{ target io.Writer }

func (e *plainEncoder) Reset(target io.Writer) { e.target = target }
func (*plainEncoder) Flush() error             { return nil }
func (*plainEncoder) Close() error             { return nil }

func (e *plainEncoder) Write(piece []byte) (int, error) {
	if _, err := e.target.Write(piece); err != nil {
		return 0, errBroken
	}
	return len(piece), nil
}

func TestAnEncoderThatChangesTheErrorOfAWriteDoesNotHideThatTheClientHasGone(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		ended := make(chan error, 1)
		app, log := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
			request.OnEnd(func(end bare.End) { ended <- end.Err })
			return bare.HttpResponse{Headers: bare.Headers("content-type", "text/event-stream"), Body: func(yield func([]byte) bool) {
				for yield(newNoise().next()) {
					time.Sleep(time.Second)
				}
			}}
		})
		app.Compression.Encodings = []bare.ContentEncoding{{Name: "odd", NewEncoder: func() bare.ContentEncoder { return new(plainEncoder) }}}
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "odd")
		stream.Next()
		stream.Close()
		if err := <-ended; !errors.Is(err, bare.ErrClientGone) {
			t.Errorf("the end is %v", err)
		}
		wantLogged(t, log)
	})
}

func TestAnEncoderThatIsKeptKnowsNoResponse(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		encoder := new(plainEncoder)
		app, _ := compressed(func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(0, longText()) })
		app.Compression.Encodings = []bare.ContentEncoding{{Name: "odd", NewEncoder: func() bare.ContentEncoder { return encoder }}}
		if got := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "odd").Rest(); got != longText() {
			t.Errorf("got %d bytes", len(got))
		}
		synctest.Wait()
		if encoder.target != io.Discard {
			t.Errorf("the encoder keeps %T", encoder.target)
		}
	})
}

func TestAResponseThatIsCutAtItsEndIsEitherCutOrWhole(t *testing.T) {
	t.Parallel()
	for size := 2_000; size <= 160_000; size += 4_000 {
		synctest.Test(t, func(t *testing.T) {
			app, _ := compressed(func(request *bare.HttpRequest) bare.HttpResponse {
				request.OnEnd(func(bare.End) {}) // who is told has everything flushed before
				return bare.HttpResponse{Headers: bare.Headers("content-type", "text/plain"), Body: func(yield func([]byte) bool) {
					time.AfterFunc(time.Second, func() { request.Cut(nil) })
					noise := newNoise()
					for left := size; left > 0; left -= 1000 {
						yield(noise.next()[:1000])
					}
				}}
			})
			stream := fetch(t, serve(t, baretest.HTTP1, app), "GET", "/", "Accept-Encoding", "gzip")
			time.Sleep(time.Second + 50*time.Millisecond) // the pipe is full, and the last flush may wait
			text, err := unzip(stream.Rest())
			if (stream.Err() == nil) != (err == nil) {
				t.Errorf("a response that ends with %v decodes to %d bytes and %v", stream.Err(), len(text), err)
			}
		})
	}
}

func TestAFlushOfAnHTTPHandlerGoesThroughTheEncoder(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := compressed(bare.FromHTTPHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "first")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})))
		start := time.Now()
		stream := fetch(t, serve(t, protocol, app), "GET", "/", "Accept-Encoding", "gzip")
		reader, err := gzip.NewReader(stream.Response.Body)
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 100)
		if n, err := reader.Read(buffer); string(buffer[:n]) != "first" || err != nil || time.Since(start) != 0 {
			t.Errorf("got %q (%v) after %v", buffer[:n], err, time.Since(start))
		}
	})
}

package baretest_test

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// inParts is a server whose body is the text in parts of size bytes, a second apart;
// a cut one fails after it.
func inParts(t *testing.T, text string, size int, failure error) *baretest.Server {
	t.Helper()
	app := bare.NewApplication()
	app.Logger = slog.New(slog.DiscardHandler)
	app.OnHttpRequest(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			for part := range slices.Chunk([]byte(text), size) {
				if !yield(part) || !request.Sleep(time.Second) {
					break
				}
			}
			return failure
		})}
	})
	return baretest.NewServer(t, app)
}

func TestARecordIsWholeHoweverItsChunksCame(t *testing.T) {
	t.Parallel()
	line, event := (*baretest.Stream).Line, (*baretest.Stream).Event
	tests := []struct {
		name string
		read func(*baretest.Stream) string
		text string
		want []string
		rest string
	}{
		{"lines", line, "{\"a\":1}\n\n{\"b\":2}\r\n", []string{"{\"a\":1}\n", "\n", "{\"b\":2}\r\n"}, ""},
		{"a last line without a newline", line, "one\ntwo", []string{"one\n", "two"}, ""},
		{"no line", line, "", nil, ""},
		{"events", event, "data: 1\n\nid: 2\ndata: 2\n\n", []string{"data: 1\n\n", "id: 2\ndata: 2\n\n"}, ""},
		{"comments", event, ":\n\ndata: 1\n\n", []string{":\n\n", "data: 1\n\n"}, ""},
		{"more empty lines than one", event, "\n\ndata: 1\n\n\ndata: 2\n\n", []string{"data: 1\n\n", "data: 2\n\n"}, ""},
		{"an event that is not whole", event, "data: 1\n\ndata: 2\n", []string{"data: 1\n\n"}, "data: 2\n"},
		{"nothing but empty lines", event, "\n\n\n", nil, "\n\n\n"},
		{"lines that end with CR", event, "data: 1\rdata: 2\r\rdata: 3\r\r", []string{"data: 1\rdata: 2\r\r", "data: 3\r\r"}, ""},
	}
	for _, test := range tests {
		for _, size := range []int{1, 2, 3, 5, 100} {
			t.Run(fmt.Sprintf("%s, in parts of %d", test.name, size), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					stream := inParts(t, test.text, size, nil).Get("/")
					var got []string
					for record := test.read(stream); record != ""; record = test.read(stream) {
						got = append(got, record)
					}
					if rest := stream.Rest(); !slices.Equal(got, test.want) || rest != test.rest || stream.Err() != nil {
						t.Errorf("got %q and %q (%v), want %q and %q", got, rest, stream.Err(), test.want, test.rest)
					}
				})
			})
		}
	}
}

// The end of CR LF may come later than the record that it ends: nobody waits for it.
func TestEventsThatEndWithCRLFAreWhole(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 2, 3, 5, 100} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				stream := inParts(t, "data: 1\r\ndata: 2\r\n\r\ndata: 3\r\n\r\n", size, nil).Get("/")
				first, second, end := stream.Event(), stream.Event(), stream.Event()
				if strings.TrimSpace(first) != "data: 1\r\ndata: 2" || strings.TrimSpace(second) != "data: 3" || end != "" {
					t.Errorf("got %q, %q and %q", first, second, end)
				}
			})
		})
	}
}

func TestARecordComesWithItsLastChunk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		stream := inParts(t, "a\n\nb\n\n", 1, nil).Get("/")
		for _, want := range []time.Duration{2 * time.Second, 5 * time.Second} {
			stream.Event()
			if took := time.Since(start); took != want {
				t.Errorf("it came after %v, want %v", took, want)
			}
		}
	})
}

func TestTheWaysToReadCanBeMixed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stream := inParts(t, "one\ntwo\nthree\n\nfour\n\nfive", 100, io.ErrUnexpectedEOF).Get("/")
		got := []string{stream.Line(), stream.Event(), stream.Line(), stream.Next(), stream.Next(), stream.Rest()}
		if want := []string{"one\n", "two\nthree\n\n", "four\n", "\nfive", "", ""}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if stream.Err() == nil {
			t.Error("the body looks complete")
		}
	})
}

func TestASilentStreamTakesNoMillisecond(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		delay bool
		want  time.Duration
	}{
		{"as short as can be", false, time.Nanosecond},
		{"as in production", true, time.Millisecond},
	}
	for _, protocol := range baretest.Protocols() {
		for _, test := range tests {
			t.Run(protocol.String()+" "+test.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					silent := func() *bare.Application {
						app := bare.NewApplication()
						app.OnHttpRequest(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
							return bare.HttpResponse{Body: func(func([]byte) bool) { request.Sleep(time.Hour) }}
						})
						return app
					}
					config := baretest.Config{Protocol: protocol, FlushDelay: test.delay}
					started := silent()
					for _, server := range []*baretest.Server{
						config.NewServer(t, silent()),
						config.NewHandlerServer(t, silent()),
						config.NewHandlerServer(t, started, started),
					} {
						start := time.Now()
						for range 10 {
							server.Get("/").Close()
						}
						if took := time.Since(start); took != 10*test.want {
							t.Errorf("ten silent streams took %v, want %v", took, 10*test.want)
						}
					}
				})
			})
		}
	}
}

// What fails before anything else happens is an error's response: the head waits for
// the body, however short the time is.
func TestTheHeadWaitsUntilAllElseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := bare.NewApplication()
		app.OnHttpRequest(bare.Methods{"GET"}, "/", func(*bare.HttpRequest) bare.HttpResponse {
			return bare.HttpResponse{Body: bare.StreamWriter(func(func([]byte) bool) error {
				for range 1000 { // somebody else is at work
					done := make(chan struct{})
					go close(done)
					<-done
				}
				return &bare.HttpError{Status: 409, Message: "late"}
			})}
		})
		if got := baretest.NewServer(t, app).Get("/").Response.StatusCode; got != 409 {
			t.Errorf("the status is %d", got)
		}
	})
}

package baretest_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// exampleT stands in for the t of a test, which an example does not have.
type exampleT struct {
	testing.TB

	cleanups []func()
}

func newT() *exampleT { return new(exampleT) }

func (*exampleT) Helper()                        {}
func (t *exampleT) Cleanup(do func())            { t.cleanups = append(t.cleanups, do) }
func (*exampleT) Errorf(format string, a ...any) { fmt.Printf(format+"\n", a...) }
func (*exampleT) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }

// end is the end of the test.
func (t *exampleT) end() {
	for len(t.cleanups) > 0 {
		last := len(t.cleanups) - 1
		do := t.cleanups[last]
		t.cleanups = t.cleanups[:last]
		do()
	}
}

// newApp greets at /hello, has three events at /events and three lines at /lines,
// and tells at /echo what it was sent.
func newApp() *bare.Application {
	app := bare.NewApplication()
	app.OnHttpRequest(bare.Methods{"GET"}, "/hello", hello)
	app.OnHttpRequest(bare.Methods{"GET"}, "/events", repeat("text/event-stream", "data: %d\n\n"))
	app.OnHttpRequest(bare.Methods{"GET"}, "/lines", repeat("application/x-ndjson", `{"n":%d}`+"\n"))
	app.OnHttpRequest(bare.Methods{"POST"}, "/echo", func(request *bare.HttpRequest) bare.HttpResponse {
		text, err := request.Text()
		if err != nil {
			return bare.ErrorResponse(err)
		}
		return bare.TextResponse(200, request.Scope.Header.Get("Content-Type")+" "+text)
	})
	return app
}

func hello(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "Hello, World!") }

func repeat(contentType, format string) bare.HttpHandler {
	return func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{
			Headers: bare.Headers("content-type", contentType),
			Body: func(yield func([]byte) bool) {
				for n := 1; n <= 3 && yield(fmt.Appendf(nil, format, n)); n++ {
				}
			},
		}
	}
}

func ExampleNewRequest() {
	response := hello(baretest.NewRequest("GET", "/hello", nil))
	fmt.Println(response.Status, response.Headers.Get("Content-Length"))
	// Output: 200 13
}

func ExampleChunks() {
	events := repeat("text/event-stream", "data: %d\n\n")
	response := events(baretest.NewRequest("GET", "/events", nil))
	fmt.Printf("%q\n", baretest.Chunks(response.Body, 2))
	// Output: ["data: 1\n\n" "data: 2\n\n"]
}

func ExampleNewServer() {
	t := newT() // in a test: its own
	defer t.end()

	server := baretest.NewServer(t, newApp())
	fmt.Println(server.Get("/hello").Rest())
	// Output: Hello, World!
}

func ExampleConfig_NewServer() {
	t := newT() // in a test: its own
	defer t.end()

	server := baretest.Config{Protocol: baretest.HTTP2}.NewServer(t, newApp())
	stream := server.Get("/hello")
	fmt.Println(stream.Response.Proto, stream.Rest())
	// Output: HTTP/2.0 Hello, World!
}

func ExampleProtocols() {
	t := newT() // in a test: its own
	defer t.end()

	for _, protocol := range baretest.Protocols() {
		server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
		fmt.Println(protocol, server.Get("/hello").Response.Status)
	}
	// Output:
	// HTTP/1.1 200 OK
	// h2c 200 OK
	// HTTP/2 200 OK
}

func ExampleNewHandlerServer() {
	t := newT() // in a test: its own
	defer t.end()

	app := newApp()
	mux := http.NewServeMux()
	mux.Handle("/api/", http.StripPrefix("/api", app))
	server := baretest.NewHandlerServer(t, mux, app)
	fmt.Println(server.Get("/api/hello").Rest())
	fmt.Println(server.Get("/hello").Response.Status)
	// Output:
	// Hello, World!
	// 404 Not Found
}

func ExampleConfig_NewHandlerServer() {
	t := newT() // in a test: its own
	defer t.end()

	app := newApp()
	outer := http.NewCrossOriginProtection().Handler(app)
	server := baretest.Config{Protocol: baretest.H2C}.NewHandlerServer(t, outer, app)
	fmt.Println(server.Post("/echo", "text/plain", strings.NewReader("hi")).Rest())
	// Output: text/plain hi
}

func ExampleServer_Get() {
	t := newT() // in a test: its own
	defer t.end()

	stream := baretest.NewServer(t, newApp()).Get("/events")
	fmt.Println(stream.Response.Status, stream.Response.Header.Get("Content-Type"))
	// Output: 200 OK text/event-stream
}

func ExampleServer_Post() {
	t := newT() // in a test: its own
	defer t.end()

	server := baretest.NewServer(t, newApp())
	fmt.Println(server.Post("/echo", "application/json", strings.NewReader(`{"n":1}`)).Rest())
	// Output: application/json {"n":1}
}

func ExampleServer_Do() {
	t := newT() // in a test: its own
	defer t.end()

	server := baretest.NewServer(t, newApp())
	request, err := http.NewRequest(http.MethodOptions, server.URL+"/hello", nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	fmt.Println(server.Do(request).Response.Header.Get("Allow"))
	// Output: GET, HEAD, OPTIONS
}

func ExampleServer_Client() {
	t := newT() // in a test: its own
	defer t.end()

	server := baretest.NewServer(t, newApp())
	response, err := server.Client().Head(server.URL + "/hello")
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer response.Body.Close()
	fmt.Println(response.Status, response.ContentLength)
	// Output: 200 OK 13
}

func ExampleServer_Dial() {
	t := newT() // in a test: its own
	defer t.end()

	conn := baretest.NewServer(t, newApp()).Dial()
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /hello\r\n\r\n") // no version
	answer, _ := io.ReadAll(conn)
	line, _, _ := strings.Cut(string(answer), "\r\n")
	fmt.Println(line)
	// Output: HTTP/1.1 400 Bad Request
}

func ExampleServer_Stop() {
	t := newT() // in a test: its own
	defer t.end()

	server := baretest.NewServer(t, newApp())
	fmt.Println(server.Stop())
	// Output: <nil>
}

func ExampleStream_Next() {
	t := newT() // in a test: its own
	defer t.end()

	stream := baretest.NewServer(t, newApp()).Get("/hello")
	fmt.Printf("%q %q\n", stream.Next(), stream.Next())
	// Output: "Hello, World!" ""
}

func ExampleStream_Line() {
	t := newT() // in a test: its own
	defer t.end()

	stream := baretest.NewServer(t, newApp()).Get("/lines")
	for line := stream.Line(); line != ""; line = stream.Line() {
		fmt.Printf("%q\n", line)
	}
	// Output:
	// "{\"n\":1}\n"
	// "{\"n\":2}\n"
	// "{\"n\":3}\n"
}

func ExampleStream_Event() {
	t := newT() // in a test: its own
	defer t.end()

	stream := baretest.NewServer(t, newApp()).Get("/events")
	for event := stream.Event(); event != ""; event = stream.Event() {
		fmt.Printf("%q\n", event)
	}
	// Output:
	// "data: 1\n\n"
	// "data: 2\n\n"
	// "data: 3\n\n"
}

func ExampleStream_Rest() {
	t := newT() // in a test: its own
	defer t.end()

	stream := baretest.NewServer(t, newApp()).Get("/lines")
	fmt.Printf("%q\n", stream.Line())
	fmt.Printf("%q\n", stream.Rest())
	// Output:
	// "{\"n\":1}\n"
	// "{\"n\":2}\n{\"n\":3}\n"
}

func ExampleStream_Err() {
	t := newT() // in a test: its own
	defer t.end()

	app := newApp()
	app.Logger = slog.New(slog.DiscardHandler)
	app.OnHttpRequest(bare.Methods{"GET"}, "/cut", func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			yield([]byte("half"))
			yield(nil) // has it sent
			return io.ErrUnexpectedEOF
		})}
	})
	server := baretest.NewServer(t, app)
	for _, path := range []string{"/hello", "/cut"} {
		stream := server.Get(path)
		fmt.Println(stream.Rest(), stream.Err())
	}
	// Output:
	// Hello, World! <nil>
	// half unexpected EOF
}

func ExampleStream_Close() {
	t := newT() // in a test: its own
	defer t.end()

	app := bare.NewApplication()
	ended := make(chan error, 1)
	app.OnHttpRequest(bare.Methods{"GET"}, "/", func(request *bare.HttpRequest) bare.HttpResponse {
		request.OnEnd(func(end bare.End) { ended <- end.Err })
		return bare.HttpResponse{Body: func(yield func([]byte) bool) {
			yield([]byte("Hello?"))
			<-request.Context().Done()
		}}
	})
	stream := baretest.NewServer(t, app).Get("/")
	fmt.Println(stream.Next())
	stream.Close()
	fmt.Println(<-ended)
	// Output:
	// Hello?
	// bare: the client is gone
}

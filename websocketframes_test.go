package bare_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/internal/wsclient"
)

// rawClient opens a WebSocket whose frames the test writes itself.
func rawClient(t *testing.T, server *baretest.Server, headers http.Header) *wsclient.Client {
	t.Helper()
	client, err := wsclient.Open(server.Dial(), "in.memory", "/", headers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if client.Response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the handshake was answered with %s", client.Response.Status)
	}
	return client
}

func sendFrames(t *testing.T, client *wsclient.Client, frames ...wsclient.Frame) {
	t.Helper()
	for _, frame := range frames {
		if err := client.Send(frame); err != nil {
			t.Fatal(err)
		}
	}
}

// wantFrame fails the test unless the next frame is this one, whole.
func wantFrame(t *testing.T, client *wsclient.Client, opcode byte, payload string) {
	t.Helper()
	frame, err := client.Receive()
	if err != nil || frame.Opcode != opcode || string(frame.Payload) != payload || !frame.Final || frame.Reserved != 0 {
		t.Fatalf("got %+v (%v), want the opcode %d with %q", frame, err, opcode, payload)
	}
}

// wantClose fails the test unless a close frame with the code comes next, and then the
// end of the connection.
func wantClose(t *testing.T, client *wsclient.Client, code int) {
	t.Helper()
	frame, err := client.Receive()
	if err != nil || frame.Opcode != wsclient.Close {
		t.Fatalf("got %+v (%v), want a close frame", frame, err)
	}
	if got, reason := wsclient.CloseCode(frame.Payload); got != code {
		t.Errorf("closed with %d %q, want %d", got, reason, code)
	}
	if _, err := io.Copy(io.Discard, client); err != nil {
		t.Errorf("the connection ended with %v", err)
	}
}

// ping is a ping, text a text message in one frame.
func ping(payload string) wsclient.Frame {
	return wsclient.Frame{Final: true, Opcode: wsclient.Ping, Payload: []byte(payload)}
}

func text(payload string) wsclient.Frame {
	return wsclient.Frame{Final: true, Opcode: wsclient.Text, Payload: []byte(payload)}
}

func TestMessagesComeWholeHoweverTheyWereSent(t *testing.T) {
	t.Parallel()
	const smile = "\xf0\x9f\x98\x80"
	cases := map[string]struct {
		frames []wsclient.Frame
		opcode byte
		want   string
	}{
		"in one frame": {[]wsclient.Frame{text("hello")}, wsclient.Text, "hello"},
		"empty text":   {[]wsclient.Frame{text("")}, wsclient.Text, ""},
		"no bytes":     {[]wsclient.Frame{{Final: true, Opcode: wsclient.Binary}}, wsclient.Binary, ""},
		"bytes that are no text": {
			[]wsclient.Frame{{Final: true, Opcode: wsclient.Binary, Payload: []byte("\xff\x00")}}, wsclient.Binary, "\xff\x00",
		},
		"in fragments, some of them empty": {[]wsclient.Frame{
			{Opcode: wsclient.Text, Payload: []byte("he")},
			{Opcode: wsclient.Continuation},
			{Opcode: wsclient.Continuation, Payload: []byte("ll")},
			{Final: true, Opcode: wsclient.Continuation, Payload: []byte("o")},
		}, wsclient.Text, "hello"},
		"a character in fragments": {[]wsclient.Frame{
			{Opcode: wsclient.Text, Payload: []byte(smile[:1])},
			{Final: true, Opcode: wsclient.Continuation, Payload: []byte(smile[1:])},
		}, wsclient.Text, smile},
		"of 125 bytes":        {[]wsclient.Frame{text(strings.Repeat("a", 125))}, wsclient.Text, strings.Repeat("a", 125)},
		"of 126 bytes":        {[]wsclient.Frame{text(strings.Repeat("a", 126))}, wsclient.Text, strings.Repeat("a", 126)},
		"of 65,536 bytes":     {[]wsclient.Frame{text(strings.Repeat("a", 65536))}, wsclient.Text, strings.Repeat("a", 65536)},
		"of 1 MiB, the limit": {[]wsclient.Frame{text(strings.Repeat("a", 1<<20))}, wsclient.Text, strings.Repeat("a", 1<<20)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := socketApp(echo)
				client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
				sendFrames(t, client, c.frames...)
				frame, err := client.Receive()
				if err != nil || frame.Opcode != c.opcode || string(frame.Payload) != c.want {
					t.Errorf("got the opcode %d, %d bytes (%v)", frame.Opcode, len(frame.Payload), err)
				}
				if err := client.SendClose(1000, ""); err != nil {
					t.Fatal(err)
				}
				wantClose(t, client, 1000)
				wantLogged(t, log)
			})
		})
	}
}

func TestPingsAreAnsweredBetweenFragments(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(echo)
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		sendFrames(t, client,
			wsclient.Frame{Opcode: wsclient.Text, Payload: []byte("a")},
			wsclient.Frame{Final: true, Opcode: wsclient.Ping, Payload: []byte("here?")},
			wsclient.Frame{Final: true, Opcode: wsclient.Pong, Payload: []byte("nobody asked")})
		wantFrame(t, client, wsclient.Pong, "here?")
		sendFrames(t, client, wsclient.Frame{Final: true, Opcode: wsclient.Continuation, Payload: []byte("b")})
		wantFrame(t, client, wsclient.Text, "ab")
	})
}

func TestAClientThatBreaksARuleIsClosedWithACodeThatSaysSo(t *testing.T) {
	t.Parallel()
	long := []byte(strings.Repeat("a", 126))
	cases := map[string]struct {
		frames []wsclient.Frame
		code   int
	}{
		"a frame without a mask":      {[]wsclient.Frame{{Final: true, Opcode: wsclient.Text, Unmasked: true}}, 1002},
		"the first reserved bit":      {[]wsclient.Frame{{Final: true, Opcode: wsclient.Text, Reserved: 4}}, 1002},
		"the last reserved bit":       {[]wsclient.Frame{{Final: true, Opcode: wsclient.Text, Reserved: 1}}, 1002},
		"an opcode that is not there": {[]wsclient.Frame{{Final: true, Opcode: 3}}, 1002},
		"a control opcode likewise":   {[]wsclient.Frame{{Final: true, Opcode: 0xB}}, 1002},
		"a ping that is too long":     {[]wsclient.Frame{{Final: true, Opcode: wsclient.Ping, Payload: long}}, 1002},
		"a close that is too long":    {[]wsclient.Frame{{Final: true, Opcode: wsclient.Close, Payload: long}}, 1002},
		"a ping in fragments":         {[]wsclient.Frame{{Opcode: wsclient.Ping}}, 1002},
		"a continuation of nothing":   {[]wsclient.Frame{{Final: true, Opcode: wsclient.Continuation}}, 1002},
		"a message within another":    {[]wsclient.Frame{{Opcode: wsclient.Text}, text("b")}, 1002},
		"half a close code":           {[]wsclient.Frame{{Final: true, Opcode: wsclient.Close, Payload: []byte{3}}}, 1002},
		"a close code that is none":   {[]wsclient.Frame{{Final: true, Opcode: wsclient.Close, Payload: wsclient.ClosePayload(1005, "")}}, 1002},
		"a close code beyond all":     {[]wsclient.Frame{{Final: true, Opcode: wsclient.Close, Payload: wsclient.ClosePayload(5000, "")}}, 1002},
		"text that is not UTF-8":      {[]wsclient.Frame{text("\xff")}, 1007},
		"half a character":            {[]wsclient.Frame{text("\xf0\x9f")}, 1007},
		"a surrogate":                 {[]wsclient.Frame{text("\xed\xa0\x80")}, 1007},
		"a message beyond the limit":  {[]wsclient.Frame{text(strings.Repeat("a", 1001))}, 1009},
		"fragments beyond the limit":  {[]wsclient.Frame{{Opcode: wsclient.Text, Payload: long}, {Opcode: wsclient.Continuation, Payload: bytes.Repeat(long, 10)}}, 1009},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				var end bare.End
				app, log := socketApp(func(request *bare.WebSocketRequest) {
					request.OnEnd(func(e bare.End) { end = e })
					echo(request)
					if code := request.WebSocket.Code(); code != c.code {
						t.Errorf("the handler sees the code %d, want %d", code, c.code)
					}
				})
				app.WebSocketOptions.ReadLimit = 1000
				client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
				sendFrames(t, client, c.frames...)
				if err := client.SendClose(1000, ""); err != nil {
					t.Fatal(err)
				}
				wantClose(t, client, c.code)
				synctest.Wait()
				if failure, ok := errors.AsType[*bare.WebSocketCloseError](end.Err); !ok || failure.Code != c.code {
					t.Errorf("ended with %v", end.Err)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestACloseIsAnsweredWithItsCode(t *testing.T) {
	t.Parallel()
	for _, code := range []int{0, 1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999} {
		overHTTP1Sub(t, func(t *testing.T) {
			app, _, ends := ending(func(request *bare.WebSocketRequest) {
				echo(request)
				want := &bare.WebSocketCloseError{Code: code, Reason: "because"}
				if code == 0 {
					*want = bare.WebSocketCloseError{Code: bare.CloseNoStatus}
				}
				if got, ok := errors.AsType[*bare.WebSocketCloseError](request.WebSocket.Err()); !ok || *got != *want {
					t.Errorf("the handler sees %v, want %v", request.WebSocket.Err(), want)
				}
			})
			client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
			if err := client.SendClose(code, "because"); err != nil {
				t.Fatal(err)
			}
			answer := code
			if code == 0 {
				answer = bare.CloseNoStatus
			}
			wantClose(t, client, answer)
			if end := <-ends; end.Err != nil {
				t.Errorf("ended with %v", end.Err)
			}
		})
	}
}

// overHTTP1Sub is overHTTP1 within a test.
func overHTTP1Sub(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	t.Run("", func(t *testing.T) { overHTTP1(t, test) })
}

func TestACloseOfTheHandlersHasItsCodeAndReason(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(func(request *bare.WebSocketRequest) {
			socket := request.WebSocket
			_ = socket.Accept("", nil)
			for code, reason := range map[int]string{999: "", 1004: "", 1005: "", 1006: "", 1015: "", 2999: "", 5000: "", 1000: strings.Repeat("a", 124), 1001: "\xff"} {
				if socket.Close(code, reason) == nil {
					t.Errorf("closed with %d %q", code, reason)
				}
			}
			_ = socket.SendText("bye")
			if err := socket.Close(4001, "logged out"); err != nil {
				t.Error(err)
			}
			if err := socket.Close(4002, "again"); err != nil {
				t.Error(err)
			}
			if _, err := socket.Receive(); err == nil || socket.SendText("late") == nil {
				t.Error("the WebSocket goes on")
			}
			if code := socket.Code(); code != 4001 {
				t.Errorf("the code is %d", code)
			}
		})
		socket := serve(t, baretest.HTTP1, app).WebSocket("/", nil)
		if got := socket.Text(); got != "bye" {
			t.Errorf("got %q", got)
		}
		if code := socket.Code(); code != 4001 || socket.Reason() != "logged out" {
			t.Errorf("closed with %d %q", code, socket.Reason())
		}
	})
}

func TestATextThatIsNotUTF8IsNotSent(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(func(request *bare.WebSocketRequest) {
			_ = request.WebSocket.Accept("", nil)
			if request.WebSocket.SendText("\xff") == nil {
				t.Error("sent")
			}
			_ = request.WebSocket.SendText("but this")
		})
		if got := serve(t, baretest.HTTP1, app).WebSocket("/", nil).Text(); got != "but this" {
			t.Errorf("got %q", got)
		}
	})
}

func TestMessagesAreCompressedWhenBothSidesWantIt(t *testing.T) {
	long := strings.Repeat("a long text ", 100)
	overHTTP1(t, func(t *testing.T) {
		offer := http.Header{"Sec-Websocket-Extensions": {"permessage-deflate; client_max_window_bits"}}
		app, _ := socketApp(echo)
		app.WebSocketOptions.Compression = true
		client := rawClient(t, serve(t, baretest.HTTP1, app), offer)
		if got := client.Response.Header["Sec-Websocket-Extensions"]; len(got) != 1 || !strings.HasPrefix(got[0], "permessage-deflate") {
			t.Fatalf("the extensions are %q", got)
		}
		var deflated bytes.Buffer
		writer, err := flate.NewWriter(&deflated, flate.DefaultCompression)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = writer.Write([]byte(long))
		_ = writer.Flush()
		payload := bytes.TrimSuffix(deflated.Bytes(), []byte{0, 0, 0xff, 0xff}) // RFC 7692, section 7.2.1
		sendFrames(t, client, wsclient.Frame{Final: true, Reserved: 4, Opcode: wsclient.Text, Payload: slices.Clone(payload)})
		frame, err := client.Receive()
		if err != nil || frame.Reserved != 4 || len(frame.Payload) >= len(long)/2 {
			t.Fatalf("got %+v (%v)", frame, err)
		}
		got, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(append(frame.Payload, 0, 0, 0xff, 0xff))), int64(len(long))))
		if string(got) != long {
			t.Errorf("got %q (%v)", got, err)
		}
	})
}

func TestNothingIsCompressedByDefault(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		app, _ := socketApp(echo)
		client := rawClient(t, serve(t, baretest.HTTP1, app), http.Header{"Sec-Websocket-Extensions": {"permessage-deflate"}})
		if got := client.Response.Header["Sec-Websocket-Extensions"]; got != nil {
			t.Errorf("the extensions are %q", got)
		}
	})
}

func TestAShortMessageDoesNotKeepTheRoomForALongOne(t *testing.T) {
	overHTTP1(t, func(t *testing.T) {
		var kept []bare.WebSocketMessage
		app, _, ends := ending(accepted(func(request *bare.WebSocketRequest) {
			kept = slices.Collect(request.WebSocket.Messages())
		}))
		client := rawClient(t, serve(t, baretest.HTTP1, app), nil)
		for i, size := range []int{60 << 10, 1, 2, 3, 300, 4, 5} {
			sendFrames(t, client, wsclient.Frame{Final: true, Opcode: wsclient.Binary, Payload: bytes.Repeat([]byte{byte(i)}, size)})
		}
		if err := client.SendClose(1000, ""); err != nil {
			t.Fatal(err)
		}
		<-ends
		for i, message := range kept {
			if size, room := len(message.Bytes), cap(message.Bytes); room > 2*size+16 {
				t.Errorf("the message %d has %d bytes, and room for %d", i, size, room)
			}
			if strings.Trim(string(message.Bytes), string(rune(i))) != "" {
				t.Errorf("the message %d was overwritten", i)
			}
		}
	})
}

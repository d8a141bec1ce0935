package main

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestTheHintsComeASecondBeforeThePage(t *testing.T) {
	t.Parallel()
	for protocol, want := range map[baretest.Protocol]string{baretest.HTTP1: "", baretest.H2C: link, baretest.HTTP2: link} {
		t.Run(protocol.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newApp())
				start := time.Now()
				var hint string
				trace := &httptrace.ClientTrace{Got1xxResponse: func(_ int, header textproto.MIMEHeader) error {
					hint = header.Get("Link")
					if early := time.Since(start); early >= time.Second {
						t.Errorf("the hints came after %v", early)
					}
					return nil
				}}
				request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, server.URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				stream := server.Do(request)
				if hint != want || stream.Response.Header.Get("Link") != link {
					t.Errorf("the hint is %q, want %q, and the response has %v", hint, want, stream.Response.Header)
				}
				if got := stream.Rest(); got != string(page) || time.Since(start) < time.Second {
					t.Errorf("after %v the page is %q", time.Since(start), got)
				}
			})
		})
	}
}

func TestThePageAsksForTheScriptThatIsHinted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if !strings.Contains(string(page), `src="click_handler.js"`) || !strings.HasPrefix(link, "<click_handler.js>") {
			t.Error("they are not the same")
		}
		stream := baretest.NewServer(t, newApp()).Get("/click_handler.js")
		if got := stream.Rest(); got != string(script) || stream.Response.Header.Get("Cache-Control") != "max-age=60" {
			t.Errorf("got %v %q", stream.Response.Header, got)
		}
	})
}

// Go's client refuses pushes, as browsers do, so this one speaks HTTP/2 by hand (RFC
// 9113, sections 3.4 and 6).
func TestTheScriptIsPushedToAClientThatTakesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := baretest.Config{Protocol: baretest.H2C}.NewServer(t, newApp()).Dial()
		defer conn.Close()
		const (
			settings = "\x00\x00\x00\x04\x00\x00\x00\x00\x00"           // none
			headers  = "\x00\x00\x07\x01\x05\x00\x00\x00\x01"           // on stream 1, which they end
			get      = "\x82\x86\x84" + /* GET, http, / */ "\x01\x02in" // and the authority
		)
		if _, err := io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+settings+headers+get); err != nil {
			t.Fatal(err)
		}
		promised := false
		var pushed strings.Builder
		for pushed.Len() < len(script) {
			kind, stream, payload := readFrame(t, conn)
			switch {
			case kind == 0x5 && stream == 1: // PUSH_PROMISE
				promised = binary.BigEndian.Uint32(payload) == 2
			case kind == 0x0 && stream == 2: // DATA
				pushed.Write(payload)
			case kind == 0x3, kind == 0x7: // RST_STREAM, GOAWAY
				t.Fatalf("the server refuses the request: %d %q", kind, payload)
			}
		}
		if !promised || pushed.String() != string(script) {
			t.Errorf("promised: %v, pushed: %q", promised, pushed.String())
		}
	})
}

func readFrame(t *testing.T, conn net.Conn) (kind byte, stream uint32, payload []byte) {
	t.Helper()
	head := make([]byte, 9)
	if _, err := io.ReadFull(conn, head); err != nil {
		t.Fatal(err)
	}
	payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	if _, err := io.ReadFull(conn, payload); err != nil {
		t.Fatal(err)
	}
	return head[3], binary.BigEndian.Uint32(head[5:]), payload
}

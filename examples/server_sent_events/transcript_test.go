package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http/httputil"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

const transcripts = "../../docs/tutorial/transcripts/"

// TestTranscript records what curl -N -i shows of three events and a Ctrl-C, and
// what the program prints meanwhile, and compares both with what the chapter has.
func TestTranscript(t *testing.T) {
	output := captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 21, 9, 0, 0, 0, time.Local)))
		conn := baretest.NewServer(t, newApp()).Dial()
		if _, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: localhost:9009\r\nAccept: */*\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		screen := "$ curl -N -i http://localhost:9009/events\n"
		reader := bufio.NewReader(conn)
		for line := ""; line != "\r\n"; {
			line = readLine(t, reader)
			if strings.HasPrefix(line, "Date: ") {
				line = "Date: Sat, 21 Nov 2026 09:00:00 GMT\n" // as in London
			}
			screen += strings.ReplaceAll(line, "\r", "")
		}
		body := bufio.NewReader(httputil.NewChunkedReader(reader))
		for range 3 * len([]string{"data", ""}) {
			screen += readLine(t, body)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		compare(t, "server-sent-events.txt", screen+"^C\n")
		compare(t, "server-sent-events.log.txt", output())
	})
}

// TestWire records a stream with two chunks at a time as the bytes of each write,
// with the time at which they came.
func TestWire(t *testing.T) {
	captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 21, 9, 0, 0, 0, time.Local)))
		conn := baretest.NewServer(t, only(nudged(testEvents))).Dial()
		start := time.Now()
		if _, err := io.WriteString(conn, "GET /events HTTP/1.1\r\nHost: localhost:9009\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		var wire strings.Builder
		buffer := make([]byte, 4096)
		for range 5 {
			n, err := conn.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			_, body, isHead := strings.Cut(string(buffer[:n]), "\r\n\r\n")
			head := "(the head) "
			if !isHead {
				head, body = "", string(buffer[:n])
			}
			fmt.Fprintf(&wire, "%.3f s   %s%s\n", time.Since(start).Seconds(), head, strings.Trim(strconv.Quote(body), `"`))
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		compare(t, "server-sent-events.wire.txt", wire.String())
	})
}

func readLine(t *testing.T, reader *bufio.Reader) string {
	t.Helper()
	line, err := reader.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// compare checks a transcript, or rewrites it when the tests run with -update.
func compare(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(transcripts+name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(transcripts + name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s\n(-update rewrites it)", name, got, want)
	}
}

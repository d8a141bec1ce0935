package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/http/httputil"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

var update = flag.Bool("update", false, "rewrite the transcripts")

const (
	transcripts = "../../docs/tutorial/transcripts/"
	sent        = `{"message": "hello"}`
)

// TestTranscript records what curl -N -i shows of three lines and a Ctrl-C, and
// what the program prints meanwhile, and compares both with what the chapter has.
func TestTranscript(t *testing.T) {
	output := captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)))
		conn := baretest.NewServer(t, newApp()).Dial()
		if _, err := fmt.Fprintf(conn, "POST /events HTTP/1.1\r\nHost: localhost:9009\r\nAccept: */*\r\n"+
			"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(sent), sent); err != nil {
			t.Fatal(err)
		}
		screen := "$ curl -N -i -H 'content-type: application/json' -d '" + sent + "' http://localhost:9009/events\n"
		reader := bufio.NewReader(conn)
		for line := ""; line != "\r\n"; {
			line = readLine(t, reader)
			screen += strings.ReplaceAll(line, "\r", "")
		}
		body := bufio.NewReader(httputil.NewChunkedReader(reader))
		for range 3 {
			screen += readLine(t, body)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		compare(t, "streaming-fetch.txt", screen+"^C\n")
		compare(t, "streaming-fetch.log.txt", output())
	})
}

// TestEachLineIsOneChunkOnTheWire is what the chapter's drawing shows.
func TestEachLineIsOneChunkOnTheWire(t *testing.T) {
	captureOutput(t)
	synctest.Test(t, func(t *testing.T) {
		conn := baretest.NewServer(t, newApp()).Dial()
		start := time.Now()
		if _, err := fmt.Fprintf(conn, "POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
			"Content-Length: %d\r\n\r\n%s", len(sent), sent); err != nil {
			t.Fatal(err)
		}
		reader := bufio.NewReader(conn)
		for readLine(t, reader) != "\r\n" { // the head
		}
		for i := range 3 {
			size := readLine(t, reader)
			if took := time.Since(start).Truncate(time.Second); took != time.Duration(i)*time.Second {
				t.Errorf("chunk %d came after %v", i, took)
			}
			line := readLine(t, reader)
			if want := fmt.Sprintf("%x\r\n", len(line)); size != want {
				t.Errorf("chunk %d has the size %q, want %q, that of one line", i, size, want)
			}
			if end := readLine(t, reader); end != "\r\n" {
				t.Errorf("chunk %d goes on with %q after its line", i, end)
			}
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func readLine(t *testing.T, reader *bufio.Reader) string {
	t.Helper()
	line, err := reader.ReadString('\n')
	if err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return line
}

// compare checks a transcript, or rewrites it when the tests run with -update.
func compare(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(transcripts+name, []byte(got), 0o644); err != nil {
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

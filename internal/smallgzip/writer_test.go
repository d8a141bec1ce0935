package smallgzip_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/internal/smallgzip"
)

// contents are what is easy and what is hard to compress.
func contents() map[string]string {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 40_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	var events, distances strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&events, "event: price\ndata: {\"symbol\":\"ACME\",\"price\":%d,\"time\":\"12:00:%02d\"}\n\n", i*37%101, i%60)
	}
	for i := range 3000 { // each match is a little farther behind, until it is too far
		distances.WriteString("abcd")
		distances.Write(noise[:i%300])
	}
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return map[string]string{
		"nothing":           "",
		"a byte":            "x",
		"four bytes":        "abcd",
		"each byte":         string(all),
		"one byte for long": strings.Repeat("x", 40_000),
		"a short period":    strings.Repeat("abc", 13_000),
		"events":            events.String(),
		"noise":             string(noise),
		"distances":         distances.String(),
		"half a window":     string(noise[:8192]) + string(noise[:8192]) + string(noise[:8193]),
	}
}

func TestWhatIsWrittenIsWhatIsDecoded(t *testing.T) {
	t.Parallel()
	for name, content := range contents() {
		for _, size := range []int{1, 7, 97, 8192, 40_000} {
			t.Run(fmt.Sprintf("%s in pieces of %d", name, size), func(t *testing.T) {
				t.Parallel()
				var encoded bytes.Buffer
				writer := smallgzip.New(&encoded)
				for rest := content; rest != ""; {
					piece := rest[:min(size, len(rest))]
					rest = rest[len(piece):]
					if n, err := io.WriteString(writer, piece); n != len(piece) || err != nil {
						t.Fatal(n, err)
					}
					if len(piece) > 50 || len(rest)%50 == 0 {
						if err := writer.Flush(); err != nil {
							t.Fatal(err)
						}
					}
				}
				if err := writer.Close(); err != nil {
					t.Fatal(err)
				}
				if got, err := decode(&encoded); got != content || err != nil {
					t.Errorf("%d bytes decode to %d (%v)", len(content), len(got), err)
				}
			})
		}
	}
}

func decode(encoded io.Reader) (string, error) {
	reader, err := gzip.NewReader(encoded)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(reader)
	return string(content), err
}

func TestEachFlushCanBeDecodedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, target := io.Pipe()
		event := func(i int) string { return fmt.Sprintf("data: %d of some\n\n", i) }
		go func() {
			writer := smallgzip.New(target)
			for i := range 1000 {
				_, _ = io.WriteString(writer, event(i))
				_ = writer.Flush()
				time.Sleep(time.Second)
			}
			_ = target.Close() // without an end
		}()
		start := time.Now()
		decoder, err := gzip.NewReader(source)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 1000 {
			got := make([]byte, len(event(i)))
			_, err := io.ReadFull(decoder, got)
			if late := time.Since(start) - time.Duration(i)*time.Second; string(got) != event(i) || err != nil || late != 0 {
				t.Fatalf("event %d is %q (%v), %v late", i, got, err, late)
			}
		}
		if rest, err := io.ReadAll(decoder); len(rest) > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the end is %q, %v", rest, err)
		}
	})
}

func TestEventsBecomeShort(t *testing.T) {
	t.Parallel()
	events := contents()["events"]
	var encoded bytes.Buffer
	writer := smallgzip.New(&encoded)
	for event := range strings.SplitAfterSeq(events, "\n\n") {
		_, _ = io.WriteString(writer, event)
		_ = writer.Flush()
	}
	if encoded.Len() > len(events)/3 {
		t.Errorf("%d bytes became %d", len(events), encoded.Len())
	}
}

func TestTheHeaderHasNoNameAndNoTime(t *testing.T) {
	t.Parallel()
	var encoded bytes.Buffer
	if err := smallgzip.New(&encoded).Flush(); err != nil {
		t.Fatal(err)
	}
	want := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}
	if got := encoded.Bytes()[:len(want)]; !bytes.Equal(got, want) {
		t.Errorf("the header is %x, want %x", got, want)
	}
}

func TestNoiseGrowsByLittle(t *testing.T) {
	t.Parallel()
	noise := contents()["noise"]
	var encoded bytes.Buffer
	writer := smallgzip.New(&encoded)
	_, _ = io.WriteString(writer, noise)
	_ = writer.Close()
	if grown := encoded.Len() - len(noise); grown > 60 {
		t.Errorf("%d bytes grow by %d", len(noise), grown)
	}
}

func TestAWriterIsUsedAgain(t *testing.T) {
	t.Parallel()
	writer := smallgzip.New(io.Discard)
	_, _ = io.WriteString(writer, "what was before")
	_ = writer.Flush()
	_, _ = io.WriteString(writer, strings.Repeat("what was not even flushed", 1000))
	var encoded bytes.Buffer
	writer.Reset(&encoded)
	_, _ = io.WriteString(writer, "what was before")
	_ = writer.Close()
	if got, err := decode(&encoded); got != "what was before" || err != nil {
		t.Errorf("got %q (%v)", got, err)
	}
}

func TestAWriterKeepsLittleOutput(t *testing.T) {
	t.Parallel()
	var noise [64 << 10]byte
	state := uint32(1)
	for i := range noise {
		state = state*1664525 + 1013904223
		noise[i] = byte(state >> 24)
	}
	writer := smallgzip.New(io.Discard)
	_, _ = writer.Write(noise[:])
	_ = writer.Flush()
	if kept := smallgzip.KeptOutput(writer); kept > 1<<10 {
		t.Errorf("%d bytes are kept for the next output", kept)
	}
}

func TestNothingIsSentBehindAnError(t *testing.T) {
	t.Parallel()
	target := &failingOnce{}
	writer := smallgzip.New(target)
	_, _ = io.WriteString(writer, "x")
	for range 3 {
		if err := writer.Flush(); !errors.Is(err, errFailing) {
			t.Errorf("got %v", err)
		}
	}
	if target.writes != 1 {
		t.Errorf("the target is written to %d times", target.writes)
	}
}

// failingOnce fails at its first write only.
type failingOnce struct{ writes int }

func (f *failingOnce) Write(piece []byte) (int, error) {
	if f.writes++; f.writes == 1 {
		return 0, errFailing
	}
	return len(piece), nil
}

type failing struct{}

var errFailing = errors.New("failing")

func (failing) Write([]byte) (int, error) { return 0, errFailing }

func TestTheErrorOfTheTargetIsReturnedFromThenOn(t *testing.T) {
	t.Parallel()
	writer := smallgzip.New(failing{})
	if _, err := io.WriteString(writer, "x"); err != nil {
		t.Errorf("a write that is kept fails with %v", err)
	}
	_, writing := io.WriteString(writer, strings.Repeat("x", 100_000))
	for _, err := range []error{writing, writer.Flush(), writer.Close()} {
		if !errors.Is(err, errFailing) {
			t.Errorf("got %v", err)
		}
	}
}

// FuzzWriter holds the writer against the standard library's decoder.
func FuzzWriter(f *testing.F) {
	f.Add([]byte("abcabcabcabc"), uint16(3))
	f.Add(bytes.Repeat([]byte("event: x\n"), 300), uint16(100))
	f.Fuzz(func(t *testing.T, content []byte, size uint16) {
		var encoded bytes.Buffer
		writer := smallgzip.New(&encoded)
		for range 2 { // the content again, so that there is something to find far behind
			for rest := content; len(rest) > 0; {
				piece := rest[:min(int(size)+20, len(rest))]
				rest = rest[len(piece):]
				_, _ = writer.Write(piece)
				_ = writer.Flush()
			}
			_, _ = writer.Write(content)
		}
		_ = writer.Close()
		if got, err := decode(&encoded); got != strings.Repeat(string(content), 4) || err != nil {
			t.Errorf("%d bytes decode to %d (%v)", len(content), len(got), err)
		}
	})
}

func BenchmarkEvent(b *testing.B) {
	writer := smallgzip.New(io.Discard)
	event := []byte("event: price\ndata: {\"symbol\":\"ACME\",\"price\":1234,\"time\":\"12:00:00\"}\n\n")
	b.ReportAllocs()
	for b.Loop() {
		_, _ = writer.Write(event)
		_ = writer.Flush()
	}
}

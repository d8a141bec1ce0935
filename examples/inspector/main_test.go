package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// look is what the page is told, as far as this test wants to know.
type look struct {
	Open, Blocked int
	Streams       []struct {
		ID      int
		Path    string
		Lag     string
		Blocked int
	}
}

// served runs the example on the loopback interface: nobody else may inspect it.
func served(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	server := bare.Server{Listener: listener}
	go func() { ended <- server.Run(t.Context(), newApp()) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

func open(t *testing.T, address string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestTheInspectorShowsTheStreamsAndEndsThem(t *testing.T) {
	address := served(t)
	clock := open(t, address+"/clock")
	for _, path := range []string{"/prices", "/report", "/download"} {
		open(t, address+path) // not read: the download blocks
	}
	page := open(t, address+"/inspect/events")
	decode := func() (now look) {
		t.Helper()
		buffer := make([]byte, 64<<10)
		for text := ""; ; {
			n, err := page.Body.Read(buffer)
			if err != nil {
				t.Fatal(err)
			}
			text += string(buffer[:n])
			if _, rest, ok := strings.Cut(text, "event: look\ndata: "); ok && strings.Contains(rest, "\n\n") {
				data, _, _ := strings.Cut(rest, "\n\n")
				if err := json.Unmarshal([]byte(data), &now); err != nil {
					t.Fatal(err)
				}
				return now
			}
		}
	}
	now := decode()
	for deadline := time.Now().Add(time.Minute); now.Blocked == 0 || len(now.Streams) < 5; now = decode() {
		if time.Now().After(deadline) {
			t.Fatalf("it never showed all streams: %+v", now)
		}
	}
	for _, stream := range now.Streams {
		if stream.Path == "/prices" && stream.Lag == "" || stream.Path == "/download" && stream.Blocked == 0 {
			t.Errorf("a stream is shown as %+v", stream)
		}
		if stream.Path != "/clock" {
			continue
		}
		end, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address+"/inspect/streams/"+strconv.Itoa(stream.ID)+"/end", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultTransport.RoundTrip(end)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusNoContent {
			t.Errorf("the button is answered with %s", response.Status)
		}
	}
	buffer := make([]byte, 1000)
	for {
		if _, err := clock.Body.Read(buffer); err != nil {
			return // it was ended
		}
	}
}

func TestThePageIsServed(t *testing.T) {
	want, err := os.ReadFile("inspector.html")
	if err != nil {
		t.Fatal(err)
	}
	server := baretest.NewServer(t, newApp())
	if got := server.Get("/").Rest(); got != string(want) {
		t.Errorf("got %q", got)
	}
	if got := server.Get("/inspect").Response.StatusCode; got != http.StatusForbidden {
		t.Errorf("who is not local gets %d", got)
	}
}

package main

import (
	"bufio"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAWordCrossesARealNetwork(t *testing.T) {
	app := newApp(breaking)
	app.Logger = slog.New(slog.DiscardHandler)
	server := httptest.NewServer(app)
	defer server.Close()
	response, err := http.Post(server.URL+"/answers", "text/plain", strings.NewReader("Well?"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "data:") {
		continue // a comment comes first
	}
	if got := lines.Text(); got != "data: Well," {
		t.Errorf("got %q (%v)", got, lines.Err())
	}
}

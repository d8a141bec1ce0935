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
	got, err := bufio.NewReader(response.Body).ReadString('\n')
	if err != nil || got != "data: Well,\n" {
		t.Errorf("got %q (%v)", got, err)
	}
}

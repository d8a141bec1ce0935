package main

import (
	"bufio"
	"compress/gzip"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

func TestACompressedEventComesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := baretest.NewServer(t, newApp())
		request, err := http.NewRequest(http.MethodGet, server.URL+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", "gzip")
		start := time.Now()

		plain, err := gzip.NewReader(server.Do(request).Response.Body)
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(plain).ReadString('\n')
		if line != "data: event 1\n" || err != nil || time.Since(start) > time.Millisecond {
			t.Errorf("got %q (%v) after %v", line, err, time.Since(start))
		}
	})
}

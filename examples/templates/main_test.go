package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bare-go/bare/baretest"
)

// eachProtocol runs a test against the example, over every protocol.
func eachProtocol(t *testing.T, test func(t *testing.T, server *baretest.Server)) {
	t.Helper()
	for _, protocol := range baretest.Protocols() {
		t.Run(protocol.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(t, baretest.Config{Protocol: protocol}.NewServer(t, newApp()))
			})
		})
	}
}

func TestTheFirstPageIsWhole(t *testing.T) {
	eachProtocol(t, func(t *testing.T, server *baretest.Server) {
		stream := server.Get("/")
		got := stream.Rest()
		for _, part := range []string{"<title>The Ipcress File</title>", "<li>Michael Caine as Harry Palmer</li>", "<li>Nigel Green as Major &lt;Dalby&gt;</li>", "</html>\n"} {
			if !strings.Contains(got, part) {
				t.Errorf("the page is\n%s, want %q in it", got, part)
			}
		}
		if stream.Response.ContentLength != int64(len(got)) {
			t.Errorf("the length is %d", stream.Response.ContentLength)
		}
	})
}

// docs:start test
func TestARowOfTheReportIsSentWhenItIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := baretest.NewServer(t, newApp()).Get("/report")
		started := time.Now()
		var seen []time.Duration
		for line := stream.Line(); line != ""; line = stream.Line() {
			if strings.Contains(line, "<li>") {
				seen = append(seen, time.Since(started).Round(time.Millisecond))
			}
		}
		if len(seen) != 3 || seen[0] != time.Second || seen[2] != 3*time.Second {
			t.Errorf("the rows came after %v, want 1s, 2s and 3s", seen)
		}
	})
}

// docs:end test

func TestTheReportEndsWhenItsReaderLeaves(t *testing.T) {
	eachProtocol(t, func(t *testing.T, server *baretest.Server) {
		stream := server.Get("/report")
		if got := stream.Next(); !strings.Contains(got, "<title>The report</title>") {
			t.Errorf("the first part is\n%s", got)
		}
		stream.Close()
	})
}

func TestThePagesOnDiskAreThoseInTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := baretest.NewServer(t, newDevelopmentApp()).Get("/").Rest()
		if want := baretest.NewServer(t, newApp()).Get("/").Rest(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

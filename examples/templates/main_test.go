package main

import (
	"strings"
	"testing"
	"testing/synctest"

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

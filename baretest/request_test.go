package baretest_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestARequestsBodyIsReadChunkByChunkAndOnce(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	tests := []struct {
		name string
		body io.Reader
		text string
		err  error // of the first reader
		then error // of the second
	}{
		{"none", nil, "", nil, nil},
		{"a body longer than a buffer", strings.NewReader(strings.Repeat("x", 100_000)), strings.Repeat("x", 100_000), nil, bare.ErrBodyConsumed},
		{"a body that fails", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), "half", broken, bare.ErrBodyConsumed},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := baretest.NewRequest("POST", "/", test.body)
			for reader, want := range []error{test.err, test.then} {
				text := ""
				var failure error
				for chunk, err := range request.Body {
					text, failure = text+string(chunk), err
				}
				if reader == 0 && text != test.text {
					t.Errorf("got %d bytes, want %d", len(text), len(test.text))
				}
				if !errors.Is(failure, want) {
					t.Errorf("reader %d got the error %v, want %v", reader+1, failure, want)
				}
			}
		})
	}
}

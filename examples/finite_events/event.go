package main

import (
	"net/http"
	"strings"

	"github.com/bare-go/bare"
)

// docs:start format

// poisonPill is the data of the message that ends a stream. No other message may
// consist of it.
const poisonPill = "[DONE]"

// formatMessage encodes a message: a data field for each line, and an empty line
// that dispatches it. A line ends where an EventSource sees an end: at CR, at LF,
// and at both together. So no text, wherever it comes from, begins a field of its
// own.
func formatMessage(data string) []byte {
	data = strings.ReplaceAll(data, "\r\n", "\n")
	data = strings.ReplaceAll(data, "\r", "\n")
	return []byte("data: " + strings.ReplaceAll(data, "\n", "\ndata: ") + "\n\n")
}

// formatEvent encodes an event that has a name. A name is one line: what would end
// it is refused.
func formatEvent(name, data string) ([]byte, error) {
	if strings.ContainsAny(name, "\r\n\x00") {
		return nil, &bare.HttpError{
			Status:  http.StatusBadRequest,
			Message: "The name of an event is one line of text.",
		}
	}
	return append([]byte("event: "+name+"\n"), formatMessage(data)...), nil
}

// docs:end format

package main

import (
	"strings"

	"github.com/bare-go/bare"
)

// poisonPill is the data of the message that ends a stream. No other message may
// consist of it.
const poisonPill = "[DONE]"

// formatMessage encodes a message: a data field for each line, and an empty line
// that dispatches it. A line ends at CR, at LF, and at both together, so a text
// cannot begin a field of its own.
func formatMessage(data string) []byte {
	data = strings.ReplaceAll(data, "\r\n", "\n")
	data = strings.ReplaceAll(data, "\r", "\n")
	return []byte("data: " + strings.ReplaceAll(data, "\n", "\ndata: ") + "\n\n")
}

// formatEvent encodes an event that has a name. The name must be one line.
func formatEvent(name, data string) ([]byte, error) {
	if strings.ContainsAny(name, "\r\n\x00") {
		return nil, &bare.HttpError{Status: 400, Message: "The name of an event is one line of text."}
	}
	return append([]byte("event: "+name+"\n"), formatMessage(data)...), nil
}

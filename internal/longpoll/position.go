package longpoll

import (
	"net/http"
	"net/url"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/eventlog"
)

// A Position is where a reader begins. The zero value is the beginning.
type Position struct {
	// Given says that the client has named one.
	Given bool
	// Now says that it is the tail, whatever that is; After is zero then.
	Now bool
	// After is the offset that the reader had everything through. The zero offset
	// is the beginning.
	After eventlog.Offset
}

// String is the position's only spelling: "-1", "now" or an offset.
func (p Position) String() string {
	switch {
	case p.Now:
		return "now"
	case p.After.IsZero():
		return "-1"
	}
	return p.After.String()
}

// ParsePosition reads the parameter "offset" of a query (section 8). None is the
// beginning. It fails with a [bare.HttpError] with status 400.
func ParsePosition(query url.Values) (Position, error) {
	given, ok := query["offset"]
	if !ok {
		return Position{}, nil
	}
	if len(given) > 1 {
		return Position{}, badPosition("The parameter offset may be given only once.", nil)
	}
	switch given[0] {
	case "-1":
		return Position{Given: true}, nil
	case "now":
		return Position{Given: true, Now: true}, nil
	}
	after, err := eventlog.ParseOffset(given[0])
	if err != nil {
		return Position{}, badPosition("The parameter offset is not an offset of a stream.", err)
	}
	return Position{Given: true, After: after}, nil
}

func badPosition(message string, err error) error {
	return &bare.HttpError{Status: http.StatusBadRequest, Message: message, Err: err}
}

package durable

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bare-go/bare/eventlog"
)

// A config is what the attributes of a stream's log hold: what it was created with,
// and who needs it. It changes under the revision of the attributes.
type config struct {
	// ID is the stream's own, so that another one under its name is told apart, also
	// where a fork has the epoch of its source.
	ID string `json:"id"`
	// Type is the content type, as it was given.
	Type string `json:"type"`
	// TTL is the sliding window in seconds; nil means none.
	TTL *int64 `json:"ttl,omitempty"`
	// Expires is the absolute end, as it was given; empty means none.
	Expires string `json:"expires,omitempty"`
	// Fork is where the stream comes from; nil if it is none.
	Fork *origin `json:"fork,omitempty"`
	// References counts the forks that read from this stream.
	References int `json:"references,omitempty"`
	// Gone says that the stream has been deleted, or has expired, while there were
	// forks of it: only they see it (section 4.2, "Soft-delete and lifecycle").
	Gone bool `json:"gone,omitempty"`

	end time.Time // what Expires says
}

// An origin is the place at which a fork has left its source.
type origin struct {
	Name string `json:"name"`
	// Epoch and Seq are the offset through which the fork has its source's records.
	Epoch uint64 `json:"epoch"`
	Seq   uint64 `json:"seq"`
	// Start says that the beginning was asked for, whatever its offset was.
	Start bool `json:"start,omitempty"`
	// Part is how much of the source's next record the fork began with: bytes, or
	// messages of JSON. They have been copied into the fork's first record.
	Part int `json:"part,omitempty"`
	// Depth is the number of sources behind each other.
	Depth int `json:"depth"`
}

func (o *origin) offset() eventlog.Offset { return eventlog.Offset{Epoch: o.Epoch, Seq: o.Seq} }

// newID names a stream for as long as anybody may remember it.
func newID() string { return rand.Text() }

func (c *config) encode() []byte {
	text, err := json.Marshal(c)
	if err != nil { // texts and numbers always can be encoded
		panic(err) //nolint:forbidigo // it cannot come to this
	}
	return text
}

// decodeConfig reads attributes. A log that has others is none of this package's.
func decodeConfig(attributes []byte) (config, error) {
	var c config
	if err := json.Unmarshal(attributes, &c); err != nil {
		return c, fmt.Errorf("durable: the log's attributes are not those of a stream: %w", err)
	}
	if c.ID == "" || c.Type == "" {
		return c, fmt.Errorf("durable: the log's attributes are not those of a stream")
	}
	if c.Expires != "" {
		end, err := time.Parse(time.RFC3339, c.Expires)
		if err != nil {
			return c, fmt.Errorf("durable: the log's attributes: %w", err)
		}
		c.end = end
	}
	return c, nil
}

// expires reports whether the stream ends by itself.
func (c *config) expires() bool { return c.TTL != nil || !c.end.IsZero() }

// deadline returns when the stream ends if it was last used at the given time.
func (c *config) deadline(used time.Time) time.Time {
	if c.TTL != nil {
		return used.Add(time.Duration(min(*c.TTL, maxTTL)) * time.Second)
	}
	return c.end
}

// maxTTL is for ever, as far as a [time.Duration] reaches: a hundred years.
const maxTTL = 100 * 365 * 24 * 3600

// sameLifetime reports whether another stream was asked to live as long.
func (c *config) sameLifetime(other *config) bool {
	if (c.TTL == nil) != (other.TTL == nil) || c.TTL != nil && *c.TTL != *other.TTL {
		return false
	}
	return c.end.Equal(other.end)
}

// Package conn is a placeholder.
package conn

import (
	"context"
	"time"
)

type Conn struct{}

func From(context.Context) *Conn { return nil }
func (*Conn) Stalled() bool      { return false }
func (*Conn) Departed() bool     { return false }
func (*Conn) Waited() time.Time  { return time.Time{} }

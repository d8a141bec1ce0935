package bare

import "time"

// Matches holds the variables that a route found in a path.
type Matches struct{}

// Get returns a variable.
func (Matches) Get(string) any { return nil }

// Int returns a variable.
func (Matches) Int(string) int64 { return 0 }

// String returns a variable.
func (Matches) String(string) string { return "" }

// Float returns a variable.
func (Matches) Float(string) float64 { return 0 }

// Time returns a variable.
func (Matches) Time(string) time.Time { return time.Time{} }

// Route returns the pattern.
func (Matches) Route() string { return "" }

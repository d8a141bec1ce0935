package bare

import (
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/bare-go/bare/internal/routing"
)

// Matches holds the variables that a route found in a path. It is a small
// value: copy it, keep it, share it between goroutines; nothing changes it. The
// zero value has no variables.
//
// A variable has the type that the route's pattern gives it:
//
//	{name} {name:str} {name:path}        string
//	{name:int}                           int64
//	{name:float}                         float64
//	{name:datetime} {name:datetime:%Y}   time.Time
//
// The methods that are called for a type return its zero value when there is no
// such variable or it has another type: String of an int variable is "".
type Matches struct {
	match routing.Match
}

// NewMatches makes a Matches from names and values in turn, for an [HttpRouter]
// of your own and for tests:
//
//	bare.NewMatches("id", 42, "name", "fred")
//
// Integers of any type become int64 and float32 becomes float64, so that
// [Matches.Int] and [Matches.Float] find them. It panics when a value is
// missing, a name is no string or is there twice, or an integer is beyond
// int64.
func NewMatches(pairs ...any) Matches {
	if len(pairs)%2 != 0 {
		panic("bare: NewMatches: the last name has no value") //nolint:forbidigo // a programmer's error
	}
	names := make([]string, 0, len(pairs)/2)
	values := make([]any, 0, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			panic(fmt.Sprintf("bare: NewMatches: the name %v is no string", pairs[i])) //nolint:forbidigo // a programmer's error
		}
		if slices.Contains(names, name) {
			panic(fmt.Sprintf("bare: NewMatches: the name %q is there twice", name)) //nolint:forbidigo // a programmer's error
		}
		names = append(names, name)
		values = append(values, widen(name, pairs[i+1]))
	}
	return Matches{match: routing.NewMatch(names, values)}
}

// widen gives a value the type that the methods of Matches look for.
func widen(name string, value any) any {
	switch v := reflect.ValueOf(value); {
	case !v.IsValid():
		return nil
	case v.CanInt() && v.Type().PkgPath() == "":
		return v.Int()
	case v.CanUint() && v.Type().PkgPath() == "":
		if v.Uint() > math.MaxInt64 {
			panic(fmt.Sprintf("bare: NewMatches: %q is beyond int64: %d", name, value)) //nolint:forbidigo // a programmer's error
		}
		return int64(v.Uint()) //nolint:gosec // checked above
	case v.Kind() == reflect.Float32:
		return v.Float()
	}
	return value
}

// Route returns the pattern of the route that matched, as it was given to
// [HttpRouter.Add]; "" when there is none. Logs and metrics want it in place of
// the path: there are few patterns, and any number of paths.
func (m Matches) Route() string { return m.match.Route() }

// Get returns the variable called name: a string, an int64, a float64 or a
// [time.Time]; nil when there is none.
func (m Matches) Get(name string) any { return m.match.Get(name) }

// String returns the variable called name, if it is a string.
func (m Matches) String(name string) string { return m.match.String(name) }

// Int returns the variable called name, if it is an int64.
func (m Matches) Int(name string) int64 { return m.match.Int(name) }

// Float returns the variable called name, if it is a float64.
func (m Matches) Float(name string) float64 { return m.match.Float(name) }

// Time returns the variable called name, if it is a [time.Time]. It is in UTC
// unless the path gave an offset.
func (m Matches) Time(name string) time.Time { return m.match.Time(name) }

// All yields the names and the values, as [Matches.Get] returns them, from left
// to right. It may be used any number of times.
func (m Matches) All() iter.Seq2[string, any] { return m.match.All() }

package bare

// Matches holds the variables that a route found in a path.
type Matches struct{}

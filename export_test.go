package bare

// What the tests need of the inside.
var (
	LimitUnacknowledged = limitUnacknowledged
	IsToken             = isToken
	IsFieldValue        = isFieldValue
)

// Package logtest judges implementations of [eventlog.Log] and [eventlog.Logs].
//
// It holds what their documentation promises, a case a promise. Whoever writes a log
// runs it in a test:
//
//	func TestLog(t *testing.T) {
//		logtest.Test(t, logtest.LogOptions{
//			Open: func(tb testing.TB) eventlog.Log { return newLog(tb) },
//		})
//	}
//
// What not every log does, such as retention, is judged if the options have a
// function that opens a log which does it.
//
// The cases go over the public methods only, each with a log of its own, and may be
// run with the race detector. They wait for a log that works elsewhere, as a database
// does, but not for longer than [LogOptions.Patience], and they never take the
// absence of something within a time for its absence.
package logtest

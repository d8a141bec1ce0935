// Package inspect serves a page that shows the streams of an application: which are
// open, what each has sent and when, which client blocks its stream and for how long,
// and how the last ones have ended. A button ends one.
//
//	app := bare.NewApplication()
//	inspect.Inspector{}.Serve(app, "/inspect")
//
// The page is a stream itself, of server-sent events, once a second. While nobody looks
// nothing is computed. Two numbers for each route are counted, and the last 200 ends are
// kept. However many streams there are, and however many look at them, a look goes
// through them once a second, and the page shows the first of them, by age, bytes,
// silence or the time that they have been blocked.
//
// # Who may look
//
// The page shows paths and addresses, and ends streams. So it is only for requests that
// come from the same machine, as a browser sends them: see [Local]. [Inspector.Allow]
// decides otherwise. Queries, headers and bodies are never shown.
//
// # What is a stream
//
// The streams are those of [bare.Application.Streams], and all of its figures are
// defined in [bare.Stream]. What [bare.HttpRequest.Describe] adds is shown beside them. A
// subscriber of package topic tells how many bytes it is behind.
package inspect

// Package inspect serves a page that shows the streams of an application: which are
// open, what each has sent and when, which client blocks its stream and for how long,
// and how the last ones have ended. A button ends one.
//
//	app := bare.NewApplication()
//	inspect.Inspector{}.Serve(app, "/inspect")
//
// The page is a stream itself, of server-sent events, once a second. While nobody looks
// nothing is computed. Two numbers for each route are counted, and the last 200 ends are
// kept. The page shows the first of the streams, by age, chunks, bytes, silence or the time
// that they have been blocked. All streams are gone through once a second for each of these
// orders that is in use, however many look at the page.
//
// # Who may look
//
// The page shows paths and addresses, and ends streams. So it is only for requests that
// come from the same machine, as a browser sends them: see [Local], and its exception for
// proxies on this machine. [Inspector.Allow] decides otherwise. Queries, headers and bodies are never shown.
//
// # What is a stream
//
// The streams are those of [bare.Application.Streams], and all of its figures are
// defined in [bare.Stream]. What [bare.HttpRequest.Describe] adds is shown beside them. A
// subscriber of package topic tells how many bytes it is behind.
package inspect

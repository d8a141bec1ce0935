// Package static serves files: pages, scripts, pictures, downloads.
//
// One line serves a folder:
//
//	static.Files{Folder: "public"}.Serve(app, "/static")
//
// A request for /static/style.css is then answered with public/style.css. The files
// can also be in the program itself:
//
//	//go:embed public
//	var public embed.FS
//
//	static.Files{FS: public, Folder: "public"}.Serve(app, "/")
//
// # Answers
//
// A file is answered as [http.FileServerFS] does it: with its content type, ranges, and
// conditional requests (RFC 9110, sections 13 and 14). A folder is answered with its
// index.html, and folders are never listed. A path that ends in /index.html is
// redirected to its folder, and a slash at the end of a path is added or dropped by a
// redirect, as relative links depend on it.
//
// Everything else is the application's: a path that has no file is its 404, which its
// middlewares and OnError see, and a method other than GET and HEAD its 405.
//
// A file is a body like any other. It is read as the client takes it, a buffer at a
// time, a client that stalls is cut, and a file that turns out shorter than it was
// never looks complete. A stop of the server lets a download go on for the grace.
//
// # Caches
//
// Each file has an entity tag, with which a browser asks whether it has changed. That
// of an embedded file is made of its content when the application starts, and so is
// the same on each of several servers. That of a file on disk is made of the time of
// its last change and its size, and is weak in the first two seconds after a change
// (RFC 9110, section 8.8.2.2).
//
// Browsers guess how long they may use a file without asking. [Files.CacheControl]
// tells them. For names that change with the content, such as those that bundlers make,
// there is [Immutable].
//
// # Compressed files
//
// With [Files.Precompressed], app.js.br and app.js.gz are sent in the place of app.js
// to clients that accept them, as they are. Other files are compressed while they are
// served if the application has a [bare.Compression].
//
// # What is not served
//
// Nothing outside of the folder is reached, by .. or by a symbolic link: see [os.Root].
// Everything inside is served, also names that begin with a dot, unless [Files.Hide] is
// set. Named pipes and devices are not opened.
package static

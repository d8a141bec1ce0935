module github.com/bare-go/bare/ext/compress

go 1.26

require (
	github.com/andybalholm/brotli v1.2.8
	github.com/bare-go/bare v0.0.0
	github.com/klauspost/compress v1.20.3
)

require (
	github.com/coder/websocket v1.8.15 // indirect
	github.com/itchyny/timefmt-go v0.1.9 // indirect
	github.com/julienschmidt/httprouter v1.3.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
)

replace github.com/bare-go/bare => ../..

module github.com/bare-go/bare/browsertest

go 1.26

require (
	github.com/bare-go/bare v0.0.0
	github.com/bare-go/bare/ext/compress v0.0.0
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.22.1
)

require (
	github.com/andybalholm/brotli v1.2.8 // indirect
	github.com/coder/websocket v1.8.15 // indirect
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	github.com/itchyny/timefmt-go v0.1.9 // indirect
	github.com/julienschmidt/httprouter v1.3.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	golang.org/x/sys v0.46.0 // indirect
)

replace (
	github.com/bare-go/bare => ../
	github.com/bare-go/bare/ext/compress => ../ext/compress
)

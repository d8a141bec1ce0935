module github.com/bare-go/bare

go 1.26

require (
	github.com/coder/websocket v1.8.15
	github.com/itchyny/timefmt-go v0.1.9
	github.com/julienschmidt/httprouter v1.3.0
)

require golang.org/x/sys v0.46.0

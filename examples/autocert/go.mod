module github.com/bare-go/bare/examples/autocert

go 1.26

require (
	github.com/bare-go/bare v0.0.0
	golang.org/x/crypto v0.53.0
)

require (
	github.com/coder/websocket v1.8.15 // indirect
	github.com/itchyny/timefmt-go v0.1.9 // indirect
	github.com/julienschmidt/httprouter v1.3.0 // indirect
	golang.org/x/net v0.55.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
	golang.org/x/text v0.38.0 // indirect
)

replace github.com/bare-go/bare => ../..

// Controller_classes has handlers that are methods of a type, with what they share.
//
//	go run ./examples/controller_classes
//	curl http://localhost:9009/info
//	curl -H 'content-type: application/json' -d '{"rank": "Sergeant"}' http://localhost:9009/info
//	curl http://localhost:9009/info

// docs:start program
package main

import (
	"maps"
	"sync"

	"github.com/bare-go/bare"
)

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	app := bare.NewApplication()
	controller := newInfoController(map[string]string{"name": "Michael Caine"})
	controller.addRoutes(app)
	return app
}

// An infoController has some facts, and the handlers that read and change them.
type infoController struct {
	mutex sync.RWMutex
	facts map[string]string // under the mutex
}

func newInfoController(facts map[string]string) *infoController {
	return &infoController{facts: maps.Clone(facts)}
}

func (c *infoController) addRoutes(app *bare.Application) {
	app.HttpRouter.Add(bare.Methods{"GET"}, "/info", c.getInfo)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/info", c.setInfo)
}

func (c *infoController) getInfo(*bare.HttpRequest) bare.HttpResponse {
	c.mutex.RLock()
	defer c.mutex.RUnlock()
	return bare.JSONResponse(200, c.facts) // which encodes them at once
}

func (c *infoController) setInfo(request *bare.HttpRequest) bare.HttpResponse {
	var facts map[string]string
	if err := request.JSON(&facts); err != nil { // before the lock: a client may be slow
		return bare.ErrorResponse(err)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	maps.Copy(c.facts, facts)
	return bare.HttpResponse{Status: 204}
}

// docs:end program

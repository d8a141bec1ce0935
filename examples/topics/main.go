// Topics shows a vote about lunch to any number of pages, which all see each vote
// at once. Run it, and open http://localhost:9009/ in two windows:
//
//	go run ./examples/topics

// docs:start program
package main

import (
	_ "embed"
	"maps"
	"sync"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/topic"
)

//go:embed topics.html
var page []byte

func main() {
	bare.Main(newApp(), "localhost:9009")
}

func newApp() *bare.Application {
	p := &poll{
		votes:  map[string]int{"pizza": 0, "salad": 0, "sushi": 0},
		events: topic.New(topic.Options{}),
	}
	app := bare.NewApplication()
	app.HttpRouter.Add(bare.Methods{"GET"}, "/", index)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/votes", p.show)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/votes/{dish}", p.vote)
	app.HttpRouter.Add(bare.Methods{"GET"}, "/events", p.events.Handle)
	return app
}

func index(*bare.HttpRequest) bare.HttpResponse {
	return bare.BytesResponse(200, "text/html; charset=utf-8", page)
}

// A poll counts votes, and tells its topic about each of them.
type poll struct {
	mutex  sync.Mutex
	votes  map[string]int
	events *topic.Topic
}

// A tally is the data of an event: how many votes a dish has now.
type tally struct {
	Dish  string `json:"dish"`
	Votes int    `json:"votes"`
}

// A state is what a page begins with, and the position at which its stream begins.
type state struct {
	Votes map[string]int `json:"votes"`
	After string         `json:"after"`
}

func (p *poll) show(request *bare.HttpRequest) bare.HttpResponse {
	var now state
	after, err := p.events.Cursor(request.Context()) // before the votes are read
	if err != nil {
		return bare.ErrorResponse(err)
	}
	now.After = after.String()
	p.mutex.Lock()
	now.Votes = maps.Clone(p.votes)
	p.mutex.Unlock()
	return bare.JSONResponse(200, now).WithHeader("cache-control", "no-store")
}

func (p *poll) vote(request *bare.HttpRequest) bare.HttpResponse {
	dish := request.Matches.String("dish")
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if _, ok := p.votes[dish]; !ok {
		return bare.TextResponse(404, "There is no such dish.\n")
	}
	p.votes[dish]++ // before it is published
	event, err := topic.JSON("tally", dish, tally{Dish: dish, Votes: p.votes[dish]})
	if err != nil {
		return bare.ErrorResponse(err)
	}
	if _, err := p.events.Publish(request.Context(), event); err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.HttpResponse{Status: 204}
}

// docs:end program

package main

import "github.com/bare-go/bare"

// The functions here are what the program has after each of the changes that the
// chapter shows.

// docs:start typed
func setInfoOfAPerson(request *bare.HttpRequest) bare.HttpResponse {
	var changes person
	if err := request.JSON(&changes); err != nil {
		return bare.ErrorResponse(err)
	}
	request.Info.Set("name", changes.Name)
	return bare.HttpResponse{Status: 204}
}

// docs:end typed

// docs:start person
// A person is what a client sends.
type person struct {
	Name string `json:"name"`
}

// Validate is called by request.JSON.
func (p person) Validate() error {
	if p.Name == "" {
		return &bare.HttpError{Status: 422, Message: "The name is missing."}
	}
	return nil
}

// docs:end person

// docs:start limited
func newLimitedApp() *bare.Application {
	app := bare.NewApplication()
	app.OnError = problem
	app.ReadLimit = 1 << 10
	app.Info.Set("name", "Michael Caine")
	app.HttpRouter.Add(bare.Methods{"GET"}, "/info", getInfo)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/info", setInfo)
	return app
}

// docs:end limited

// docs:start grouped
func newGroupedApp() *bare.Application {
	app := bare.NewApplication()
	app.OnError = problem
	app.Info.Set("name", "Michael Caine")
	api := app.Group("/api/v1")
	api.Add(bare.Methods{"GET"}, "/info", getInfo)
	api.Add(bare.Methods{"POST"}, "/info", setInfo)
	return app
}

// docs:end grouped

func newPersonApp() *bare.Application {
	app := bare.NewApplication()
	app.OnError = problem
	app.HttpRouter.Add(bare.Methods{"POST"}, "/info", setInfoOfAPerson)
	return app
}

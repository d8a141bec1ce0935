package code

import "github.com/bare-go/bare"

// docs:start usage
func newInfoApp() *bare.Application {
	app := bare.NewApplication()
	app.Info.Set("name", "Michael Caine")
	app.HttpRouter.Add(bare.Methods{"GET"}, "/info", getInfo)
	app.HttpRouter.Add(bare.Methods{"POST"}, "/info", setInfo)
	return app
}

func getInfo(request *bare.HttpRequest) bare.HttpResponse {
	return bare.JSONResponse(200, map[string]any{"name": request.Info.Get("name")})
}

func setInfo(request *bare.HttpRequest) bare.HttpResponse {
	var info struct {
		Name string `json:"name"`
	}
	if err := request.JSON(&info); err != nil {
		return bare.ErrorResponse(err) // 415 for another content type, 400 for bad JSON
	}
	request.Info.Set("name", info.Name)
	return bare.HttpResponse{Status: 204}
}

// docs:end usage

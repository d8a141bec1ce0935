// Todo is a small whole service: a list for each user, a login, and uploads whose progress
// another stream shows. Its counterpart in the folder echo does the same on Echo, and the
// tests of both are those of the package todotest. Run it with
//
//	go run ./examples/todo
//
// and open http://localhost:9009. The user is ada, and her password is lovelace.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/alexedwards/scs/v2"
	"github.com/rs/cors"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/examples/todo/page"
	"github.com/bare-go/bare/examples/todo/store"
	"github.com/bare-go/bare/sse"
	"github.com/bare-go/bare/static"
)

func main() {
	data, err := store.New(map[string]string{"ada": "lovelace"}, store.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sessions := scs.New()
	sessions.Cookie.Secure = true // to browsers, localhost is secure
	bare.Main(newApp(data, sessions), "localhost:9009")
}

func newApp(data *store.Store, sessions *scs.SessionManager) *bare.Application {
	s := &service{data: data, sessions: sessions}
	app := bare.NewApplication()
	app.OnError = showError
	app.Wrap(cors.New(cors.Options{
		AllowedOrigins:   []string{"http://localhost:9010"},
		AllowedMethods:   []string{"GET", "POST", "PUT", "DELETE"},
		AllowCredentials: true,
	}).Handler)
	app.Wrap(sessions.LoadAndSave)
	static.Files{FS: page.Files}.Serve(app, "/")
	app.HttpRouter.Add(bare.Methods{"POST"}, "/login", s.signIn)
	api := app.Group("/api", s.identify)
	api.Add(bare.Methods{"POST"}, "/logout", s.signOut)
	api.Add(bare.Methods{"GET"}, "/todos", s.list)
	api.Add(bare.Methods{"POST"}, "/todos", s.create)
	api.Add(bare.Methods{"GET"}, "/todos/{id:int}", s.show)
	api.Add(bare.Methods{"PUT"}, "/todos/{id:int}", s.update)
	api.Add(bare.Methods{"DELETE"}, "/todos/{id:int}", s.remove)
	api.Add(bare.Methods{"PUT"}, "/files/{name}", s.upload)
	api.Add(bare.Methods{"GET"}, "/files/{name}/progress", s.progress)
	return app
}

// A service has what its handlers share.
type service struct {
	data     *store.Store
	sessions *scs.SessionManager
}

func (s *service) signIn(request *bare.HttpRequest) bare.HttpResponse {
	var given store.Credentials
	if err := request.JSON(&given); err != nil {
		return bare.ErrorResponse(err)
	}
	if err := s.data.SignIn(given); err != nil {
		return bare.ErrorResponse(err)
	}
	if err := s.sessions.RenewToken(request.Context()); err != nil {
		return bare.ErrorResponse(err)
	}
	s.sessions.Put(request.Context(), "user", given.User)
	return bare.HttpResponse{Status: 204}
}

// identify lets those in who have signed in.
func (s *service) identify(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	if s.user(request) == "" {
		return bare.ErrorResponse(&bare.HttpError{Status: 403, Message: "Sign in first."})
	}
	return handler(request)
}

func (s *service) user(request *bare.HttpRequest) string {
	return s.sessions.GetString(request.Context(), "user")
}

func (s *service) signOut(request *bare.HttpRequest) bare.HttpResponse {
	if err := s.sessions.Destroy(request.Context()); err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.HttpResponse{Status: 204}
}

func (s *service) list(request *bare.HttpRequest) bare.HttpResponse {
	return bare.JSONResponse(200, s.data.List(s.user(request)))
}

func (s *service) create(request *bare.HttpRequest) bare.HttpResponse {
	var draft store.Draft
	if err := request.JSON(&draft); err != nil {
		return bare.ErrorResponse(err)
	}
	todo := s.data.Create(s.user(request), draft)
	return bare.JSONResponse(201, todo).WithHeader("location", "/api/todos/"+strconv.FormatInt(todo.ID, 10))
}

func (s *service) show(request *bare.HttpRequest) bare.HttpResponse {
	todo, err := s.data.Get(s.user(request), request.Matches.Int("id"))
	return respond(200, todo, err)
}

func (s *service) update(request *bare.HttpRequest) bare.HttpResponse {
	var draft store.Draft
	if err := request.JSON(&draft); err != nil {
		return bare.ErrorResponse(err)
	}
	todo, err := s.data.Update(s.user(request), request.Matches.Int("id"), draft)
	return respond(200, todo, err)
}

func (s *service) remove(request *bare.HttpRequest) bare.HttpResponse {
	if err := s.data.Delete(s.user(request), request.Matches.Int("id")); err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.HttpResponse{Status: 204}
}

func (s *service) upload(request *bare.HttpRequest) bare.HttpResponse {
	name, total := request.Matches.String("name"), request.Scope.ContentLength
	file, err := s.data.Receive(s.user(request), name, total, request.Reader())
	return respond(201, file, err)
}

func (s *service) progress(request *bare.HttpRequest) bare.HttpResponse {
	user, name := s.user(request), request.Matches.String("name")
	return sse.StreamResponse(request, func(yield func(sse.Event) bool) error {
		for progress, err := range s.data.Follow(request.Context(), user, name) {
			if err != nil {
				return explain(err)
			}
			data, err := sse.JSON(progress)
			if err != nil {
				return err
			}
			if !yield(sse.Event{Data: data}) {
				return nil
			}
		}
		return nil
	}, sse.Options{})
}

// respond is a response with a value, or with an error.
func respond(status int, value any, err error) bare.HttpResponse {
	if err != nil {
		return bare.ErrorResponse(err)
	}
	return bare.JSONResponse(status, value)
}

// showError says in JSON what went wrong.
func showError(_ *bare.HttpRequest, err error) bare.HttpResponse {
	return bare.ProblemResponse(explain(err))
}

// explain gives an error of the store its status, and a text for users.
func explain(err error) error {
	var invalid store.InvalidError
	switch {
	case errors.As(err, &invalid):
		return &bare.HttpError{Status: 422, Message: invalid.Message}
	case errors.Is(err, store.ErrPassword):
		return &bare.HttpError{Status: 403, Message: "The user or the password is wrong."}
	case errors.Is(err, store.ErrNotFound):
		return &bare.HttpError{Status: 404, Message: "There is no such todo."}
	case errors.Is(err, store.ErrTaken):
		return &bare.HttpError{Status: 409, Message: "There is a file of that name already."}
	case errors.Is(err, store.ErrBroken):
		return &bare.HttpError{Status: 400, Message: "The upload broke off."}
	}
	return err
}

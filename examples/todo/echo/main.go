// Echo is the service of the folder above on the framework Echo, to compare the two. Run it
// with
//
//	go run ./examples/todo/echo
//
// and open http://localhost:9009. The user is ada, and her password is lovelace.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/rs/cors"

	"github.com/bare-go/bare/examples/todo/page"
	"github.com/bare-go/bare/examples/todo/store"
)

func main() {
	data, err := store.New(map[string]string{"ada": "lovelace"}, store.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sessions := scs.New()
	sessions.Cookie.Secure = true // to browsers, localhost is secure
	e := newApp(data, sessions)
	e.Logger.Fatal(e.Start("localhost:9009"))
}

func newApp(data *store.Store, sessions *scs.SessionManager) *echo.Echo {
	s := &service{data: data, sessions: sessions}
	e := echo.New()
	e.HTTPErrorHandler = showError
	e.Use(middleware.Recover())
	e.Use(echo.WrapMiddleware(cors.New(cors.Options{
		AllowedOrigins:   []string{"http://localhost:9010"},
		AllowedMethods:   []string{"GET", "POST", "PUT", "DELETE"},
		AllowCredentials: true,
	}).Handler))
	e.Use(echo.WrapMiddleware(sessions.LoadAndSave))
	e.StaticFS("/", page.Files)
	limit := middleware.BodyLimit("10M")
	e.POST("/login", s.signIn, limit)
	api := e.Group("/api", s.identify)
	api.POST("/logout", s.signOut)
	api.GET("/todos", s.list)
	api.POST("/todos", s.create, limit)
	api.GET("/todos/:id", s.show)
	api.PUT("/todos/:id", s.update, limit)
	api.DELETE("/todos/:id", s.remove)
	api.PUT("/files/:name", s.upload)
	api.GET("/files/:name/progress", s.progress)
	return e
}

// A service has what its handlers share.
type service struct {
	data     *store.Store
	sessions *scs.SessionManager
}

func (s *service) signIn(c echo.Context) error {
	var given store.Credentials
	if err := bind(c, &given); err != nil {
		return err
	}
	if err := s.data.SignIn(given); err != nil {
		return err
	}
	if err := s.sessions.RenewToken(c.Request().Context()); err != nil {
		return err
	}
	s.sessions.Put(c.Request().Context(), "user", given.User)
	return c.NoContent(http.StatusNoContent)
}

// identify lets those in who have signed in.
func (s *service) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if s.user(c) == "" {
			return echo.NewHTTPError(http.StatusForbidden, "Sign in first.")
		}
		return next(c)
	}
}

func (s *service) user(c echo.Context) string {
	return s.sessions.GetString(c.Request().Context(), "user")
}

func (s *service) signOut(c echo.Context) error {
	if err := s.sessions.Destroy(c.Request().Context()); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *service) list(c echo.Context) error {
	return c.JSON(http.StatusOK, s.data.List(s.user(c)))
}

func (s *service) create(c echo.Context) error {
	var draft store.Draft
	if err := bind(c, &draft); err != nil {
		return err
	}
	todo := s.data.Create(s.user(c), draft)
	c.Response().Header().Set("Location", "/api/todos/"+strconv.FormatInt(todo.ID, 10))
	return c.JSON(http.StatusCreated, todo)
}

func (s *service) show(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return echo.ErrNotFound
	}
	todo, err := s.data.Get(s.user(c), id)
	return respond(c, http.StatusOK, todo, err)
}

func (s *service) update(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return echo.ErrNotFound
	}
	var draft store.Draft
	if err := bind(c, &draft); err != nil {
		return err
	}
	todo, err := s.data.Update(s.user(c), id, draft)
	return respond(c, http.StatusOK, todo, err)
}

func (s *service) remove(c echo.Context) error {
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return echo.ErrNotFound
	}
	if err := s.data.Delete(s.user(c), id); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *service) upload(c echo.Context) error {
	name, total := c.Param("name"), c.Request().ContentLength
	file, err := s.data.Receive(s.user(c), name, total, c.Request().Body)
	return respond(c, http.StatusCreated, file, err)
}

func (s *service) progress(c echo.Context) error {
	w := c.Response()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusOK)
	w.Flush()
	for progress, err := range s.data.Follow(c.Request().Context(), s.user(c), c.Param("name")) {
		if err != nil {
			_, err = fmt.Fprint(w, "event: failed\ndata: The upload broke off.\n\n")
			return err
		}
		data, err := json.Marshal(progress)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return err
		}
		w.Flush()
	}
	_, err := fmt.Fprint(w, "event: done\ndata:\n\n")
	return err
}

// bind decodes the body, and has the value judge itself.
func bind(c echo.Context, value interface{ Validate() error }) error {
	if err := c.Bind(value); err != nil {
		return err
	}
	return value.Validate()
}

// respond sends a value, or passes an error on.
func respond(c echo.Context, status int, value any, err error) error {
	if err != nil {
		return err
	}
	return c.JSON(status, value)
}

// showError says in JSON what went wrong, and gives what the store says its status.
func showError(err error, c echo.Context) {
	var invalid store.InvalidError
	switch {
	case errors.As(err, &invalid):
		err = echo.NewHTTPError(http.StatusUnprocessableEntity, invalid.Message)
	case errors.Is(err, store.ErrPassword):
		err = echo.NewHTTPError(http.StatusForbidden, "The user or the password is wrong.")
	case errors.Is(err, store.ErrNotFound):
		err = echo.NewHTTPError(http.StatusNotFound, "There is no such todo.")
	case errors.Is(err, store.ErrTaken):
		err = echo.NewHTTPError(http.StatusConflict, "There is a file of that name already.")
	}
	c.Echo().DefaultHTTPErrorHandler(err, c)
}

package bare_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

// An amount must be positive. Its error is not one for the client.
type amount struct {
	Value int `json:"value"`
}

var errNotPositive = errors.New("the table amounts has a constraint: value > 0")

func (a amount) Validate() error {
	if a.Value <= 0 {
		return errNotPositive
	}
	return nil
}

// A purchase chooses the response for its errors, and asks its parts itself.
type purchase struct {
	Item  string  `json:"item"`
	Price *amount `json:"price"`
}

func (p *purchase) Validate() error {
	switch {
	case p.Item == "":
		return &bare.HttpError{Status: 422, Message: "The item is missing.", Members: map[string]any{"field": "item"}}
	case p.Item == "moon":
		return soldOutError{}
	case p.Price != nil:
		return p.Price.Validate()
	}
	return nil
}

// A soldOutError has its own status and text.
type soldOutError struct{}

func (soldOutError) Error() string       { return "row 7 of stock is empty" }
func (soldOutError) StatusCode() int     { return http.StatusConflict }
func (soldOutError) SafeMessage() string { return "The moon is sold out." }

// A basket is no struct, and has a Validate all the same.
type basket []amount

func (b basket) Validate() error {
	for _, each := range b {
		if err := each.Validate(); err != nil {
			return err
		}
	}
	return nil
}

func TestADecodedValueJudgesItself(t *testing.T) {
	t.Parallel()
	const general = "The request body is well-formed, but its content is not valid."
	tests := []struct {
		name   string
		target any
		body   string
		status int
		want   string
	}{
		{"a value that is right", new(amount), `{"value": 1}`, 200, ""},
		{"one that is wrong, whose text stays on the server", new(amount), `{"value": 0}`, 422, general},
		{"one that chooses its own text", new(purchase), `{}`, 422, "The item is missing."},
		{"one that chooses its own status", new(purchase), `{"item": "moon"}`, 409, "The moon is sold out."},
		{"a part that its owner asks", new(purchase), `{"item": "tea", "price": {"value": 0}}`, 422, general},
		{"a part that is not there", new(purchase), `{"item": "tea"}`, 200, ""},
		{"a slice with a Validate", new(basket), `[{"value": 1}, {"value": 0}]`, 422, general},
		{"a slice without one, whose elements are not asked", new([]amount), `[{"value": 0}]`, 200, ""},
		{"a pointer that the decoder fills", new(*amount), `{"value": 0}`, 422, general},
		{"a pointer to a pointer", new(**purchase), `{}`, 422, "The item is missing."},
		{"a pointer that null empties", new(*amount), `null`, 200, ""},
		{"a value that null leaves as it was", new(amount), `null`, 422, general},
		{"a pointer in an interface", new(any(new(purchase))), `{}`, 422, "The item is missing."},
		{"a pointer to a pointer in an interface", new(any(new(*purchase))), `{}`, 422, "The item is missing."},
		{"an interface that is filled with a map", new(any), `{}`, 200, ""},
		{"a type without a Validate", new(map[string]any), `{}`, 200, ""},
		{"one that embeds a type with a Validate", new(struct{ amount }), `{"value": 0}`, 422, general},
		{"no JSON, which is not asked", new(amount), `{`, 400, "The request body is not valid JSON: see byte 1."},
		{"JSON of another form, which is not asked", new(amount), `{"value": "x"}`, 400, `The JSON value at "value" has the wrong form.`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			overHTTP1(t, func(t *testing.T) {
				app, log := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					if err := request.JSON(test.target); err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.HttpResponse{}
				})
				stream := post(t, serve(t, baretest.HTTP1, app), "application/json", strings.NewReader(test.body))
				if got := stream.Rest(); got != test.want || stream.Response.StatusCode != test.status {
					t.Errorf("got %d %q, want %d %q", stream.Response.StatusCode, got, test.status, test.want)
				}
				wantLogged(t, log)
			})
		})
	}
}

func TestTheErrorOfAValidateIsFound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		target any
		body   string
		is     func(error) bool
	}{
		{"as the cause of the 422", new(amount), `{}`, func(err error) bool { return errors.Is(err, errNotPositive) }},
		{"as it was returned", new(purchase), `{"item": "moon"}`, func(err error) bool { return err == soldOutError{} }}, //nolint:errorlint // it is not wrapped
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			request := jsonRequest(strings.NewReader(test.body))
			if err := request.JSON(test.target); !test.is(err) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestAValidatesMembersReachThoseWhoWantAProblem(t *testing.T) {
	t.Parallel()
	var got struct {
		Field string `json:"field"`
	}
	response := bare.ProblemResponse(jsonRequest(strings.NewReader(`{}`)).JSON(new(purchase)))
	body := strings.Join(baretest.Chunks(response.Body, -1), "")
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.Field != "item" {
		t.Errorf("the problem is %s (%v)", body, err)
	}
}

// jsonRequest is a POST of JSON that no server made.
func jsonRequest(body io.Reader) *bare.HttpRequest {
	request := baretest.NewRequest(http.MethodPost, "/", body)
	request.Scope.Header.Set("Content-Type", "application/json")
	return request
}

package bare_test

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
)

func TestARequestMayHaveLimitsOfItsOwn(t *testing.T) {
	t.Parallel()
	whole := func(request *bare.HttpRequest) error {
		_, err := request.Bytes()
		return err
	}
	stream := func(request *bare.HttpRequest) error {
		for _, err := range request.Body {
			if err != nil {
				return err
			}
		}
		return nil
	}
	tests := []struct {
		name       string
		appBody    int64
		appRead    int64
		body, read int64
		handler    func(*bare.HttpRequest) error
		want       int
	}{
		{"without any, the application's hold for a whole body", 0, 8, 0, 0, whole, 413},
		{"without any, the application's hold for a stream", 8, 0, 0, 0, stream, 413},
		{"a higher limit of a whole body", 0, 8, 0, 10, whole, 200},
		{"a lower limit of a whole body", 0, 100, 0, 9, whole, 413},
		{"no limit of a whole body", 0, 8, 0, -1, whole, 200},
		{"a limit of a whole body is none for a stream", 0, 0, 0, 9, stream, 200},
		{"a higher limit of any body", 8, 0, 10, 0, stream, 200},
		{"a lower limit of any body", 100, 0, 9, 0, stream, 413},
		{"a lower limit of any body holds for a whole one", 0, 100, 9, 0, whole, 413},
		{"no limit of any body", 8, 0, -1, 0, stream, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
					request.SetLimits(test.body, test.read)
					if err := test.handler(request); err != nil {
						return bare.ErrorResponse(err)
					}
					return bare.HttpResponse{}
				})
				app.BodyLimit, app.ReadLimit = test.appBody, test.appRead
				server := serve(t, protocol, app)
				text := "0123456789"
				declared := server.Post("/", "", strings.NewReader(text)).Response.StatusCode
				chunked := server.Post("/", "", onlyReader{strings.NewReader(text)}).Response.StatusCode
				if declared != test.want || chunked != test.want {
					t.Errorf("got %d with a declared length and %d without, want %d", declared, chunked, test.want)
				}
			})
		})
	}
}

// An onlyReader hides the length of what it reads.
type onlyReader struct{ io.Reader }

func TestALimitHoldsForARequestThatNoServerMade(t *testing.T) {
	t.Parallel()
	request := baretest.NewRequest("POST", "/", strings.NewReader("0123456789"))
	request.SetLimits(9, 0)
	if _, err := request.Bytes(); !errors.Is(err, bare.ErrBodyTooLarge) {
		t.Errorf("got %v, want ErrBodyTooLarge", err)
	}
	baretest.NewRequest("GET", "/", nil).SetLimits(1, 1) // without a body there is none
}

func TestLimitsHoldForABodyThatAMiddlewareOfNetHTTPHasReplaced(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
		app, _ := newApp(func(request *bare.HttpRequest) bare.HttpResponse {
			if _, err := request.Bytes(); err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.HttpResponse{}
		})
		app.BodyLimit = 8
		double := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				replaced := r.WithContext(r.Context())
				replaced.Body, replaced.ContentLength = io.NopCloser(strings.NewReader("01234567890123456789")), -1
				next.ServeHTTP(w, replaced)
			})
		}
		app.Middlewares = append(app.Middlewares, func(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
			limit, _ := strconv.ParseInt(request.Query().Get("limit"), 10, 64)
			request.SetLimits(limit, 0)
			return handler(request)
		}, bare.FromHTTPMiddleware(double))
		server := serve(t, protocol, app)
		for path, want := range map[string]int{"/": 413, "/?limit=19": 413, "/?limit=20": 200} {
			if got := server.Post(path, "", strings.NewReader("0123456789")).Response.StatusCode; got != want {
				t.Errorf("%s: got %d, want %d", path, got, want)
			}
		}
	})
}

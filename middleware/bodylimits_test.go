package middleware_test

import (
	"strings"
	"testing"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

// The application allows 10 bytes of any body, and 8 of one that is read whole.
func TestAGroupHasLimitsOfItsOwn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path string
		length     int
		want       int
	}{
		{"outside of the groups, at the limit", "/whole", 8, 200},
		{"outside of the groups, over it", "/whole", 9, 413},
		{"a lower limit", "/small/whole", 4, 200},
		{"over a lower limit", "/small/whole", 5, 413},
		{"a stream over a lower limit", "/small/stream", 5, 413},
		{"a higher limit", "/large/whole", 1000, 200},
		{"over a higher limit", "/large/whole", 1001, 413},
		{"a stream at a higher limit", "/large/stream", 2000, 200},
		{"a stream over a higher limit", "/large/stream", 2001, 413},
		{"a group inside, which is lower", "/large/less/whole", 21, 413},
		{"a group inside, which has no limit", "/large/free/stream", 1_000_000, 200},
		{"a group inside, whose other limit is that around it", "/large/free/whole", 1001, 413},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			eachProtocol(t, func(t *testing.T, protocol baretest.Protocol) {
				server := baretest.Config{Protocol: protocol}.NewServer(t, newUploads())
				stream := server.Post(test.path, "text/plain", strings.NewReader(strings.Repeat("x", test.length)))
				if stream.Rest(); stream.Response.StatusCode != test.want {
					t.Errorf("%d bytes: got %d, want %d", test.length, stream.Response.StatusCode, test.want)
				}
			})
		})
	}
}

func newUploads() *bare.Application {
	app := newApp(new(log))
	app.BodyLimit, app.ReadLimit = 10, 8
	large := app.Group("/large", middleware.BodyLimits{Body: 2000, Read: 1000}.Middleware())
	for _, group := range []*bare.Group{
		app.Group("/"),
		app.Group("/small", middleware.BodyLimits{Body: 4}.Middleware()),
		large,
		large.Group("/less", middleware.BodyLimits{Body: 20}.Middleware()),
		large.Group("/free", middleware.BodyLimits{Body: -1}.Middleware()),
	} {
		group.Add(bare.Methods{"POST"}, "/whole", func(request *bare.HttpRequest) bare.HttpResponse {
			if _, err := request.Bytes(); err != nil {
				return bare.ErrorResponse(err)
			}
			return bare.HttpResponse{}
		})
		group.Add(bare.Methods{"POST"}, "/stream", func(request *bare.HttpRequest) bare.HttpResponse {
			for _, err := range request.Body {
				if err != nil {
					return bare.ErrorResponse(err)
				}
			}
			return bare.HttpResponse{}
		})
	}
	return app
}

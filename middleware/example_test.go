package middleware_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/baretest"
	"github.com/bare-go/bare/middleware"
)

func Example() {
	app := bare.NewApplication()
	app.Middlewares = append(app.Middlewares, // around everything
		middleware.Proxies{}.Middleware(),
		middleware.RequestID{}.Middleware(),
		middleware.AccessLog{}.Middleware())
	api := app.Group("/api", middleware.RateLimit{}.Middleware()) // around a group
	api.Add(bare.Methods{"GET"}, "/report", bare.Chain(           // around a route
		func(*bare.HttpRequest) bare.HttpResponse { return bare.TextResponse(200, "a report\n") },
		middleware.Timeout{After: 5 * time.Second}.Middleware()))
	fmt.Println(len(app.Middlewares), "around everything")
	// Output: 3 around everything
}

func ExampleProxies() {
	proxies := middleware.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}
	handler := bare.Chain(func(request *bare.HttpRequest) bare.HttpResponse {
		fmt.Println(middleware.ClientAddr(request), request.URL())
		return bare.HttpResponse{}
	}, proxies.Middleware())

	request := baretest.NewRequest("GET", "http://shop.example/cart", nil)
	request.Scope.RemoteAddr = "10.0.0.1:4711"                            // a proxy
	request.Scope.Header.Set("X-Forwarded-For", "203.0.113.1, 192.0.2.7") // the first one is made up
	request.Scope.Header.Set("X-Forwarded-Proto", "https")
	handler(request)
	// Output: 192.0.2.7 https://shop.example/cart
}

func ExampleRateLimit() {
	limit := middleware.RateLimit{Requests: 2, Per: time.Hour}
	handler := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Status: 204}
	}, limit.Middleware())
	for range 3 {
		response := handler(baretest.NewRequest("POST", "/login", nil))
		fmt.Printf("%d %q\n", response.Status, response.Headers.Get("Retry-After"))
	}
	// Output:
	// 204 ""
	// 204 ""
	// 429 "1800"
}

func ExampleCSRF() {
	handler := bare.Chain(func(*bare.HttpRequest) bare.HttpResponse {
		return bare.HttpResponse{Status: 204}
	}, middleware.CSRF{}.Middleware())
	for _, site := range []string{"same-origin", "cross-site"} {
		request := baretest.NewRequest("POST", "/transfer", nil)
		request.Scope.Header.Set("Sec-Fetch-Site", site)
		fmt.Println(site, handler(request).Status)
	}
	// Output:
	// same-origin 204
	// cross-site 403
}

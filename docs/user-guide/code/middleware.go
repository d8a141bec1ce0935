package code

import (
	"database/sql"
	"log/slog"
	"net/netip"
	"time"

	"github.com/bare-go/bare"
	"github.com/bare-go/bare/middleware"
)

// docs:start requestid
func placeOrder(logger *slog.Logger) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		logger.InfoContext(request.Context(), "the order was placed") // has request_id
		return bare.TextResponse(201, "Ask for "+middleware.RequestIDOf(request)+".\n")
	}
}

// docs:end requestid

// docs:start accesslog
func newAccessLog(logger *slog.Logger) bare.HttpMiddleware {
	return middleware.AccessLog{
		Logger: logger,
		Skip:   func(request *bare.HttpRequest) bool { return request.Scope.URL.Path == "/ready" },
		Attrs: func(request *bare.HttpRequest) []slog.Attr {
			return []slog.Attr{slog.Any("user", request.Locals["user"])}
		},
	}.Middleware()
}

// docs:end accesslog

// docs:start proxies
func newProxies() bare.HttpMiddleware {
	return middleware.Proxies{
		Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Headers: []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"},
	}.Middleware()
}

// docs:end proxies

// docs:start ratelimit
func newLimits() *bare.Application {
	app := bare.NewApplication()
	app.Middlewares = append(app.Middlewares, middleware.RateLimit{Headers: true}.Middleware())
	perUser := middleware.RateLimit{
		Requests: 10,
		Per:      time.Second,
		Key: func(request *bare.HttpRequest) string {
			user, _ := request.Locals["user"].(string)
			return user // "" is not limited
		},
	}
	api := app.Group("/api", identify(map[string]string{"Bearer 7": "ada"}), perUser.Middleware())
	api.Add(bare.Methods{"GET"}, "/me", greetUser)
	return app
}

// docs:end ratelimit

// docs:start timeout
func report(db *sql.DB) bare.HttpHandler {
	handler := func(request *bare.HttpRequest) bare.HttpResponse {
		rows, err := db.QueryContext(request.Context(), "SELECT line FROM report") // no longer than 5 s
		if err != nil {
			return bare.ErrorResponse(err)
		}
		return bare.HttpResponse{Body: bare.StreamWriter(func(yield func([]byte) bool) error {
			defer rows.Close()
			for rows.Next() { // as long as it takes
				var line sql.RawBytes
				if err := rows.Scan(&line); err != nil {
					return err
				}
				if !yield(line) {
					return nil
				}
			}
			return rows.Err()
		})}
	}
	return bare.Chain(handler, middleware.Timeout{After: 5 * time.Second}.Middleware())
}

// docs:end timeout

// docs:start limits
func newUploads(upload, avatar bare.HttpHandler) *bare.Application {
	app := bare.NewApplication()
	app.BodyLimit = 1 << 20 // 1 MiB
	films := app.Group("/films", middleware.BodyLimits{Body: 8 << 30}.Middleware())
	films.Add(bare.Methods{"PUT"}, "/{id:int}", upload)
	small := middleware.BodyLimits{Body: 64 << 10}.Middleware()
	app.HttpRouter.Add(bare.Methods{"PUT"}, "/avatar", bare.Chain(avatar, small))
	return app
}

// docs:end limits

// docs:start ready
// behindABalancer says how to serve the application behind a load balancer that asks
// /ready every 5 s, and stops sending when the answer was a 503 twice.
func behindABalancer(app *bare.Application, db *sql.DB) bare.Server {
	ready := middleware.Readiness{Check: db.PingContext}
	app.HttpRouter.Add(bare.Methods{"GET"}, "/ready", ready.Handler(app))
	return bare.Server{
		Addr:      ":9009",
		StopDelay: 15 * time.Second,
		Grace:     10 * time.Second,
	}
}

// docs:end ready

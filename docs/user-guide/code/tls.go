package code

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/bare-go/bare"
)

// docs:start clients
// newStrictServer serves clients that have a certificate of an authority of yours.
func newStrictServer(authority *x509.CertPool) bare.Server {
	return bare.Server{
		CertFile: "cert.pem",
		KeyFile:  "key.pem",
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS13,
			ClientAuth: tls.RequireAndVerifyClientCert,
			ClientCAs:  authority,
		},
	}
}

func whoAmI(request *bare.HttpRequest) bare.HttpResponse {
	client := request.Scope.TLS.PeerCertificates[0]
	return bare.TextResponse(200, "You are "+client.Subject.CommonName+".\n")
}

// docs:end clients

// docs:start redirect
// serveBoth serves an application by HTTPS, and sends those who come by HTTP to the
// site, such as https://example.com.
func serveBoth(ctx context.Context, app *bare.Application, secure bare.Server, plain, site string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		defer stop() // neither goes on without the other
		ended <- bare.Run(ctx, newRedirects(site), plain)
	}()
	err := secure.Run(ctx, app)
	stop()
	return errors.Join(err, <-ended)
}

func newRedirects(site string) *bare.Application {
	app := bare.NewApplication()
	app.NotFound = func(request *bare.HttpRequest) bare.HttpResponse {
		return bare.RedirectResponse(308, site+request.Scope.URL.RequestURI())
	}
	return app
}

// docs:end redirect

// docs:start hsts
// strict makes browsers use HTTPS only, for a year.
func strict(request *bare.HttpRequest, handler bare.HttpHandler) bare.HttpResponse {
	return handler(request).WithHeader("strict-transport-security", "max-age=31536000")
}

// docs:end hsts

// Job_progress runs a job for the length of a request and reports each step as a
// line of JSON:
//
//	go run ./examples/job_progress
//
// With ?fail=record the job fails and says so, and with ?fail=cut it breaks.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/bare-go/bare"
)

const steps = 4

// A progress is one line of the answer. The last one says Done or has an Error.
type progress struct {
	Step  int    `json:"step"`
	Of    int    `json:"of"`
	Done  bool   `json:"done,omitempty"`
	Error string `json:"error,omitempty"`
}

// The ways for a job to fail half way, chosen by the query.
var (
	errFull   = errors.New("the disk is full")   // foreseen: the client is told
	errBroken = errors.New("the disk is broken") // not foreseen: the response is cut
)

func main() {
	bare.Main(newApp(slog.New(slog.NewTextHandler(os.Stdout, nil))), "localhost:9009")
}

func newApp(logger *slog.Logger) *bare.Application {
	app := bare.NewApplication()
	app.Logger = logger
	app.HttpRouter.Add(bare.Methods{"POST"}, "/jobs", startJob(logger))
	return app
}

func startJob(logger *slog.Logger) bare.HttpHandler {
	return func(request *bare.HttpRequest) bare.HttpResponse {
		fail := request.Query().Get("fail")
		if fail != "" && fail != "record" && fail != "cut" {
			return bare.TextResponse(400, "The parameter fail is record, cut, or not there.")
		}
		request.OnEnd(func(end bare.End) {
			logger.LogAttrs(context.Background(), slog.LevelInfo, "the job ended",
				slog.Int64("bytes", end.Bytes), slog.Duration("after", end.Duration), slog.Any("error", end.Err))
		})
		return bare.HttpResponse{
			Headers: bare.Headers("cache-control", "no-store", "content-type", "application/x-ndjson"),
			Body: bare.JSONLinesStreamWriter(func(yield func(progress) bool) error {
				return runJob(request, fail, yield)
			}),
		}
	}
}

// runJob reports each step. Nil means that all there was to say has been said.
func runJob(request *bare.HttpRequest, fail string, yield func(progress) bool) error {
	for step := 1; step <= steps; step++ {
		err := work(request, step, fail)
		switch {
		case errors.Is(err, errFull):
			yield(progress{Step: step, Of: steps, Error: "The disk is full."})
			return nil
		case err != nil:
			return err
		case !yield(progress{Step: step, Of: steps, Done: step == steps}):
			return nil
		}
	}
	return nil
}

// work is one step of a second. It gives up when the client leaves or the server
// stops.
func work(request *bare.HttpRequest, step int, fail string) error {
	if !request.Sleep(time.Second) {
		return context.Cause(request.Context())
	}
	switch {
	case step == steps/2 && fail == "record":
		return errFull
	case step == steps/2 && fail == "cut":
		return errBroken
	}
	return nil
}

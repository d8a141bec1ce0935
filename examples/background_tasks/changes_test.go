package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/bare-go/bare"
)

// docs:start save
// saveCount saves a number each minute, and once more at the end.
func saveCount(count *atomic.Int64, save func(ctx context.Context, n int64) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ticker := time.NewTicker(time.Minute)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if err := save(ctx, count.Load()); err != nil {
					return err // logged; the task has ended
				}
			case <-ctx.Done():
				return save(context.WithoutCancel(ctx), count.Load()) // as ctx has ended
			}
		}
	}
}

// docs:end save

// docs:start start
// startTask begins a task at each start of the application.
func startTask(app *bare.Application, task func(ctx context.Context) error) bare.LifespanHandler {
	return func(context.Context) error {
		app.Go(task) // its own context lasts as long as the application runs
		return nil
	}
}

// docs:end start

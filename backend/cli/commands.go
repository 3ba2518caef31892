package cli

import (
	"context"
	"fmt"

	"spinscope/backend"
	"spinscope/backend/cluster"
	"spinscope/backend/market"
)

// history are the flags of commands that can read older history while they run.
type history struct {
	BackfillFrom *uint64 `help:"Read older history too, back to this slot; 0 is everything. Goes on where it was interrupted." placeholder:"SLOT"`
}

// reach is what the flags ask for; nil is nothing.
func (h *history) reach() *cluster.Reach {
	if h.BackfillFrom == nil {
		return nil
	}
	return &cluster.Reach{Slot: market.Slot(*h.BackfillFrom)}
}

type appCommand struct {
	common
	history
}

// Run opens the window.
func (c *appCommand) Run(ctx context.Context, program *Program) error {
	options, err := c.options(program)
	if err != nil {
		return err
	}
	options.Backfill = c.reach()
	return program.Window(ctx, options)
}

type serveCommand struct {
	common
	history
}

// Run serves until the context ends, which is a clean stop.
func (c *serveCommand) Run(ctx context.Context, program *Program) error {
	options, err := c.options(program)
	if err != nil {
		return err
	}
	options.Backfill = c.reach()
	return backend.New(options).Run(ctx)
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(program *Program) error {
	_, err := fmt.Fprintln(program.Stdout, "spinscope", Version())
	return err
}

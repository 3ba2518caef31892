package cli

import (
	"context"
	"fmt"

	"spinscope/backend"
	"spinscope/backend/cluster"
	"spinscope/backend/config"
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
	if options.Config.Bus.On() {
		return fmt.Errorf("%w: [bus] is for spinscope serve and spinscope edge: leave it out for the window", config.ErrConfig)
	}
	options.Backfill = c.reach()
	return program.Window(ctx, options)
}

// onBus are the flags of commands that may be one of several nodes.
type onBus struct {
	Bus *string `help:"Share the market with other nodes over the NATS servers at these addresses, separated by commas (bus.url)." placeholder:"URL"`
}

// join lays the flag over a configuration and checks it again.
func (o *onBus) join(options *backend.Options) error {
	if o.Bus == nil {
		return nil
	}
	options.Config.Bus.URL = *o.Bus
	options.Origin.Fixed["bus.url"] = "--bus"
	return options.Origin.Locate(options.Config.Validate())
}

type serveCommand struct {
	common
	history
	onBus
}

// Run serves until the context ends, which is a clean stop.
func (c *serveCommand) Run(ctx context.Context, program *Program) error {
	options, err := c.options(program)
	if err != nil {
		return err
	}
	if err := c.join(&options); err != nil {
		return err
	}
	options.Backfill = c.reach()
	return backend.New(options).Run(ctx)
}

type edgeCommand struct {
	onBus
	Config    string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir   string  `help:"Where the replica is kept, which may be deleted while no edge runs." placeholder:"DIR" type:"path"`
	Listen    *string `help:"Address to serve on, 127.0.0.1:5051 without it; port 0 takes any free one." placeholder:"HOST:PORT"`
	LogLevel  *string `help:"debug, info, warn or error." placeholder:"LEVEL"`
	LogFormat *string `help:"text or json." placeholder:"FORMAT"`
}

// Run serves a replica until the context ends, which is a clean stop.
func (c *edgeCommand) Run(ctx context.Context, program *Program) error {
	shared := common{Config: c.Config, DataDir: c.DataDir, Listen: c.Listen, LogLevel: c.LogLevel, LogFormat: c.LogFormat}
	options, err := shared.offline(program)
	if err != nil {
		return err
	}
	if err := c.join(&options); err != nil {
		return err
	}
	if !options.Config.Bus.On() {
		return fmt.Errorf("%w: an edge needs a bus: give --bus, or bus.url in the configuration", errUsage)
	}
	options.Edge = true
	return backend.New(options).Run(ctx)
}

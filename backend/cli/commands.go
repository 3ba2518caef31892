package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spinscope/backend"
	"spinscope/backend/market"
	"spinscope/backend/simnet"
)

type appCommand struct{ common }

// Run opens the window.
func (c *appCommand) Run(ctx context.Context, program *Program) error {
	options, err := c.options(program)
	if err != nil {
		return err
	}
	return program.Window(ctx, options)
}

type serveCommand struct{ common }

// Run serves until the context ends, which is a clean stop.
func (c *serveCommand) Run(ctx context.Context, program *Program) error {
	options, err := c.options(program)
	if err != nil {
		return err
	}
	return backend.New(options).Run(ctx)
}

type simnetCommand struct {
	Listen    string        `help:"Address to serve JSON-RPC and PubSub on." default:"127.0.0.1:8899" placeholder:"HOST:PORT"`
	Seed      int64         `help:"Seed of the market; the same seed and start give the same ledger." default:"1"`
	Rate      float64       `help:"Transactions per second." default:"4"`
	Mints     int           `help:"Tokens at the start." default:"8"`
	History   time.Duration `help:"How much trading lies before the start." default:"6h"`
	Slot      time.Duration `help:"Length of a slot." default:"400ms"`
	Start     int64         `help:"Unix time of the start; 0 is now." default:"0"`
	ProgramID string        `help:"Program address the market runs under." placeholder:"ADDRESS"`
	LogLevel  string        `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	LogFormat string        `help:"text or json." enum:"text,json" default:"text"`
}

// Run runs the simulated cluster until the context ends.
func (c *simnetCommand) Run(ctx context.Context, program *Program) error {
	cfg := simnet.Default()
	_ = cfg
	return errors.New("not wired yet")
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(program *Program) error {
	_, err := fmt.Fprintln(program.Stdout, "spinscope", Version())
	return err
}

var _ market.Pubkey

package cli

import (
	"context"
	"fmt"

	"spinscope/backend"
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

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(program *Program) error {
	_, err := fmt.Fprintln(program.Stdout, "spinscope", Version())
	return err
}

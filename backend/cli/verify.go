package cli

import (
	"context"
	"errors"
	"fmt"

	"spinscope/backend"
)

type verifyCommand struct {
	Repair bool `help:"Write what the events say over what differs."`

	Config  string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir string  `help:"Where the market is stored." placeholder:"DIR" type:"path"`
	Cluster *string `help:"Whose market: demo, localnet, devnet, mainnet or custom." placeholder:"NAME"`
}

// errDifferences ends a verification that found something.
var errDifferences = errors.New("the store differs from its events")

// Run verifies a store that is not in use.
func (c *verifyCommand) Run(ctx context.Context, program *Program) error {
	shared := common{Config: c.Config, DataDir: c.DataDir, Cluster: c.Cluster}
	options, err := shared.options(program)
	if err != nil {
		return err
	}
	report, err := backend.Verify(ctx, options, c.Repair, func(mints, of int) {
		_, _ = fmt.Fprintf(program.Stderr, "\r%d of %d mints", mints, of)
		if mints == of {
			_, _ = fmt.Fprintln(program.Stderr)
		}
	})
	if err != nil {
		return err
	}
	for _, finding := range report.Findings {
		_, _ = fmt.Fprintln(program.Stdout, finding)
	}
	_, _ = fmt.Fprintf(program.Stdout, "%d mints, %d events, %d candles, %d orders: %d differences, %d records repaired\n",
		report.Mints, report.Events, report.Candles, report.Orders, report.Differences, report.Repaired)
	switch {
	case report.Differences == 0:
		return nil
	case report.Repaired > 0:
		return fmt.Errorf("%w: repaired %d records; verify once more to be sure", errDifferences, report.Repaired)
	}
	return fmt.Errorf("%w: spinscope verify --repair writes what the events say", errDifferences)
}

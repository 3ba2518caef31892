package cli

import (
	"context"
	"errors"
	"fmt"

	"spinscope/backend/offline"
	"spinscope/backend/store"
)

type verifyCommand struct {
	Repair bool `help:"Write what the events say over what differs."`

	Config    string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir   string  `help:"Where the market is stored." placeholder:"DIR" type:"path"`
	Cluster   *string `help:"Whose market: demo, localnet, devnet, mainnet or custom." placeholder:"NAME"`
	ProgramID *string `help:"SpinPet program whose market it is." placeholder:"ADDRESS"`
}

// errDifferences ends a verification that found something.
var errDifferences = errors.New("the store differs from its events")

// Run verifies a store that is not in use.
func (c *verifyCommand) Run(ctx context.Context, program *Program) error {
	shared := common{Config: c.Config, DataDir: c.DataDir, Cluster: c.Cluster, ProgramID: c.ProgramID}
	options, err := shared.offline(program)
	if err != nil {
		return err
	}

	line := ticker{program: program}
	line.show("opening the store and counting its records")
	report, err := offline.Verify(ctx, options.Offline(), c.Repair, func(mints, of int) {
		line.show(fmt.Sprintf("%d of %d mints", mints, of))
	})
	line.end()
	switch {
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%w: stop it first; verify needs the store for itself", err)
	case err != nil && ctx.Err() != nil && errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: nothing is known of the rest of the store", errUnfinished)
	case err != nil:
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
	case c.Repair:
		return fmt.Errorf("%w, in ways that the events cannot repair: export the events and import them into another --data-dir", errDifferences)
	}

	return fmt.Errorf("%w: spinscope verify --repair writes what the events say", errDifferences)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spinscope/backend/cluster"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/store"
)

type backfillCommand struct {
	FromSlot *uint64 `help:"Read back to this slot; 0 is everything the cluster still has." placeholder:"SLOT"`
	Since    string  `help:"Read back to this time: 2026-11-01T00:00:00Z, 2026-11-01, Unix seconds, or an age such as 7d or 36h." placeholder:"TIME"`

	Config     string  `help:"Configuration file (TOML)." placeholder:"FILE" type:"path"`
	DataDir    string  `help:"Where the market is stored." placeholder:"DIR" type:"path"`
	Cluster    *string `help:"Whose market: localnet, devnet, mainnet or custom." placeholder:"NAME"`
	RPCURL     *string `name:"rpc-url" help:"RPC address of a custom cluster." placeholder:"URL"`
	WSURL      *string `name:"ws-url" help:"PubSub address of a custom cluster." placeholder:"URL"`
	ProgramID  *string `help:"SpinPet program to read." placeholder:"ADDRESS"`
	Commitment *string `help:"processed, confirmed or finalized." placeholder:"LEVEL"`
	LogLevel   *string `help:"debug, info, warn or error." placeholder:"LEVEL" default:"warn"`
	LogFormat  *string `help:"text or json." placeholder:"FORMAT"`
}

// errUnfinished is returned when a backfill was stopped before its end.
var errUnfinished = errors.New("stopped before the end")

// Run reads history until it is all there or the context ends.
func (c *backfillCommand) Run(ctx context.Context, program *Program) error {
	reach, err := c.reach(time.Now())
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}

	shared := common{
		Config: c.Config, DataDir: c.DataDir, Cluster: c.Cluster, RPCURL: c.RPCURL, WSURL: c.WSURL, ProgramID: c.ProgramID,
		Commitment: c.Commitment, LogLevel: c.LogLevel, LogFormat: c.LogFormat,
	}
	options, err := shared.options(program)
	if err != nil {
		return err
	}

	start := time.Now()
	line := ticker{program: program}
	line.show("opening the store")
	err = offline.Backfill(ctx, options.Offline(), reach, func(p offline.Progress) { line.show(progressLine(p)) })
	line.end()
	switch {
	case err == nil:
		_, _ = fmt.Fprintf(program.Stderr, "history is read, in %v\n", time.Since(start).Round(time.Second/10))
		return nil
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: what was read is kept, and the same command goes on from there", errUnfinished)
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%w: restart it with `spinscope serve --backfill-from SLOT`, or use File › Load More History in the app", err)
	}

	return err
}

// reach reads the flags; now is what ages count from.
func (c *backfillCommand) reach(now time.Time) (cluster.Reach, error) {
	if (c.FromSlot == nil) == (c.Since == "") {
		return cluster.Reach{}, errors.New("give either --from-slot or --since")
	}
	if c.FromSlot != nil {
		return cluster.Reach{Slot: market.Slot(*c.FromSlot)}, nil
	}
	seconds, err := parseTime("--since", c.Since, now, 0)
	return cluster.Reach{Since: time.Unix(seconds, 0)}, err
}

func progressLine(p offline.Progress) string {
	switch {
	case p.Done == 0 && p.Total == 0 && p.LastError != "":
		return p.Connection + ": " + p.LastError
	case p.Done == 0 && p.Total == 0:
		return p.Connection
	case p.Total == 0:
		return fmt.Sprintf("%d transactions read, counting", p.Done)
	}
	percent := 100 * float64(p.Done) / float64(p.Total)
	return fmt.Sprintf("%d of %d transactions (%.0f %%), %v left", p.Done, p.Total, min(percent, 100), p.ETA.Round(time.Second))
}

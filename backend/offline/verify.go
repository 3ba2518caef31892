package offline

import (
	"context"
	"fmt"

	"spinscope/backend/cluster"
	"spinscope/backend/datadir"
	"spinscope/backend/heap"
	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/verify"
)

// Verify rebuilds candles, orders and totals of a stored market from its events and compares them, and repairs what
// differs if asked to; if not, no file changes. The store must not be in use. progress is told the mints done and their
// number.
func Verify(ctx context.Context, o Options, repair bool, progress func(mints, of int)) (report verify.Report, err error) {
	defer heap.Limit(heap.Read)()
	open := o.OpenToRead
	if repair {
		open = o.openToRepair
	}

	opened, err := open()
	if err != nil {
		return report, err
	}

	defer datadir.Close(opened, &err)
	if !repair { // opening for writing has read every table already
		if err := opened.CheckBlocks(ctx); err != nil {
			return report, err
		}
	}

	cfg := &o.Config
	program, _ := market.ParsePubkey(cfg.Solana.ProgramID) // validated
	at := opened.State()

	// After an unclean stop the open candles are only in the events; a start of the server would bring them back too.
	coins, err := cluster.NewStoredCoins(opened)
	if err != nil {
		return report, err
	}
	writer := ingest.New(ingest.Config{
		Programs: registry.At(program, true), Intervals: cfg.Kline.KeptIntervals(), Addresses: coins, Logger: o.Logger.With("component", "ingest"),
	}, opened, ingest.Resume(at))
	if err := writer.Recover(); err != nil {
		return report, fmt.Errorf("recover: %w", err)
	}

	problems, err := opened.Audit(ctx)
	if err != nil {
		return report, fmt.Errorf("audit: %w", err)
	}

	report, err = verify.Run(ctx, Stored{Store: opened}, verify.Options{
		Intervals: cfg.Kline.KeptIntervals(), ChainTime: at.ChainTime, CompleteTo: coins.CompleteTo, Seq: opened.State().Seq, Horizon: opened.Horizon(),
		Repair: repair, Progress: progress,
	})
	problems = append(opened.Repaired(), problems...)
	report.Differences += len(problems)
	report.Repaired += len(opened.Repaired())
	report.Findings = append(problems, report.Findings...)
	return report, err
}

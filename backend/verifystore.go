package backend

import (
	"context"
	"fmt"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/verify"
)

// Verify rebuilds candles, orders and totals of a stored market from its events and compares them, and repairs what
// differs if asked to. The store must not be in use. progress is told the mints done and their number.
func Verify(ctx context.Context, o Options, repair bool, progress func(mints, of int)) (report verify.Report, err error) {
	opened, err := openExisting(&o)
	if err != nil {
		return report, err
	}
	defer func() {
		if closing := opened.Close(); closing != nil && err == nil {
			err = fmt.Errorf("close store: %w", closing)
		}
	}()
	if err := opened.CheckBlocks(ctx); err != nil { // before anything is written over what only looks missing
		return report, err
	}
	cfg := &o.Config
	program, _ := market.ParsePubkey(cfg.Solana.ProgramID) // validated
	at := opened.State()
	// After an unclean stop the open candles are only in the events; a start of the server would bring them back too.
	writer := ingest.New(ingest.Config{
		Program: program, Intervals: cfg.Kline.ParsedIntervals(), Logger: o.Logger.With("component", "ingest"),
	}, opened, ingest.Resume{Seq: at.Seq, Slot: at.Slot, ChainTime: at.ChainTime, Checkpoint: at.Checkpoint, Replay: at.Replay})
	if err := writer.Recover(); err != nil {
		return report, fmt.Errorf("recover: %w", err)
	}
	problems, err := opened.Audit(ctx)
	if err != nil {
		return report, fmt.Errorf("audit: %w", err)
	}
	report, err = verify.Run(ctx, reader{opened}, verify.Options{
		Intervals: cfg.Kline.ParsedIntervals(), ChainTime: at.ChainTime, Seq: opened.State().Seq, Horizon: opened.Horizon(), Repair: repair, Progress: progress,
	})
	report.Differences += len(problems)
	report.Findings = append(problems, report.Findings...)
	return report, err
}

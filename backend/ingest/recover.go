package ingest

import (
	"fmt"
	"maps"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

// Recover brings the books up to the stored events and schedules the closing of open candles. It must run once, before
// the first Apply. What it commits is published as everything else, so that who follows from an older commit on misses none.
func (in *Ingest) Recover() error {
	in.nextCommit.reset()
	in.nextCommit.newest = in.at.Replay
	learn := func(e *market.Event) {
		if pricer := in.pricers[e.Program()]; pricer != nil {
			pricer.Learn(e.Mint(), e.Scale)
		}
	}
	if err := in.window.load(in.store, in.at.Slot, learn); err != nil {
		return fmt.Errorf("load recent transactions: %w", err)
	}

	if err := in.recallReached(); err != nil {
		return err
	}
	err := in.store.Books(func(book *market.Book) error {
		if due := candle.Due(book, in.intervals); due != candle.Never {
			in.dueOf(book.Mint).push(dueEntry{due, book.Mint})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read books: %w", err)
	}

	if err := in.refold(); err != nil {
		return fmt.Errorf("fold events since the last checkpoint: %w", err)
	}
	in.moved = slices.AppendSeq(in.moved, maps.Values(in.clocks))
	for more := true; more; {
		if more, err = in.closeCandles(in.closeUnwritten); err != nil {
			return fmt.Errorf("close candles: %w", err)
		}
		if more {
			in.dismiss()
			if err := in.write(false); err != nil {
				return err
			}
		}
	}

	in.checkpoint(true)
	in.dismiss()
	return in.write(false)
}

// refold adds the events after the last checkpoint to the books.
func (in *Ingest) refold() error {
	count := 0
	mints := map[market.Pubkey]struct{}{}
	err := in.store.EventsAfter(in.at.Replay, func(e *market.Event) error {
		in.nextCommit.newest = e.Position
		trade, ok := e.Trade()
		if !ok {
			return nil
		}

		state, err := in.mint(e.Mint())
		if err != nil {
			return err
		}

		tick := candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position, Provisional: e.Provisional}
		if !candle.InOrder(&state.book, &tick) {
			return nil // a rebuild made this book durable after the checkpoint
		}

		candle.Fold(&state.book, in.intervals, &tick)
		state.stamp = market.Stamp{Slot: e.Slot, BlockTime: e.BlockTime}
		state.unsaved = true
		mints[e.Mint()] = struct{}{}
		count++
		return nil
	})
	if err != nil {
		return err
	}

	for mint := range mints {
		in.schedule(in.mints[mint])
	}
	if count > 0 {
		in.log.Info("open candles rebuilt after an unclean stop", "events", count, "mints", len(mints))
	}

	return nil
}

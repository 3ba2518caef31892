package export

import (
	"context"
	"fmt"
	"sync"

	"spinscope/backend/market"
)

// Candles are small, and right after an import each read looks into a hundred tables.
const candleChunk = 5000

// candleReaders is how many mints are read at once: finding a mint's rows takes longer than writing them. Each reader holds
// at most three chunks, of a megabyte.
const candleReaders = 3

// candlePart is a stretch of a mint's candles, or why there are no more.
type candlePart struct {
	candles []market.Candle
	err     error
}

// candles writes the candles of the mints, one after the other, and reads those of the next ones meanwhile.
func (x *exporter) candles(ctx context.Context, source Source) error {
	reading, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer func() { // the source may be closed when this returns
		stop()
		readers.Wait()
	}()

	// The mints that are being read, in order; who is first in it is written.
	ahead := make(chan chan candlePart, candleReaders-1)
	readers.Go(func() {
		defer close(ahead)
		for _, mint := range x.mints {
			parts := make(chan candlePart, 1)
			select {
			case ahead <- parts:
			case <-reading.Done():
				return
			}
			readers.Go(func() { x.readCandles(reading, source, mint, parts) })
		}
	})

	for i, mint := range x.mints {
		x.mintsDone = i
		parts, ok := <-ahead
		if !ok {
			break
		}
		if err := x.mintCandles(mint, parts); err != nil {
			return fmt.Errorf("export %s of %s: %w", x.req.Kind, mint, err)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("export %s of %s: %w", x.req.Kind, mint, ctx.Err())
		}
	}
	return ctx.Err()
}

// readCandles gives the candles of a mint, then why they are not all, and closes parts.
func (x *exporter) readCandles(ctx context.Context, source Source, mint market.Pubkey, parts chan<- candlePart) {
	defer close(parts)
	give := func(part candlePart) bool {
		select {
		case parts <- part:
			return part.err == nil
		case <-ctx.Done():
			return false
		}
	}

	from, to := x.req.From, x.req.To
	for more := true; more; {
		candles, counted, err := source.CandleSeries(ctx, mint, x.req.Interval, from, to, candleChunk)
		if !give(candlePart{candles, err}) || counted {
			return
		}
		more = len(candles) == candleChunk && candles[candleChunk-1].Time < to
		if more {
			from = candles[candleChunk-1].Time + 1
		}
	}

	if err := source.CountCandles(ctx, mint, x.req.Interval, x.req.From, to); err != nil {
		give(candlePart{err: err})
	}
}

// mintCandles writes the candles of one mint as they are read.
func (x *exporter) mintCandles(mint market.Pubkey, parts <-chan candlePart) error {
	pair, err := x.pair(mint)
	if err != nil {
		return err
	}

	x.first = 0
	for part := range parts {
		if part.err != nil {
			return part.err
		}
		for i := range part.candles {
			err := x.put(func(r *record) bool {
				putCandle(r, mint, pair, x.req.Interval, &part.candles[i])
				x.req.supplies.putCap(r, mint, part.candles[i].Close)
				return true
			})
			if err != nil {
				return err
			}
		}
		if n := len(part.candles); n > 0 {
			x.reached(part.candles[0].Time, part.candles[n-1].Time)
		}
	}
	return nil
}

package recording

import (
	"context"
	"errors"

	"spinscope/backend/market"
)

const batchEvents = 1000 // events given to a writer at once

// Writer stores what is recorded.
type Writer interface {
	// Take stores a batch while the next one is made; it is done with the batch's memory when it is called again.
	Take(ctx context.Context, batch market.Batch) error
	// Flush returns when everything is stored.
	Flush() error
}

// errUntil ends a feeding at the transaction that is not to be stored yet.
var errUntil = errors.New("until here")

// Take gives recorded transactions to the writer as fast as it takes them: all, or those before the first that until is
// true for. It returns how many it gave.
func Take(ctx context.Context, to Writer, sorter *Sorter, until func(*market.Transaction) bool, progress func(events int64)) (transactions int64, err error) {
	var batch market.Batch
	events, done := 0, int64(0)
	flush := func() error {
		err := to.Take(ctx, batch)
		done += int64(events)
		batch, events = market.Batch{Transactions: batch.Transactions[:0]}, 0
		progress(done)
		return err
	}
	err = sorter.Transactions(ctx, func(tx market.Transaction) error {
		if until(&tx) {
			return errUntil
		}
		batch.Transactions = append(batch.Transactions, tx)
		batch.ChainTime = max(batch.ChainTime, tx.BlockTime)
		events += len(tx.Events)
		transactions++
		if events < batchEvents {
			return nil
		}
		return flush()
	})
	if err != nil && !errors.Is(err, errUntil) {
		return transactions, err
	}

	if err := flush(); err != nil {
		return transactions, err
	}
	return transactions, to.Flush()
}

package recording

import (
	"context"
	"errors"

	"spinscope/backend/market"
)

const (
	batchEvents  = 1000 // given to a writer at once; between two of them an import can be ended
	batchesAhead = 4    // that are read while the writer is busy, so that it need not wait for the rest of a commit
)

// Writer stores what is recorded.
type Writer interface {
	// Take stores a batch while the next one is made; it is done with the batch's memory when it is called again.
	Take(ctx context.Context, batch market.Batch) error
	// Flush returns when everything is stored.
	Flush() error
}

// errUntil ends the reading at the transaction that is not to be stored yet.
var errUntil = errors.New("until here")

// Take gives recorded transactions to the writer as fast as it takes them: all, or those before the first that until is
// true for. It returns how many it gave. The next batches are read by a goroutine of its own, which calls until, and which
// has ended when Take returns.
func Take(ctx context.Context, to Writer, sorter *Sorter, until func(*market.Transaction) bool, progress func(events int64)) (transactions int64, err error) {
	r := reading{batches: make(chan recorded, batchesAhead), used: make(chan []market.Transaction, batchesAhead)}
	wanted, stop := context.WithCancel(ctx)
	go r.run(wanted, sorter, until)

	var last []market.Transaction // of the batch that the writer may still read
	done := int64(0)
	for batch := range r.batches {
		if err = to.Take(ctx, batch.Batch); err != nil {
			break
		}

		transactions += int64(len(batch.Transactions))
		done += int64(batch.events)
		progress(done)
		if ctx.Err() != nil { // the rest may have been read already
			err = context.Cause(ctx)
			break
		}

		select {
		case r.used <- last:
		default:
		}
		last = batch.Transactions
	}

	stop()
	for range r.batches { //nolint:revive // waits for the end of the reading
	}
	if err != nil {
		return transactions, err
	}
	if r.err != nil && !errors.Is(r.err, errUntil) {
		return transactions, r.err
	}
	return transactions, to.Flush()
}

// recorded is a batch with the number of its events.
type recorded struct {
	market.Batch
	events int
}

// reading makes batches of what a sorter gives, a few while the writer is busy with the ones before.
type reading struct {
	batches chan recorded             // closed at the end, once err is set
	used    chan []market.Transaction // memory of batches that the writer is done with
	err     error
}

func (r *reading) run(ctx context.Context, sorter *Sorter, until func(*market.Transaction) bool) {
	defer close(r.batches)

	var next recorded
	r.err = sorter.Transactions(ctx, func(tx market.Transaction) error {
		if until(&tx) {
			return errUntil
		}

		next.Transactions = append(next.Transactions, tx)
		next.ChainTime = max(next.ChainTime, tx.BlockTime)
		next.events += len(tx.Events)
		if next.events < batchEvents {
			return nil
		}
		return r.hand(ctx, &next)
	})

	if r.err == nil || errors.Is(r.err, errUntil) {
		if err := r.hand(ctx, &next); err != nil {
			r.err = err
		}
	}
}

// hand gives a batch over and makes it empty.
func (r *reading) hand(ctx context.Context, batch *recorded) error {
	if len(batch.Transactions) == 0 {
		return nil
	}
	select {
	case r.batches <- *batch:
	case <-ctx.Done():
		return context.Cause(ctx)
	}

	*batch = recorded{}
	select {
	case used := <-r.used:
		clear(used)
		batch.Transactions = used[:0]
	default:
	}
	return nil
}

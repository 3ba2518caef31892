package recording

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"spinscope/backend/market"
)

// writes keeps what it is given, and checks that the batch before is as it was until it is called again.
type writes struct {
	t       *testing.T
	before  []market.Transaction // the memory of the last batch,
	copied  []market.Transaction // and what was in it
	events  []market.Event
	batches int
	failAt  int
	flushed bool
}

var errFull = errors.New("full")

func (w *writes) Take(_ context.Context, batch market.Batch) error {
	w.t.Helper()
	if !reflect.DeepEqual(w.before, w.copied) {
		w.t.Fatal("a batch was changed while the writer had it")
	}
	if w.batches++; w.batches == w.failAt {
		return errFull
	}

	w.before = batch.Transactions
	w.copied = append([]market.Transaction(nil), batch.Transactions...)
	for _, tx := range batch.Transactions {
		w.events = append(w.events, tx.Events...)
		if batch.ChainTime < tx.BlockTime {
			w.t.Fatalf("chain time %d with a transaction of %d", batch.ChainTime, tx.BlockTime)
		}
	}
	return nil
}

func (w *writes) Flush() error {
	w.flushed = true
	return nil
}

func TestTake(t *testing.T) {
	want := events(rand.New(rand.NewPCG(5, 5)), 12_000)
	sorter := New(t.TempDir())
	for i := range want {
		if err := sorter.Add(&want[i]); err != nil {
			t.Fatal(err)
		}
	}

	all := func(*market.Transaction) bool { return false }
	quiet := func(int64) {}

	w := &writes{t: t}
	var reported int64
	n, err := Take(t.Context(), w, sorter, all, func(done int64) { reported = done })
	if err != nil || n != 12_000 || reported != int64(len(want)) || !w.flushed || w.batches < 4 {
		t.Fatalf("%d transactions, %d events told of %d, %d batches, flushed %v: %v", n, reported, len(want), w.batches, w.flushed, err)
	}

	if !reflect.DeepEqual(w.events, want) {
		t.Fatalf("%d events were given, want %d, or others", len(w.events), len(want))
	}

	left := 7000
	w = &writes{t: t}
	n, err = Take(t.Context(), w, sorter, func(*market.Transaction) bool { left--; return left < 0 }, quiet)
	if err != nil || n != 7000 || !w.flushed || !reflect.DeepEqual(w.events, want[:len(w.events)]) {
		t.Fatalf("%d transactions before the 7,001st: %v", n, err)
	}

	w = &writes{t: t, failAt: 2}
	if _, err = Take(t.Context(), w, sorter, all, quiet); !errors.Is(err, errFull) || w.batches != 2 || w.flushed {
		t.Fatalf("a writer that fails was called %d times, flushed %v: %v", w.batches, w.flushed, err)
	}

	ctx, cancel := context.WithCancelCause(t.Context())
	w = &writes{t: t}
	_, err = Take(ctx, w, sorter, all, func(int64) { cancel(errFull) })
	if !errors.Is(err, errFull) || w.batches != 1 || w.flushed {
		t.Fatalf("after its end %d batches were given, flushed %v: %v", w.batches, w.flushed, err)
	}
}

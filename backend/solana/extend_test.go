package solana

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"spinscope/backend/market"
)

// TestRollbackWhileDown takes transactions away while nobody watches, and finds them gone after a reconnect and after a
// restart that recalls what was delivered.
func TestRollbackWhileDown(t *testing.T) {
	for _, restart := range []bool{false, true} {
		c := newCluster(t)
		c.history(20, 1)
		config := testConfig(c.endpoint())
		config.RescanInterval = time.Hour
		r := start(t, config, 0)
		r.live()

		added := append(append(c.tick(2), c.tick(3)...), c.tick(1)...)
		r.until("live ones", func() bool { return len(r.txs) == 26 })
		resume := r.checkpoint
		if restart {
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
		} else {
			c.lock(func() { c.refuse = true })
			c.cut()
			r.status("down", func(s Status) bool { return s.State == Reconnecting })
		}

		c.lock(func() { // the last but one block, and one transaction of the first
			c.txs = slices.DeleteFunc(c.txs, func(tx ledgerTx) bool {
				return tx.slot == added[2].slot || tx.signature == added[0].signature
			})
			c.slot += 10 * testFinalized
			c.refuse = false
		})
		if restart {
			before := r.txs
			config.Recall = func(_ context.Context, _ market.Pubkey, from, to market.Slot, visit func(market.Transaction) bool) error {
				for _, tx := range before {
					if tx.Slot >= from && tx.Slot <= to {
						tx.Logs = nil
						visit(tx)
					}
				}
				return nil
			}
			r = start(t, config, resume, func(s *sink) { s.txs = before })
		}

		r.until("rollback", func() bool { return len(r.rolledBack) == 4 && r.checkpoint > added[5].slot })
		r.equal(c.ledger())
		for signature, n := range r.deliveries {
			if n > 2 || restart && n > 1 {
				t.Errorf("restart %v: %v was delivered %d times", restart, signature, n)
			}
		}
	}
}

func TestRecallErrorEndsRun(t *testing.T) {
	c := newCluster(t)
	config := testConfig(c.endpoint())
	broken := errors.New("store is closed")
	config.Recall = func(context.Context, market.Pubkey, market.Slot, market.Slot, func(market.Transaction) bool) error {
		return broken
	}
	if err := New(config).Run(t.Context(), 7, newSink(t).apply); !errors.Is(err, broken) {
		t.Fatalf("Run = %v", err)
	}
}

func TestExtend(t *testing.T) {
	c := newCluster(t)
	c.history(1000, 6) // more than one stretch
	all := c.ledger()
	config := testConfig(c.endpoint())
	config.BackfillLimit = 50
	r := start(t, config, 0)
	r.live()
	r.until("a gap", func() bool { return len(r.gaps) == 1 })

	gap := r.gaps[0]
	stop := c.run(0)
	defer stop()

	interrupted, before := 0, c.called("getSignaturesForAddress")
	c.lock(func() {
		c.override = func(request rpcRequest) (any, *rpcError, bool) {
			if request.Method == "getSignaturesForAddress" && gap.To > 0 && c.calls[request.Method] > before+2 && interrupted < 4 {
				interrupted++
				return nil, &rpcError{-32000, "overloaded"}, true
			}
			return nil, nil, false
		}
	})

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()

	if err := r.feed.Extend(ctx, gap, 1100); err != nil {
		t.Fatal(err)
	}
	want := all[slices.IndexFunc(all, func(tx ledgerTx) bool { return tx.slot >= 1100 }):]
	r.until("what was asked for", func() bool { return r.has(want) && open(r.gaps) == 1 })
	r.equal(want)

	var last market.Gap
	r.until("what is left", func() bool { last = r.gaps[len(r.gaps)-1]; return true })
	if last.To != 1099 || last.From != 0 || last.State != market.GapOpen {
		t.Fatalf("gaps %+v", r.gaps)
	}

	if err := r.feed.Extend(ctx, last, 0); err != nil {
		t.Fatal(err)
	}
	r.until("everything", func() bool { return r.has(all) && open(r.gaps) == 0 })
	r.equal(all)
	var filled []market.Gap
	r.until("filled gaps", func() bool { filled = whole(r.gaps, market.GapFilled); return true })
	if len(filled) != 2 || filled[0].To+1 != filled[1].From || filled[1].To != gap.To {
		t.Errorf("filled gaps %+v", filled)
	}

	r.status("no progress", func(s Status) bool { return s.Backfill == Backfill{} })
	if interrupted == 0 {
		t.Error("nothing was interrupted")
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}

	if err := r.feed.Extend(t.Context(), last, 0); !errors.Is(err, ErrNotRunning) {
		t.Errorf("Extend after Run: %v", err)
	}
}

// open counts the gaps that are open after all changes.
func open(gaps []market.Gap) int { return len(whole(gaps, market.GapOpen)) }

// whole are the gaps that are in a state after all changes, by slot.
func whole(gaps []market.Gap, state market.GapState) (list []market.Gap) {
	states := map[market.Gap]market.GapState{}
	for _, g := range gaps {
		last := g.State
		g.State = 0
		states[g] = last
	}
	for g, last := range states {
		if last == state {
			list = append(list, g)
		}
	}
	slices.SortFunc(list, func(a, b market.Gap) int { return int(a.From) - int(b.From) })
	return list
}

// TestExtendSince reads back to a block time, and finds nothing to do for one after the gap.
func TestExtendSince(t *testing.T) {
	c := newCluster(t)
	c.history(900, 5)
	all := c.ledger()
	config := testConfig(c.endpoint())
	config.BackfillLimit = 50
	r := start(t, config, 0)
	r.live()
	r.until("a gap", func() bool { return len(r.gaps) == 1 })

	gap := r.gaps[0]
	stop := c.run(0)
	defer stop()

	at := len(all) / 3
	since := testTime(all[at].slot)
	for at > 0 && testTime(all[at-1].slot) == since {
		at--
	}

	seen := make(chan Backfill, 1)
	c.lock(func() {
		c.override = func(request rpcRequest) (any, *rpcError, bool) {
			if b := r.feed.Status().Backfill; b.Running && b.Total > 0 {
				select {
				case seen <- b:
				default:
				}
			}
			return nil, nil, false
		}
	})
	if err := r.feed.ExtendSince(t.Context(), gap, testTime(all[len(all)-1].slot)+1); err != nil {
		t.Fatal(err)
	}

	r.until("nothing done", func() bool { return len(r.gaps) == 1 })
	if err := r.feed.ExtendSince(t.Context(), gap, since); err != nil {
		t.Fatal(err)
	}
	r.until("what was asked for", func() bool { return r.has(all[at:]) && open(r.gaps) == 1 })
	r.equal(all[at:])

	var left market.Gap
	r.until("what is left", func() bool { left = whole(r.gaps, market.GapOpen)[0]; return true })
	if left.From != 0 || left.To != all[at-1].slot {
		t.Errorf("left %+v, the next older one is in slot %d", left, all[at-1].slot)
	}

	select {
	case b := <-seen:
		if b.Total < len(all)-at-60 || b.Total > len(all)-at || b.Done > b.Total {
			t.Errorf("progress %+v of %d", b, len(all)-at)
		}
	default:
		t.Error("no progress was shown")
	}
}

// TestOrderComesFromTheBlock has a node that lists the signatures of a slot in the wrong order.
func TestOrderComesFromTheBlock(t *testing.T) {
	c := newCluster(t)
	c.history(30, 3)
	c.override = func(request rpcRequest) (any, *rpcError, bool) {
		if request.Method != "getSignaturesForAddress" {
			return nil, nil, false
		}
		result, problem := c.result(request)
		list := result.([]any)
		for i := 0; i+2 < len(list); i += 3 {
			list[i], list[i+2] = list[i+2], list[i]
		}
		return list, problem, true
	}
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()
	all := c.ledger()
	r.until("history", func() bool { return r.has(all) })
	r.equal(all)
}

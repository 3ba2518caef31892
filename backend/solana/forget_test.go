package solana

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/polltest"
)

// covered reports whether an open gap of the sink tells of a slot.
func covered(s *sink, slot market.Slot) bool {
	return slices.ContainsFunc(whole(s.gaps, market.GapOpen), func(g market.Gap) bool { return g.From <= slot && slot <= g.To })
}

// recallFrom recalls what a sink held.
func recallFrom(txs map[market.Signature]market.Transaction) func(context.Context, market.Pubkey, market.Slot, market.Slot, func(market.Transaction) bool) error {
	var known []market.Transaction
	for _, tx := range txs {
		tx.Logs = nil
		known = append(known, tx)
	}

	sortTxs(known)
	return func(_ context.Context, _ market.Pubkey, from, to market.Slot, visit func(market.Transaction) bool) error {
		last := slices.IndexFunc(known, func(tx market.Transaction) bool { return tx.Slot >= from })
		if last < 0 {
			last = len(known)
		}
		for _, tx := range known[max(0, last-1):] { // and the newest one before
			if tx.Slot > to || !visit(tx) {
				return nil
			}
		}
		return nil
	}
}

// TestEndOfAListIsNotTheEndOfHistory: a node that has forgotten a part of the ledger leaves a gap that says so, on a first
// start, after a stop, after an outage within one run, and when older history is asked for. Another endpoint that has the
// part fills it.
func TestEndOfAListIsNotTheEndOfHistory(t *testing.T) {
	const forgotten = market.Slot(1200)
	for _, how := range []string{"first start", "restart", "outage", "on demand"} {
		for _, endpoints := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d endpoints", how, endpoints), func(t *testing.T) {
				c := newCluster(t)
				c.history(100, 1)
				config := testConfig(c.endpoint())
				config.MendInterval = 50 * time.Millisecond
				var r *rig
				from := 0 // of the ledger's transactions: what there was before it was forgotten
				switch how {
				case "restart":
					r = start(t, config, 0)
					r.live()
					before := r.txs
					if err := r.stop(); err != nil {
						t.Fatal(err)
					}
					config.Recall = recallFrom(before)
					from = len(before)
				case "outage":
					r = start(t, config, 0)
					r.live()
					from = 100
				case "on demand":
					config.BackfillLimit = 10
				}

				if how == "outage" {
					c.lock(func() { c.refuse = true })
					c.cut()
					r.status("down", func(s Status) bool { return s.State == Reconnecting })
				}

				c.history(200, 1)
				other := c.twin()
				c.lock(func() { c.first, c.refuse = forgotten, false })
				if endpoints == 2 {
					if how == "outage" {
						if err := r.stop(); err != nil { // the list of endpoints is the run's
							t.Fatal(err)
						}
						config.Recall = recallFrom(r.txs)
					}
					config.Endpoints = append(config.Endpoints, other.endpoint())
				}

				all := c.ledger()

				switch {
				case how == "restart", how == "outage" && endpoints == 2:
					txs := r.txs
					r = start(t, config, r.checkpoint, func(s *sink) { s.txs = txs })
				case how != "outage":
					r = start(t, config, 0)
				}

				r.live()
				r.until("what the node has", func() bool { return r.has(all[200:]) || how == "on demand" })
				if how == "on demand" {
					var gap market.Gap
					r.until("a gap", func() bool {
						if len(r.gaps) > 0 {
							gap = r.gaps[0]
						}
						return len(r.gaps) > 0
					})
					err := r.feed.Extend(t.Context(), gap, 0)
					if (err == nil) != (endpoints == 2) {
						t.Fatalf("Extend = %v", err)
					}
				}

				if endpoints == 2 {
					r.until("all", func() bool { return r.has(all) && open(r.gaps) == 0 })
					return
				}

				r.until("a gap for everything that is missing", func() bool {
					for _, tx := range all[from:] {
						if _, ok := r.txs[tx.signature]; !ok && !covered(r.sink, tx.slot) {
							return false
						}
					}
					return covered(r.sink, forgotten-1)
				})
				if covered(r.sink, forgotten+5) {
					t.Errorf("slots that the node has are in a gap: %+v", r.gaps)
				}
			})
		}
	}
}

// TestGapIsFilledOnceItIsFinal looks at an open gap whose newest slots a fork may still change. It stays open until they are
// final, and what has come into it by then is read.
func TestGapIsFilledOnceItIsFinal(t *testing.T) {
	c := newCluster(t)
	c.history(100, 1)
	all := c.ledger()
	gap := market.Gap{From: c.slot - 20, To: c.slot - 2, State: market.GapOpen, Cause: CauseForgotten}
	config := testConfig(c.endpoint())
	config.MendInterval, config.Gaps = 20*time.Millisecond, []market.Gap{gap}

	known := map[market.Signature]market.Transaction{}
	for _, tx := range all {
		if tx.slot < gap.From || tx.slot > gap.To {
			known[tx.signature] = market.Transaction{Signature: tx.signature, Slot: tx.slot, BlockTime: testTime(tx.slot)}
		}
	}

	config.Recall = recallFrom(known)

	r := start(t, config, c.slot)
	r.live()
	polltest.Until(t, "a few looks", func() bool { return strings.Count(r.log.String(), "a gap was looked at again") > 2 })
	r.until("the gap", func() bool {
		if filled := whole(r.gaps, market.GapFilled); len(filled) > 0 {
			t.Fatalf("filled while slots up to %d can change: %+v", gap.To, filled)
		}
		return true
	})

	late := c.writeAt(gap.To) // a fork moved it there
	c.tick(testFinalized)
	stop := c.run(1)
	defer stop()
	r.until("the gap is filled", func() bool { return len(whole(r.gaps, market.GapFilled)) > 0 && r.has([]ledgerTx{late}) })
}

// TestMarketThatGoesOnLeavesNoDoubt: while history is read, new transactions push older ones out of the newest page. That is
// no reason to doubt its lists, on a first start and after a restart.
func TestMarketThatGoesOnLeavesNoDoubt(t *testing.T) {
	const pages = 3
	for _, grows := range []int{1, 40, pageSize / 3} {
		t.Run(fmt.Sprintf("%d more after every list", grows), func(t *testing.T) {
			c := newCluster(t)
			c.history(pages*pageSize, 1)
			config := testConfig(c.endpoint())
			config.SilenceTimeout = time.Minute // no slot is announced
			grow := func(n int) { c.lock(func() { c.grows = n }) }

			all := c.ledger()
			grow(grows)
			r := start(t, config, 0)
			r.live()
			r.until("history", func() bool { return r.has(all) })
			grow(0)
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}

			first := r

			c.history(pageSize/2, 1)
			all = c.ledger()
			grow(grows)
			r = start(t, config, first.checkpoint, func(s *sink) { s.txs = first.txs })
			r.live()
			r.until("what came since", func() bool { return r.has(all[pages*pageSize:]) })
			grow(0)
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}

			for _, gap := range append(first.gaps, r.gaps...) {
				t.Errorf("%+v", gap)
			}
		})
	}
}

// TestANodeThatForgetsWhileItIsReadLeavesNoDoubt: what it drops between two looks at a list is said to be gone from it, and only
// that, whether it drops a few slots, a page or many.
func TestANodeThatForgetsWhileItIsReadLeavesNoDoubt(t *testing.T) {
	const pages = 3
	for _, forgets := range []market.Slot{1, 40, pageSize / 3} {
		t.Run(fmt.Sprintf("%d slots after every list", forgets), func(t *testing.T) {
			c := newCluster(t)
			c.history(pages*pageSize, 1)
			all := c.ledger()
			c.lock(func() { c.first, c.forgets = all[0].slot, forgets })
			r := start(t, testConfig(c.endpoint()), 0)
			r.live()
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}

			for _, gap := range r.gaps {
				if gap.Cause != CauseForgotten || gap.To >= c.first {
					t.Errorf("the node has all from slot %d on: %+v", c.first, gap)
				}
			}
			for _, tx := range all {
				if _, ok := r.txs[tx.signature]; !ok && !covered(r.sink, tx.slot) {
					t.Fatalf("slot %d is missing without a word: %+v", tx.slot, r.gaps)
				}
			}
			if !covered(r.sink, all[0].slot) {
				t.Error("the node forgot nothing")
			}
		})
	}
}

// TestShortHistoryTakesNothingBack rescans at a node that remembers fewer slots than a rescan covers: nothing is rolled back
// for being forgotten.
func TestShortHistoryTakesNothingBack(t *testing.T) {
	c := newCluster(t)
	c.history(20, 2)
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()
	for range 40 {
		c.tick(2)
		c.lock(func() { c.first = max(c.first, c.slot-20) })
	}

	stop := c.run(2)
	defer stop()

	top := r.feed.Status().Slot
	for n := range 5 {
		c.lock(func() { c.first = c.slot - 20 })
		r.feed.Rescan()
		r.until("a checkpoint", func() bool { return r.checkpoint > top+market.Slot(10*n) })
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rolledBack) > 0 {
		t.Errorf("%d transactions that the chain holds were rolled back", len(r.rolledBack))
	}
}

// TestRollbackNeedsAPositiveSign takes a transaction out of lists and statuses. It is rolled back when its block lacks it or
// the chain passed its slot over, and stays when nobody can tell.
func TestRollbackNeedsAPositiveSign(t *testing.T) {
	for _, one := range []struct {
		name    string
		block   func(c *cluster, asked, slot market.Slot) (any, *rpcError, bool)
		removed bool
	}{
		{"the block lacks it", func(*cluster, market.Slot, market.Slot) (any, *rpcError, bool) { return nil, nil, false }, true},
		{"passed over", func(_ *cluster, asked, slot market.Slot) (any, *rpcError, bool) {
			if asked == slot {
				return nil, &rpcError{codeSlotSkipped, "Slot was skipped, or missing due to ledger jump"}, true
			}
			return map[string]any{"signatures": []string{}, "parentSlot": slot - 1}, nil, asked == slot+1
		}, true},
		{"lost by the node", func(_ *cluster, asked, slot market.Slot) (any, *rpcError, bool) {
			if asked == slot {
				return nil, &rpcError{codeSlotSkipped, "Slot was skipped, or missing due to ledger jump"}, true
			}
			return nil, nil, false // the next block builds on this one
		}, false},
		{"no blocks", func(*cluster, market.Slot, market.Slot) (any, *rpcError, bool) {
			return nil, &rpcError{-32601, "Method not found"}, true
		}, false},
	} {
		t.Run(one.name, func(t *testing.T) {
			c := newCluster(t)
			c.history(40, 1)
			r := start(t, testConfig(c.endpoint()), 0)
			r.live()
			all := c.ledger()
			r.until("history", func() bool { return r.has(all) })

			taken := all[20]
			c.lock(func() {
				c.txs = slices.Delete(c.txs, 20, 21)
				c.override = func(request rpcRequest) (any, *rpcError, bool) {
					if request.Method != "getBlock" {
						return nil, nil, false
					}
					var asked market.Slot
					_, _ = fmt.Sscan(string(request.Params[0]), &asked)
					return one.block(c, asked, taken.slot)
				}
			})
			r.feed.Rescan()
			if one.removed {
				r.until("the rollback", func() bool { return len(r.rolledBack) == 1 && r.rolledBack[0] == taken.signature })
				return
			}

			r.until("a gap", func() bool { return covered(r.sink, taken.slot) })
			r.mu.Lock()
			defer r.mu.Unlock()
			if _, kept := r.txs[taken.signature]; !kept {
				t.Error("it was rolled back")
			}
		})
	}
}

// TestWrongListsLoseNothing gives lists that contradict what is known, after a stop and after an outage: once, or always.
// What they leave out is read, or a gap says so; the checkpoint does not pass it without one.
func TestWrongListsLoseNothing(t *testing.T) {
	wrong := map[string]func(list []any) []any{
		"empty": func([]any) []any { return []any{} },
		"gap":   func(list []any) []any { return slices.Delete(list, len(list)/4, len(list)-len(list)/4) },
		"late":  func(list []any) []any { return list[min(len(list), 30):] },
	}
	for name, spoil := range wrong {
		for _, times := range []int{1, 3, 1 << 30} {
			if name == "late" && times == 1<<30 {
				continue // a node that never lists the newest, and contradicts nothing
			}
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %d times, restart %v", name, times, restart), func(t *testing.T) {
					c := newCluster(t)
					c.history(100, 1)
					config := testConfig(c.endpoint())
					r := start(t, config, 0)
					r.live()
					r.until("a checkpoint", func() bool { return r.checkpoint > 1080 })

					resume, txs := r.checkpoint, r.txs
					if restart {
						if err := r.stop(); err != nil {
							t.Fatal(err)
						}
						config.Recall = recallFrom(txs)
					} else {
						c.lock(func() { c.refuse = true })
						c.cut()
						r.status("down", func(s Status) bool { return s.State == Reconnecting })
					}

					c.history(60, 1)
					left := times
					c.lock(func() {
						c.refuse = false
						c.override = func(request rpcRequest) (any, *rpcError, bool) {
							if request.Method != "getSignaturesForAddress" || left == 0 {
								return nil, nil, false
							}
							left--
							result, problem := c.result(request)
							list, _ := result.([]any)
							return spoil(list), problem, true
						}
					})
					if restart {
						r = start(t, config, resume, func(s *sink) { s.txs = txs })
					}

					r.live()
					stop := c.run(0) // so that they become final
					defer stop()

					all := c.ledger()
					r.until("all of it, or gaps", func() bool {
						for _, tx := range all {
							if got, ok := r.txs[tx.signature]; (!ok || got.Slot != tx.slot) && !covered(r.sink, tx.slot) {
								return false
							}
						}
						return r.checkpoint > all[len(all)-1].slot
					})
					if times < 1<<30 {
						r.until("all of it", func() bool { return r.has(all) })
					}

					r.mu.Lock()
					defer r.mu.Unlock()
					if len(r.rolledBack) > 0 {
						t.Errorf("%d rolled back", len(r.rolledBack))
					}
				})
			}
		}
	}
}

// TestUndatedSlotsAreDatedByTheirNeighbours: the oldest slots have no block time. They get one near that of the slots
// after them, the same at every start; without any block time nothing is dated, and gaps say so.
func TestUndatedSlotsAreDatedByTheirNeighbours(t *testing.T) {
	c := newCluster(t)
	c.history(60, 1)
	c.undated = func(slot market.Slot) bool { return slot < 1010 || slot == 1040 }
	all := c.ledger()
	config := testConfig(c.endpoint())
	r := start(t, config, 0)
	r.until("history", func() bool { return len(r.txs) == len(all) && r.checkpoint > 1040 })
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}

	first := r.txs
	for _, tx := range all {
		got, want := first[tx.signature], testTime(tx.slot)
		if got.Provisional != c.undated(tx.slot) || got.BlockTime < want-2 || got.BlockTime > want+2 {
			t.Errorf("slot %d has time %d, provisional %v; its own is %d", tx.slot, got.BlockTime, got.Provisional, want)
		}
	}

	config.Recall = recallFrom(first)
	again := start(t, config, 1030)
	again.live()
	again.until("a checkpoint", func() bool { return again.checkpoint > 1040 })
	again.feed.Rescan()
	again.status("a second", func(s Status) bool { return again.feed.Status().State == Connected })
	again.mu.Lock()
	for signature, tx := range again.txs {
		if old := first[signature]; old.BlockTime != tx.BlockTime {
			t.Errorf("slot %d was dated %d, and then %d", tx.Slot, old.BlockTime, tx.BlockTime)
		}
	}

	again.mu.Unlock()
}

func TestWithoutAnyBlockTimeNothingIsDated(t *testing.T) {
	c := newCluster(t)
	c.history(30, 1)
	c.undated = func(market.Slot) bool { return true }
	all := c.ledger()
	config := testConfig(c.endpoint())
	config.TimeWait = 20 * time.Millisecond
	r := start(t, config, 0)
	stop := c.run(1)
	defer stop()
	r.until("gaps", func() bool { return covered(r.sink, all[0].slot) && covered(r.sink, all[20].slot) })
	r.mu.Lock()
	if len(r.txs) > 0 {
		t.Errorf("%d transactions were dated by nothing", len(r.txs))
	}
	r.mu.Unlock()
	c.lock(func() { c.undated = nil })
	r.until("all of it", func() bool { return r.has(all) && open(r.gaps) == 0 })
}

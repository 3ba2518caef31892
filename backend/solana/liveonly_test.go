package solana

import (
	"slices"
	"testing"

	"spinscope/backend/market"
)

// liveGaps are the stretches that an address which is followed live only may have missed, as they stand in the end, ascending.
// The sink is locked.
func (s *sink) liveGaps(t *testing.T, address market.Pubkey) (list []market.Gap) {
	t.Helper()
	for _, gap := range s.gaps {
		if gap.Address != address {
			t.Errorf("a gap of another address: %+v", gap)
			continue
		}
		if gap.Cause != CauseLive {
			t.Errorf("%+v", gap)
		}
		same := func(other market.Gap) bool { return sameGap(&other, &gap) }
		if gap.State == market.GapReplaced {
			if !slices.ContainsFunc(list, same) {
				t.Errorf("%+v replaces nothing", gap)
			}
			list = slices.DeleteFunc(list, same)
			continue
		}
		list = append(list, gap)
	}
	slices.SortFunc(list, func(a, b market.Gap) int { return int(a.From) - int(b.From) }) //nolint:gosec // small
	return list
}

// inGap reports whether a slot lies in one of the gaps.
func inGap(gaps []market.Gap, slot market.Slot) bool {
	return slices.ContainsFunc(gaps, func(gap market.Gap) bool { return gap.From <= slot && slot <= gap.To })
}

// whole expects that all of an address is there but for what lies in a gap, and that each of those gaps misses something or
// touches a connection's end. The sink is locked.
func (r *rig) whole(t *testing.T, ledger []ledgerTx, address market.Pubkey, gaps []market.Gap) (missing int) {
	t.Helper()
	for _, tx := range of(ledger, address) {
		got, ok := r.txs[tx.signature]
		switch {
		case !ok && !inGap(gaps, tx.slot):
			t.Errorf("%s in slot %d is missing, and in no gap of %+v", tx.signature, tx.slot, gaps)
		case !ok:
			missing++
		case got.Slot != tx.slot || got.BlockTime != testTime(tx.slot) || got.Provisional:
			t.Errorf("%s of slot %d: %+v", tx.signature, tx.slot, got)
		}
	}
	return missing
}

// TestLiveOnly follows an address of which no history is read, beside the program and an address that is read whole. What was
// not told is a gap, from the beginning of the chain on, after a connection that ended and after a restart; nothing outside of it
// is missing, nobody lists the address, and the others are as whole as ever.
func TestLiveOnly(t *testing.T) {
	c := newCluster(t)
	a, b, p := testAddress(1), testAddress(2), testProgram
	lists := 0
	c.lock(func() {
		c.override = func(request rpcRequest) (any, *rpcError, bool) {
			if request.Method == "getSignaturesForAddress" && string(request.Params[0]) == `"`+a.String()+`"` {
				lists++
			}
			return nil, nil, false
		}
	})
	write := func(slots int) {
		for range slots {
			c.tickOf([]market.Pubkey{a}, []market.Pubkey{p}, []market.Pubkey{a, b}, []market.Pubkey{a, p}, []market.Pubkey{b})
		}
	}
	write(30)

	r := start(t, testConfig(c.endpoint()), 0)
	follow(t, r.feed, Following{Address: a, Live: true})
	follow(t, r.feed, Following{Address: b})
	r.live()
	stop := c.run(0)
	r.address("it is live", a, isConnected)
	r.address("the other is live", b, isConnected)
	stop()
	write(60)
	stop = c.run(0)
	r.same("the others", c.ledger(), p, b)
	first := c.ledger()
	r.sink.until("all that is told", func() bool { return r.of(a).slot >= first[len(first)-1].slot })
	r.mu.Lock()
	gaps := r.liveGaps(t, a)
	if len(gaps) != 1 || gaps[0].From != 0 || gaps[0].State != market.GapUnfillable || gaps[0].To < first[0].slot+29 {
		t.Errorf("at first: %+v", gaps)
	}
	if r.whole(t, first, a, gaps) < 10 {
		t.Error("what was before was read")
	}
	r.mu.Unlock()

	// A connection that ends: what happens meanwhile is a gap of its own.
	stop()
	c.cut()
	write(40)
	stop = c.run(0)
	r.sink.until("the second gap", func() bool { return len(r.liveGaps(t, a)) == 2 })
	r.address("it is live again", a, isConnected)
	stop()
	write(20)
	stop = c.run(0)
	r.same("the others after the connection ended", c.ledger(), p, b)
	second := c.ledger()
	r.sink.until("all that is told then", func() bool { return r.of(a).slot >= second[len(second)-1].slot })
	r.mu.Lock()
	gaps = r.liveGaps(t, a)
	before := r.whole(t, second, a, gaps)
	if len(gaps) != 2 || gaps[1].To-gaps[1].From < 30 || before < 10 {
		t.Errorf("after the connection ended: %+v, %d missing", gaps, before)
	}
	reached := r.of(a).checkpoint
	if reached < gaps[1].To {
		t.Errorf("its checkpoint is %d", reached)
	}
	r.mu.Unlock()
	stop()
	r.stop()
	write(30)

	// A restart goes on from the checkpoint.
	next := start(t, testConfig(c.endpoint()), 0)
	follow(t, next.feed, Following{Address: a, Live: true, From: reached})
	stop = c.run(0)
	defer stop()
	next.address("it is live after a restart", a, isConnected)
	next.sink.until("the gap of the restart", func() bool { return len(next.liveGaps(t, a)) == 1 })
	next.mu.Lock()
	gaps = next.liveGaps(t, a)
	if gaps[0].From > reached+1 || gaps[0].From+lateSlots < reached {
		t.Errorf("after a restart at %d: %+v", reached, gaps)
	}
	next.mu.Unlock()
	c.lock(func() {
		if lists > 0 {
			t.Errorf("its transactions were listed %d times", lists)
		}
	})
}

// TestLiveOnlyLosesNothingUnseen: what is told faster than it is taken, and what cannot be read, is a gap too.
func TestLiveOnlyLosesNothingUnseen(t *testing.T) {
	c := newCluster(t)
	a := testAddress(1)
	config := testConfig(c.endpoint())
	config.buffered = 20
	r := start(t, config, 0)
	follow(t, r.feed, Following{Address: a, Live: true})
	r.live()
	stop := c.run(0)
	r.address("it is live", a, isConnected)
	stop()

	hold := make(chan struct{})
	r.mu.Lock()
	r.hold = hold
	r.mu.Unlock()
	for range 40 {
		c.tickOf([]market.Pubkey{a}, []market.Pubkey{a}, []market.Pubkey{a})
	}
	close(hold)
	stop = c.run(0)
	r.sink.until("a second gap", func() bool { return len(r.liveGaps(t, a)) == 2 || r.liveGaps(t, a)[0].To > 40 })
	stop()
	c.send([]byte(`{"jsonrpc":"2.0","method":"logsNotification","params":{"result":{"context":{"slot"`))
	for range 30 {
		c.tickOf([]market.Pubkey{a})
	}
	stop = c.run(0)
	defer stop()
	last := c.ledger()[len(c.ledger())-1].slot
	r.sink.until("all that is told", func() bool { return r.of(a).slot > last })
	r.mu.Lock()
	defer r.mu.Unlock()
	gaps := r.liveGaps(t, a)
	r.whole(t, c.ledger(), a, gaps)
}

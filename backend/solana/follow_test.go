package solana

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program"
)

// testAddress is the n-th address beside the program.
func testAddress(n int) (address market.Pubkey) {
	copy(address[:], fmt.Sprintf("followed address %d", n))
	return address
}

// tickOf ends the current slot with a transaction for each list of addresses.
func (c *cluster) tickOf(names ...[]market.Pubkey) []ledgerTx {
	n := -1
	return c.tickWith(len(names), func(tx *ledgerTx) {
		n++
		tx.names = names[n]
	})
}

// of is the part of a ledger that names an address.
func of(ledger []ledgerTx, address market.Pubkey) []ledgerTx {
	return slices.DeleteFunc(slices.Clone(ledger), func(tx ledgerTx) bool { return !tx.mentions(address) })
}

// recall is Config.Recall over what the sink holds.
func (s *sink) recall(_ context.Context, _ market.Pubkey, from, to market.Slot, visit func(market.Transaction) bool) error {
	s.mu.Lock()
	list := slices.SortedFunc(maps.Values(s.txs), func(a, b market.Transaction) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Index, b.Index))
	})
	s.mu.Unlock()
	for i, tx := range list {
		next := i+1 < len(list) && list[i+1].Slot < from
		if tx.Slot > to || tx.Slot < from && next {
			continue
		}
		if !visit(tx) {
			return nil
		}
	}
	return nil
}

// wrong says how what the sink holds of an address differs from the ledger; "" when it does not. mu is held.
func (s *sink) wrong(ledger []ledgerTx, address market.Pubkey) string {
	last, before := market.Position{}, market.Signature{}
	for i, tx := range of(ledger, address) {
		got, ok := s.txs[tx.signature]
		at := market.Position{Slot: got.Slot, Index: got.Index}
		switch {
		case !ok:
			return fmt.Sprintf("%s in slot %d is missing", tx.signature, tx.slot)
		case got.Slot != tx.slot, got.Provisional, got.BlockTime != testTime(tx.slot), !slices.Equal(got.Logs, tx.logs):
			return fmt.Sprintf("%s is in slot %d at %d (an estimate: %v), not in slot %d", tx.signature, got.Slot, got.BlockTime, got.Provisional, tx.slot)
		case i > 0 && at.Compare(last) <= 0:
			return fmt.Sprintf("%s at %v does not stand behind %v: %q, %q", tx.signature, at, last, s.traces[tx.signature], s.traces[before])
		}
		last, before = at, tx.signature
	}
	return ""
}

// same waits until the sink holds of each address what the ledger has.
func (r *rig) same(what string, ledger []ledgerTx, addresses ...market.Pubkey) {
	r.t.Helper()
	deadline := time.After(patience)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()

	for {
		text := ""
		r.mu.Lock()
		for n, address := range addresses {
			if wrong := r.wrong(ledger, address); wrong != "" {
				text = fmt.Sprintf("address %d: %s", n, wrong)
				break
			}
		}

		r.mu.Unlock()
		if text == "" {
			return
		}

		select {
		case <-ticker.C:
		case <-deadline:
			r.t.Fatalf("%s: not within 30 s: %s\n%+v", what, text, r.feed.Addresses())
		}
	}
}

// address waits for a condition over the status of an address.
func (r *rig) address(what string, address market.Pubkey, ok func(AddressStatus) bool) {
	r.t.Helper()
	deadline := time.After(patience)
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for {
		list := r.feed.Addresses()
		if i := slices.IndexFunc(list, func(s AddressStatus) bool { return s.Address == address }); i >= 0 && ok(list[i]) {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			r.t.Fatalf("%s: not within 30 s: %+v", what, list)
		}
	}
}

func isConnected(s AddressStatus) bool { return s.State == Connected }

func follow(t *testing.T, feed *Feed, what Following) {
	t.Helper()
	if err := feed.Follow(what); err != nil {
		t.Fatal(err)
	}
}

// Addresses are followed beside the program, from their histories on: each of their transactions comes once, whoever it
// names, in the order of the chain; and when one is not followed any more nothing of it alone comes.
func TestFollow(t *testing.T) {
	c := newCluster(t)
	a, b, p := testAddress(1), testAddress(2), testProgram
	for range 30 {
		c.tickOf([]market.Pubkey{a}, []market.Pubkey{p}, []market.Pubkey{a, b}, []market.Pubkey{b}, []market.Pubkey{p, a})
		c.tickOf([]market.Pubkey{b})
	}

	config := testConfig(c.endpoint())
	r := start(t, config, 0)
	follow(t, r.feed, Following{Address: b})
	r.live()
	follow(t, r.feed, Following{Address: a})
	follow(t, r.feed, Following{Address: p}) // as it is

	stop := c.run(0)
	r.address("b is live", b, isConnected)
	r.address("a is live", a, isConnected)
	stop()
	for range 50 {
		c.tickOf([]market.Pubkey{a, p}, []market.Pubkey{b}, []market.Pubkey{a}, []market.Pubkey{a, b, p})
	}

	stop = c.run(0)
	defer stop()

	r.same("all of it", c.ledger(), p, a, b)
	r.mu.Lock()
	for _, tx := range c.ledger() {
		if got := r.txs[tx.signature]; got.Addresses != nil && !tx.mentions(got.Addresses[0]) {
			t.Errorf("a transaction of %v came as one of %v", tx.names, got.Addresses)
		}
	}

	if len(r.gaps) != 0 {
		t.Errorf("gaps %+v", r.gaps)
	}
	r.mu.Unlock()
	if list := r.feed.Addresses(); len(list) != 3 || list[0].Address != p || list[1].Address != b || list[2].Address != a {
		t.Errorf("%+v", list)
	}

	r.feed.Unfollow(a)
	r.feed.Unfollow(a)
	alone := c.tickOf([]market.Pubkey{a})
	both := c.tickOf([]market.Pubkey{a, b}, []market.Pubkey{a, p})
	r.same("what others name", both, b, p)
	r.mu.Lock()
	if _, here := r.txs[alone[0].signature]; here {
		t.Error("a transaction of an address came that is not followed any more")
	}

	at := r.of(a).checkpoint
	r.mu.Unlock()
	follow(t, r.feed, Following{Address: a, From: at})
	r.same("what was missed meanwhile", c.ledger(), p, a, b)
}

// What comes live, by several subscriptions in any order, is delivered once and at once.
func TestFollowDeliversOnce(t *testing.T) {
	c := newCluster(t)
	a, b, p := testAddress(1), testAddress(2), testProgram
	c.history(3, 1)
	config := testConfig(c.endpoint())
	config.TimeWait = patience // none comes twice for want of a block time, however busy the machine is
	r := start(t, config, 0)
	follow(t, r.feed, Following{Address: a})
	follow(t, r.feed, Following{Address: b})
	r.address("a is live", a, isConnected)
	r.address("b is live", b, isConnected)
	r.live()
	c.lock(func() { c.repeat = func(ledgerTx, market.Pubkey) int { return 2 } })

	var sent []ledgerTx
	for range 100 {
		sent = append(sent, c.tickOf([]market.Pubkey{a, b, p})...)
	}

	defer c.run(0)()
	r.same("all of it", c.ledger(), p, a, b)
	for _, address := range []market.Pubkey{a, b, p} {
		r.address("chain time passes it", address, func(s AddressStatus) bool { return s.Delivered > sent[len(sent)-1].slot+20 })
	}

	r.mu.Lock()
	defer r.mu.Unlock()

	for _, tx := range sent {
		if n := r.deliveries[tx.signature]; n != 1 {
			t.Errorf("%s came %d times", tx.signature, n)
		}
	}
}

// An endpoint that grants only so many subscriptions: the address beyond says so and is read by lists, the others go on; its chain
// time is not beyond what is final. When it is granted later it is read on, and each transaction came once.
func TestFollowRefused(t *testing.T) {
	c := newCluster(t)
	c.limit = 3 // of the program and two others
	c.history(5, 2)
	a, b, late := testAddress(1), testAddress(2), testAddress(3)
	config := testConfig(c.endpoint())
	config.refusedPause = 20 * time.Millisecond
	config.TimeWait = patience // as above
	r := start(t, config, 0)
	follow(t, r.feed, Following{Address: a})
	r.address("a is live", a, isConnected)
	follow(t, r.feed, Following{Address: b})
	r.address("b is live", b, isConnected)
	follow(t, r.feed, Following{Address: late})
	r.address("the third is refused", late, func(s AddressStatus) bool {
		return s.State == Refused && strings.Contains(s.LastError, "no more subscriptions") &&
			strings.Contains(s.LastError, "read by lists instead") && !s.RetryAt.IsZero()
	})

	missed := c.tickOf([]market.Pubkey{late}, []market.Pubkey{a}, []market.Pubkey{b})
	defer c.run(0)()

	r.same("the others go on", c.ledger()[:len(c.ledger())-1], a, b)
	r.same("it is read by lists", missed[:1], late)
	r.address("it is refused all the same", late, func(s AddressStatus) bool {
		return s.State == Refused && s.Delivered > missed[0].slot && s.Backfill == Backfill{}
	})
	if s := r.feed.Status(); s.State != Connected || s.Reconnects != 0 {
		t.Errorf("%+v", s)
	}
	r.feed.Unfollow(a)
	r.address("its place is the third's", late, isConnected)
	more := c.tickOf([]market.Pubkey{late})
	r.same("it goes on", []ledgerTx{missed[0], more[0]}, late)

	r.mu.Lock()
	defer r.mu.Unlock()
	for _, tx := range []ledgerTx{missed[0], more[0]} {
		if n := r.deliveries[tx.signature]; n != 1 {
			t.Errorf("%s came %d times", tx.signature, n)
		}
	}
	if n := strings.Count(r.log.String(), `level=WARN msg="an address is refused"`); n != 1 {
		t.Errorf("that it is refused was told %d times", n)
	}
}

// However many addresses are followed, that the connection is behind the cluster is told once, and so is that it is level again.
func TestBehindIsReportedOnce(t *testing.T) {
	c := newCluster(t)
	a, b, p := testAddress(1), testAddress(2), testProgram
	c.history(3, 1)
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()
	for _, address := range []market.Pubkey{a, b} {
		follow(t, r.feed, Following{Address: address})
		r.address("it is live", address, isConnected)
	}

	lag := func(what string, ok func(lag uint64) bool) {
		t.Helper()
		for _, address := range []market.Pubkey{p, a, b} {
			r.address(what, address, func(s AddressStatus) bool { return ok(s.Lag) })
		}
	}

	c.lock(func() { c.mute = true })
	for range 40 {
		c.tick(0)
	}

	lag("it is behind", func(lag uint64) bool { return lag > 30 })
	c.lock(func() { c.mute = false })
	c.tick(0)
	lag("it is level", func(lag uint64) bool { return lag == 0 })

	for _, word := range []string{"behind the cluster", "level with the cluster again"} {
		if n := strings.Count(r.log.String(), word); n != 1 {
			t.Errorf("told %d times: %s", n, word)
		}
	}
}

// An address that waits for its turn to read history keeps nothing of what comes live meanwhile: its history has it, once.
func TestWhoWaitsForATurnKeepsNothing(t *testing.T) {
	c := newCluster(t)
	a, waits := testAddress(1), testAddress(2)
	c.history(3, 1)
	r := start(t, testConfig(c.endpoint()), 0)
	follow(t, r.feed, Following{Address: a})
	r.address("a is live", a, isConnected)
	r.feed.mu.Lock()

	running := r.feed.running
	r.feed.mu.Unlock()
	for range maxTurns { // as many others do that do not get on
		running.turns <- struct{}{}
	}

	follow(t, r.feed, Following{Address: waits})
	subscribed := func() (is bool) {
		c.lock(func() {
			for p := range c.peers {
				for _, address := range p.logs {
					is = is || address == waits
				}
			}
		})
		return is
	}
	polltest.Until(t, "it is subscribed", subscribed)

	var sent []ledgerTx
	for range 50 {
		sent = append(sent, c.tickOf([]market.Pubkey{waits, a})...)
	}

	stop := c.run(0)
	r.same("a has them all", sent, a) // so they have passed the queue of the other
	if n := running.waiting.Load(); n != 0 {
		t.Errorf("%d bytes wait", n)
	}

	for range maxTurns {
		<-running.turns
	}
	r.same("its history has them", sent, waits)
	r.address("it is live", waits, isConnected)
	stop()
	sent = append(sent, c.tickOf([]market.Pubkey{waits})...)
	defer c.run(0)()
	r.same("and what comes then", sent, waits)
}

// More addresses than the bound are refused.
func TestFollowIsBounded(t *testing.T) {
	feed := New(testConfig())
	for n := range MaxFollowed {
		follow(t, feed, Following{Address: testAddress(n)})
	}
	if err := feed.Follow(Following{Address: testAddress(MaxFollowed)}); err == nil {
		t.Error("one more is followed")
	}
	follow(t, feed, Following{Address: testAddress(7)})
	feed.Unfollow(testAddress(3))
	follow(t, feed, Following{Address: testAddress(MaxFollowed)})
	if n := len(feed.Addresses()); n != MaxFollowed+1 {
		t.Errorf("%d addresses", n)
	}
}

// A gap says which address it is of, and is filled when the endpoint has what it misses.
func TestFollowGaps(t *testing.T) {
	c := newCluster(t)
	a := testAddress(1)
	for range 40 {
		c.tickOf([]market.Pubkey{a}, []market.Pubkey{testProgram})
	}

	kept := c.ledger()[40].slot
	c.lock(func() { c.first = kept })
	config := testConfig(c.endpoint())
	config.MendInterval = 20 * time.Millisecond
	config.BackfillLimit = 5
	r := start(t, config, 0)
	follow(t, r.feed, Following{Address: a})
	defer c.run(0)()

	r.until("a gap of the address", func() bool {
		return slices.ContainsFunc(r.gaps, func(g market.Gap) bool {
			return g.Address == a && g.From == 0 && g.To == kept-1 && g.Cause == CauseForgotten && g.State == market.GapOpen
		})
	})
	r.mu.Lock()
	for _, gap := range r.gaps {
		if gap.Address != a && !gap.Address.IsZero() || gap.Cause == CauseLimit && !gap.Address.IsZero() {
			t.Errorf("%+v", gap)
		}
	}

	r.mu.Unlock()
	if err := r.feed.Extend(t.Context(), market.Gap{Address: testAddress(9), To: 5}, 0); err == nil {
		t.Error("a gap of an address that is not followed was read")
	}

	c.lock(func() { c.first = 0 })
	r.same("filled", of(c.ledger(), a), a)
	r.until("the gap is filled", func() bool {
		open := map[string]bool{}
		for _, g := range r.gaps {
			if g.Address == a {
				open[fmt.Sprint(g.From, g.To, g.Cause)] = g.State == market.GapOpen
			}
		}
		return !slices.Contains(slices.Collect(maps.Values(open)), true)
	})
}

// When the endpoint fails the followed addresses go on over the next one, from where they were.
func TestFollowFailover(t *testing.T) {
	a, b := testAddress(1), testAddress(2)
	one := newCluster(t)
	for range 10 {
		one.tickOf([]market.Pubkey{a}, []market.Pubkey{a, b}, []market.Pubkey{testProgram, b})
	}

	two := one.twin()
	r := start(t, testConfig(one.endpoint(), two.endpoint()), 0)
	follow(t, r.feed, Following{Address: a})
	follow(t, r.feed, Following{Address: b})
	stop := one.run(0)
	r.address("a is live", a, isConnected)
	r.address("b is live", b, isConnected)
	stop()

	two.lock(func() { two.slot, two.serial = one.slot, one.serial })
	for range 10 {
		two.tickOf([]market.Pubkey{a, testProgram}, []market.Pubkey{b}, []market.Pubkey{b, a})
	}

	one.lock(func() { one.refuse = true })
	one.cut()
	defer two.run(0)()

	r.status("the second is in use", func(s Status) bool { return s.State == Connected && s.Fallback })
	r.address("a is live again", a, isConnected)
	r.address("b is live again", b, isConnected)
	r.same("what the second has", two.ledger(), testProgram, a, b)
	r.mu.Lock()
	defer r.mu.Unlock()

	for signature, n := range r.deliveries {
		if tx := r.txs[signature]; n > 1 && tx.Index < inBlock { // history may put a slot in order that came live
			t.Errorf("%s came %d times", signature, n)
		}
	}

	if len(r.gaps) > 0 {
		t.Errorf("%+v", r.gaps)
	}
}

// A cut log of an address whose program tells its events by self-calls is mended, also when another address, whose program
// does not, has brought the transaction first; and that one is told of a cut log that the other has brought.
func TestFollowRepairsCutLogs(t *testing.T) {
	a := testAddress(1)
	c := newCluster(t)
	c.history(3, 1)
	r := start(t, testConfig(c.endpoint()), 0)
	follow(t, r.feed, Following{Address: a, SelfCalls: true})
	r.live()
	r.address("a is live", a, isConnected)

	var cut []ledgerTx
	for range 20 {
		cut = append(cut, c.tickWith(1, func(tx *ledgerTx) {
			tx.names, tx.inner, tx.logs = []market.Pubkey{testProgram, a}, "[]", []string{program.TruncatedLine}
		})...)
	}

	defer c.run(0)()
	r.same("all of them", cut, testProgram, a)
	r.until("with their self-calls, named by both", func() bool {
		return !slices.ContainsFunc(cut, func(tx ledgerTx) bool {
			got := r.txs[tx.signature]
			return got.Inner == nil || len(got.Addresses) != 2
		})
	})
}

// An address whose history cannot be read says so and is tried again by itself; the others go on.
func TestFollowFails(t *testing.T) {
	a, b := testAddress(1), testAddress(2)
	c := newCluster(t)
	c.tickOf([]market.Pubkey{a}, []market.Pubkey{b})
	c.lock(func() {
		c.override = func(request rpcRequest) (any, *rpcError, bool) {
			if request.Method == "getSignaturesForAddress" && strings.Contains(string(request.Params[0]), a.String()) {
				return nil, &rpcError{-32010, "excluded from account secondary indexes"}, true
			}
			return nil, nil, false
		}
	})

	r := start(t, testConfig(c.endpoint()), 0)
	follow(t, r.feed, Following{Address: a})
	follow(t, r.feed, Following{Address: b})
	r.live()
	r.address("b is live", b, isConnected)
	r.address("a says why it is not", a, func(s AddressStatus) bool {
		return s.State == Reconnecting && strings.Contains(s.LastError, "excluded from account secondary indexes")
	})

	sent := c.tickOf([]market.Pubkey{b, testProgram}, []market.Pubkey{a})
	defer c.run(0)()

	r.same("the others go on", sent[:1], testProgram, b)
	if s := r.feed.Status(); s.State != Connected || s.Reconnects != 0 {
		t.Errorf("%+v", s)
	}
	c.lock(func() { c.override = nil })
	r.same("a is read when it can be", c.ledger(), a)
	r.address("a is live", a, isConnected)
}

// What a gap says of the time before an address did anything is not asked for again.
func TestNothingIsMissingBeforeTheBeginning(t *testing.T) {
	gap := func(from, to market.Slot) market.Gap {
		return market.Gap{From: from, To: to, Cause: CauseForgotten}
	}
	begins := market.Slot(0)
	r := &run{openGaps: []market.Gap{gap(0, 99), gap(110, 130), gap(140, 150)}, begins: func() market.Slot { return begins }}
	for slot, want := range map[market.Slot]int{0: 3, 99: 3, 100: 2, 120: 2, 131: 1, 200: 0} {
		begins = slot
		if got := r.sensibleGaps(); len(got) != want || len(r.openGaps) != 3 {
			t.Errorf("%d gaps are asked for of an address that begins in %d, want %d: %v", len(got), slot, want, got)
		}
	}
	if r.begins = nil; len(r.sensibleGaps()) != 3 {
		t.Error("not all gaps are asked for of an address whose beginning nobody knows")
	}
}

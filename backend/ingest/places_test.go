package ingest_test

import (
	"encoding/base64"
	"log/slog"
	"math"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/registry"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// statedPools are pools in states that a test gives them; those that it does not are asked about.
type statedPools struct {
	states  map[market.Pubkey]market.PlaceState
	learned int
}

func (p *statedPools) At(address market.Pubkey) (market.Place, market.PlaceState) {
	state := p.states[address]
	if state != market.PlaceCounts {
		return market.Place{}, state
	}
	return market.Place{Coin: coinOf(address), Pair: market.MustPair(pumpswap.Program, market.WrappedSOL, 6, 9)}, state
}

func (p *statedPools) Learn(market.Body) { p.learned++ }

// coinOf is the coin that trades in a pool.
func coinOf(pool market.Pubkey) market.Pubkey {
	pool[31] = 1
	return pool
}

// swapIn is a transaction that buys in pools, one after the other.
func swapIn(n byte, slot market.Slot, pools ...market.Pubkey) market.Transaction {
	address := pumpswap.ProgramID.String()
	tx := market.Transaction{Signature: market.Signature{n}, Slot: slot, Index: uint32(n), BlockTime: 1_790_000_000 + int64(slot)}
	for _, pool := range pools {
		event := &pumpswap.Buy{Swap: pumpswap.Swap{
			Pool: pool, BaseAmount: 1000, PoolBaseReserves: 1_000_000, PoolQuoteReserves: 1_000_000, QuoteAmount: 1001, QuoteAmountLPFee: 1002, UserQuoteAmount: 1003,
			Tail: program.Tail{Parts: 1},
		}}
		tx.Logs = append(tx.Logs, "Program "+address+" invoke [1]", program.DataPrefix+base64.StdEncoding.EncodeToString(program.Append(nil, event)), "Program "+address+" success")
	}
	return tx
}

// rigOfPools is a writer that keeps all coins of PumpSwap, over a store.
type rigOfPools struct {
	t     *testing.T
	in    *ingest.Ingest
	store *store.Store
	pools *statedPools
}

func newRigOfPools(t *testing.T) *rigOfPools {
	t.Helper()
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	r := &rigOfPools{t: t, store: s, pools: &statedPools{states: map[market.Pubkey]market.PlaceState{}}}
	r.in = ingest.New(ingest.Config{
		Programs: registry.At(spinpet.ProgramID, true), Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler),
		Whole: []market.Program{pumpswap.Program}, Pools: r.pools,
	}, s, ingest.Resume{})
	if err := r.in.Recover(); err != nil {
		t.Fatal(err)
	}
	return r
}

// batch applies a batch of the program up to a slot.
func (r *rigOfPools) batch(upTo market.Slot, batch market.Batch) {
	r.t.Helper()
	batch.Addresses, batch.Slot, batch.Checkpoint, batch.ChainTime = []market.Pubkey{pumpswap.ProgramID}, upTo, upTo, 1_790_000_000+int64(upTo)
	apply(r.t, r.in, &batch)
}

// stored are the positions of a coin's events.
func (r *rigOfPools) stored(coin market.Pubkey) (list []market.Position) {
	r.t.Helper()
	if err := r.store.MintEvents(coin, market.Position{}, func(e *market.Event) error {
		list = append(list, e.Position)
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return list
}

// reached is how far the program has come by the store, once that was worth a commit.
func (r *rigOfPools) reached() market.Reached {
	r.t.Helper()
	at, _, err := r.store.ReachedBy(pumpswap.ProgramID)
	if err != nil {
		r.t.Fatal(err)
	}
	return at
}

func (r *rigOfPools) gaps() []market.Gap {
	r.t.Helper()
	gaps, err := r.store.Gaps(r.t.Context(), nil, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return gaps
}

// TestEventsWaitForTheirPool: an event of a pool that is looked up is stored when the pool is known, where its transaction stands by
// then, and not at all when that was rolled back or the pool does not count. Meanwhile nothing says that the program was read
// beyond it, so that a stop leaves it in the gap; of others that counts as it comes.
func TestEventsWaitForTheirPool(t *testing.T) {
	r := newRigOfPools(t)
	known, asked, gone, moved, other := market.Pubkey{1}, market.Pubkey{2}, market.Pubkey{3}, market.Pubkey{4}, market.Pubkey{5}
	r.pools.states[known] = market.PlaceCounts

	r.batch(100, market.Batch{Transactions: []market.Transaction{swapIn(1, 100, known)}})
	if at := r.reached(); at.Checkpoint != 100 || at.Slot != 100 || at.ChainTime != 1_790_000_100 {
		t.Errorf("nothing waits, and it has come to %+v", at)
	}
	r.batch(400, market.Batch{Transactions: []market.Transaction{
		swapIn(2, 201, asked, known), swapIn(3, 202, gone), swapIn(4, 203, moved), swapIn(5, 204, other), swapIn(6, 300, known),
	}})
	if at := r.reached(); at.Checkpoint != 200 || at.Slot != 200 || at.ChainTime != 1_790_000_201 {
		t.Errorf("an event of slot 201 waits, and it has come to %+v", at)
	}
	if list := r.stored(coinOf(known)); len(list) != 3 || list[1].Ordinal != program.PumpOrdinals+1 {
		t.Errorf("events of the known pool: %v", list)
	}

	again := swapIn(4, 210, moved) // it stands elsewhere after a fork
	r.batch(410, market.Batch{RolledBack: []market.Signature{{3}}, Transactions: []market.Transaction{again, again}})
	for pool, state := range map[market.Pubkey]market.PlaceState{asked: market.PlaceCounts, gone: market.PlaceCounts, moved: market.PlaceCounts, other: market.PlaceOther} {
		if list := r.stored(coinOf(pool)); len(list) != 0 {
			t.Errorf("events before it is known what trades in pool %d: %v", pool[0], list)
		}
		r.pools.states[pool] = state
	}
	r.batch(700, market.Batch{})
	for pool, want := range map[market.Pubkey]market.Slot{asked: 201, gone: 0, moved: 210, other: 0} {
		list := r.stored(coinOf(pool))
		if want == 0 && len(list) > 0 || want > 0 && (len(list) != 1 || list[0].Slot != want) {
			t.Errorf("events of pool %d: %v, want one of slot %d", pool[0], list, want)
		}
	}
	if at := r.reached(); at.Checkpoint != 700 {
		t.Errorf("nothing waits any more, and it has come to %+v", at)
	}
	if gaps := r.gaps(); len(gaps) > 0 {
		t.Errorf("gaps %+v", gaps)
	}
	if r.pools.learned == 0 {
		t.Error("the pools learned nothing of what happens")
	}
}

// TestUnknownPoolsAreGaps: what nobody could look up is left out, and lies in a gap of the program that says so: one for
// stretches that are near each other, and a further one for what is far away.
func TestUnknownPoolsAreGaps(t *testing.T) {
	r := newRigOfPools(t)
	unknown, late := market.Pubkey{1}, market.Pubkey{2}
	r.pools.states[unknown] = market.PlaceUnknown
	r.batch(1200, market.Batch{Transactions: []market.Transaction{
		swapIn(1, 1000, unknown), swapIn(2, 1003, unknown), swapIn(3, 1100, unknown), swapIn(4, 1200, late),
	}})
	r.pools.states[late] = market.PlaceUnknown
	r.batch(5100, market.Batch{Transactions: []market.Transaction{swapIn(5, 5000, unknown), swapIn(6, 5000, unknown)}})

	want := []market.Gap{
		{From: 1000, To: 1200, Cause: ingest.CausePlace, State: market.GapUnfillable, Address: pumpswap.ProgramID},
		{From: 5000, To: 5000, Cause: ingest.CausePlace, State: market.GapUnfillable, Address: pumpswap.ProgramID},
	}
	got := r.gaps()
	for i := range got {
		got[i].Seq = 0
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v, want %+v", got, want)
	}
	if at := r.reached(); at.Checkpoint != 5100 {
		t.Errorf("it has come to %+v", at)
	}
}

// TestForeignPoolsOpen: that somebody opens a pool which counts for no series stores nothing.
func TestForeignPoolsOpen(t *testing.T) {
	r := newRigOfPools(t)
	own, foreign := market.Pubkey{1}, market.Pubkey{2}
	r.pools.states[own], r.pools.states[foreign] = market.PlaceCounts, market.PlaceOther
	address := pumpswap.ProgramID.String()
	for n, pool := range []market.Pubkey{own, foreign} {
		tx := swapIn(byte(n), market.Slot(10+n)) //nolint:gosec // two
		event := &pumpswap.CreatePool{Pool: pool, BaseMint: coinOf(pool), QuoteMint: market.WrappedSOL, BaseMintDecimals: 6, QuoteMintDecimals: 9, Tail: program.Tail{Parts: 1}}
		tx.Logs = []string{"Program " + address + " invoke [1]", program.DataPrefix + base64.StdEncoding.EncodeToString(program.Append(nil, event)), "Program " + address + " success"}
		r.batch(20, market.Batch{Transactions: []market.Transaction{tx}})
	}
	if own, foreign := r.stored(coinOf(own)), r.stored(coinOf(foreign)); len(own) != 1 || len(foreign) != 0 {
		t.Errorf("own %v, foreign %v", own, foreign)
	}
}

// followsOne follows one coin, which has one pool.
type followsOne struct{ pool market.Pubkey }

func (f followsOne) Follows(coin market.Pubkey) bool { return coin == coinOf(f.pool) }

func (f followsOne) At(place market.Pubkey) (market.Place, bool) {
	return market.Place{Coin: coinOf(f.pool), Pair: market.MustPair(pumpswap.Program, market.WrappedSOL, 6, 9)}, place == f.pool
}

// TestWhatIsShownAgainStaysLeftOut: a transaction that holds an event of a followed coin and others of coins that nobody follows is
// shown a second time, as when its log came whole then. Only what was kept is kept.
func TestWhatIsShownAgainStaysLeftOut(t *testing.T) {
	s, err := store.Open(store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	followed, foreign := market.Pubkey{1}, market.Pubkey{2}
	in := ingest.New(ingest.Config{
		Programs: registry.At(spinpet.ProgramID, true), Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler), Coins: followsOne{followed},
	}, s, ingest.Resume{})
	if err := in.Recover(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		apply(t, in, &market.Batch{Slot: 9, Transactions: []market.Transaction{swapIn(1, 9, followed, foreign), swapOfStranger(2, 9)}})
	}
	if n := s.Stats().Total; n != 1 {
		t.Errorf("%d events are stored, one is of a followed coin", n)
	}
}

// swapOfStranger is a trade of a coin of pump that nobody follows.
func swapOfStranger(n byte, slot market.Slot) market.Transaction {
	address := pump.ProgramID.String()
	tx := swapIn(n, slot)
	event := &pump.Trade{Mint: market.Pubkey{77}, SolAmount: 5, TokenAmount: 6, VirtualSolReserves: 7, VirtualTokenReserves: 8, Tail: program.Tail{Parts: 1}}
	tx.Logs = []string{"Program " + address + " invoke [1]", program.DataPrefix + base64.StdEncoding.EncodeToString(program.Append(nil, event)), "Program " + address + " success"}
	return tx
}

// TestLiesAndNonsenseOfPools: another program that logs the openings and trades of PumpSwap, around it or by itself, opens and trades
// nothing, and no pool is looked up for it; amounts that overflow, or take more than there is, are stored without a price and make
// no candle.
func TestLiesAndNonsenseOfPools(t *testing.T) {
	r := newRigOfPools(t)
	pool, liar := market.Pubkey{1}, market.Pubkey{66}.String()
	r.pools.states[pool] = market.PlaceCounts
	address := pumpswap.ProgramID.String()
	line := func(body program.Growing) string {
		return program.DataPrefix + base64.StdEncoding.EncodeToString(program.Append(nil, body))
	}
	opening := line(&pumpswap.CreatePool{Pool: pool, BaseMint: coinOf(pool), QuoteMint: market.WrappedSOL, BaseMintDecimals: 19, Tail: program.Tail{Parts: 1}})
	buy := swapIn(1, 9, pool).Logs[1]

	lie := swapIn(1, 9)
	lie.Logs = []string{
		"Program " + liar + " invoke [1]", opening, buy, "Program " + address + " invoke [2]", "Program " + address + " success", opening, buy, "Program " + liar + " success", opening, buy,
	}
	r.batch(20, market.Batch{Transactions: []market.Transaction{lie}})
	if list := r.stored(coinOf(pool)); len(list) > 0 || r.pools.learned > 0 || r.in.Counters().Foreign != 6 {
		t.Errorf("stored %v, learned %d, %d foreign lines", list, r.pools.learned, r.in.Counters().Foreign)
	}

	const largest = ^uint64(0)
	for n, swap := range []pumpswap.Swap{
		{Pool: pool, BaseAmount: 1001, PoolBaseReserves: 1000, PoolQuoteReserves: 1, QuoteAmount: 1, UserQuoteAmount: 1},                                                        // more than there is
		{Pool: pool, BaseAmount: largest - 1, PoolBaseReserves: largest, PoolQuoteReserves: largest, QuoteAmount: largest, QuoteAmountLPFee: largest, UserQuoteAmount: largest}, // a price that does not fit
		{Pool: pool, PoolQuoteReserves: 1, VirtualQuoteReserves: market.I128{Hi: math.MinInt64}, BaseAmount: 1, PoolBaseReserves: 2, QuoteAmount: 1, UserQuoteAmount: 1 << 50},  // the least there is
	} {
		swap.Tail = program.Tail{Parts: 6}
		tx := swapIn(byte(10+n), market.Slot(100+n)) //nolint:gosec // few
		tx.Logs = []string{"Program " + address + " invoke [1]", line(&pumpswap.Buy{Swap: swap}), "Program " + address + " success"}
		r.batch(200, market.Batch{Transactions: []market.Transaction{tx}})
	}
	if list := r.stored(coinOf(pool)); len(list) != 3 {
		t.Errorf("%d events are stored", len(list))
	}
	candles, err := r.store.CandlesBetween(coinOf(pool), market.D1, 0, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	if len(candles) > 0 || r.in.Counters().BadPrice != 3 {
		t.Errorf("candles %+v, %d bad prices", candles, r.in.Counters().BadPrice)
	}
	r.batch(210, market.Batch{Transactions: []market.Transaction{swapIn(20, 205, pool)}})
	if problems, err := r.store.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("audit: %v (%v)", problems, err)
	}
}

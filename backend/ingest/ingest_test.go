package ingest_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// ledger is a made-up chain: what truly happened, to be compared with what the writer made of a disturbed delivery.
type ledger struct {
	r      *rand.Rand
	mints  []market.Pubkey
	users  []market.Pubkey
	orders map[market.Pubkey][]market.Pubkey // open orders by mint
	prices map[market.Pubkey]market.U128
	txs    []market.Transaction
	bodies map[market.Signature][]market.Body
	serial uint64
	quiet  bool
}

func newLedger(seed uint64) *ledger {
	l := &ledger{
		r: rand.New(rand.NewPCG(seed, 7)), orders: map[market.Pubkey][]market.Pubkey{},
		prices: map[market.Pubkey]market.U128{}, bodies: map[market.Signature][]market.Body{},
	}
	for range 4 {
		mint := l.key()
		l.mints = append(l.mints, mint)
		l.prices[mint] = market.U128{Hi: 15, Lo: 2_882_303_761_517_117_440} // about 0.0000000280 at 28 decimals
	}
	for range 5 {
		l.users = append(l.users, l.key())
	}
	return l
}

func (l *ledger) key() (key market.Pubkey) {
	l.serial++
	binary.BigEndian.PutUint64(key[:], l.r.Uint64())
	binary.BigEndian.PutUint64(key[24:], l.serial)
	return key
}

func (l *ledger) signature() (signature market.Signature) {
	l.serial++
	binary.BigEndian.PutUint64(signature[:], l.r.Uint64())
	binary.BigEndian.PutUint64(signature[56:], l.serial)
	return signature
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// body makes the next event of a mint. Amounts fit the price, so that its scale can be told from them.
func (l *ledger) body(mint market.Pubkey) market.Body {
	moved, _ := l.prices[mint].Mul64(uint64(900 + l.r.IntN(201)))
	moved, _ = market.ParseU128(moved.String()[:len(moved.String())-3])
	if moved.Hi > 0 && moved.Hi < 1000 {
		l.prices[mint] = moved
	}

	price := l.prices[mint]
	tokens := 1_000_000_000 + l.r.Uint64N(1_000_000_000_000)
	sol := uint64(market.Price(price).Float()*float64(tokens)*1e3) + 1
	payer := pick(l.r, l.users)
	open := l.orders[mint]
	switch n := l.r.IntN(20); {
	case n < 3:
		order := l.key()
		l.orders[mint] = append(open, order)
		terms := market.Terms{
			OrderType: uint8(1 + l.r.IntN(2)), Mint: mint, User: pick(l.r, l.users), MarginSolAmount: sol / 3,
			LockLpStartPrice: price, LockLpEndPrice: price, BorrowAmount: sol, PositionAssetAmount: tokens, BorrowFee: 1200,
		}
		if terms.OrderType == market.OrderShort {
			terms.BorrowAmount, terms.PositionAssetAmount = tokens, sol
		}
		return &spinpet.LongShort{Payer: payer, Mint: mint, Order: order, LatestPrice: price, Terms: terms}
	case n < 7 && len(open) > 0:
		i := l.r.IntN(len(open))
		order := open[i]
		closing := spinpet.Close{
			Payer: payer, UserSolAccount: payer, Mint: mint, IsCloseLong: l.r.IntN(2) == 0, FinalTokenAmount: tokens,
			FinalSolAmount: sol, UserCloseProfit: sol / 7, LatestPrice: price, Order: order,
		}
		if n < 5 {
			return &spinpet.PartialClose{Close: closing, Terms: market.Terms{
				OrderType: market.OrderLong, Mint: mint, User: pick(l.r, l.users), MarginSolAmount: sol / 9,
			}}
		}

		l.orders[mint] = slices.Delete(slices.Clone(open), i, i+1)
		if l.r.IntN(2) == 0 {
			return &spinpet.ForceLiquidate{Payer: payer, Mint: mint, Order: order}
		}
		return &spinpet.FullClose{Close: closing}
	case n == 7:
		return &spinpet.TokenCreated{Payer: payer, Mint: mint, Curve: l.key(), Name: "n", Symbol: "S", URI: "u", SwapFee: 1000}
	}

	return &spinpet.BuySell{Payer: payer, Mint: mint, IsBuy: l.r.IntN(2) == 0, TokenAmount: tokens, SolAmount: sol, LatestPrice: price}
}

// grow adds transactions; slots get one to three of them, block times rise with slots. On a quiet chain mints leave memory
// between their trades, and what comes late is older than the writer remembers.
func (l *ledger) grow(count int) {
	slot, now := market.Slot(1000), int64(1_752_300_000)
	index := uint32(0)
	for range count {
		if l.r.IntN(3) == 0 {
			steps := 1 + l.r.IntN(1<<l.r.IntN(7))
			slot += market.Slot(steps)
			if l.quiet && l.r.IntN(8) == 0 {
				steps += 1000 + l.r.IntN(10_000)
			}
			now += int64(steps / 2)
			index = 0
		} else {
			index++
		}

		tx := market.Transaction{Signature: l.signature(), Slot: slot, Index: index, BlockTime: now}
		program := spinpet.ProgramID.String()
		tx.Logs = append(tx.Logs, "Program "+program+" invoke [1]")
		for range 1 + l.r.IntN(2) {
			body := l.body(pick(l.r, l.mints))
			l.bodies[tx.Signature] = append(l.bodies[tx.Signature], body)
			tx.Logs = append(tx.Logs, spinpet.LogLine(body))
		}

		tx.Logs = append(tx.Logs, "Program "+program+" success")
		l.txs = append(l.txs, tx)
	}
}

// ghost is a transaction that a fork carried and the chain did not keep.
func (l *ledger) ghost(near market.Transaction) market.Transaction {
	orders := l.orders
	l.orders = map[market.Pubkey][]market.Pubkey{}
	defer func() { l.orders = orders }()
	near.Signature = l.signature()
	near.Index += 50
	program := spinpet.ProgramID.String()
	near.Logs = []string{"Program " + program + " invoke [1]", spinpet.LogLine(l.body(pick(l.r, l.mints))), "Program " + program + " success"}
	return near
}

// bench is a writer over a real store, with all that it published.
type bench struct {
	t         *testing.T
	dir       string
	store     *store.Store
	writer    *ingest.Ingest
	seed      uint64
	r         *rand.Rand
	ahead     bool // batches are mostly taken without waiting for their last commit
	taken     []market.Batch
	published []*market.Commit
	read      func() // after each commit that is published, and after each start
}

func (b *bench) open() {
	b.t.Helper()
	s, err := store.Open(store.Options{Dir: b.dir})
	if err != nil {
		b.t.Fatal(err)
	}

	b.store = s
	if b.r == nil {
		b.r = rand.New(rand.NewPCG(b.seed, 11))
	}
	at := s.State()
	b.writer = ingest.New(ingest.Config{
		Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler),
		CommitEvents: 12,
		Publish: func(c *market.Commit) {
			b.published = append(b.published, c)
			if b.read != nil {
				b.read()
			}
		},
	}, &slowStore{Store: s, t: b.t, r: rand.New(rand.NewPCG(b.r.Uint64(), 1))}, ingest.Resume(at))
	if err := b.writer.Recover(); err != nil {
		b.t.Fatal(err)
	}

	if b.read != nil {
		b.read()
	}
}

// stop ends the writer: cleanly, or as a crash would, with nothing written but what may have been under way.
func (b *bench) stop(clean bool) {
	b.t.Helper()
	if clean {
		if err := b.writer.Close(); err != nil {
			b.t.Fatal(err)
		}
	}
	if err := b.store.Close(); err != nil {
		b.t.Fatal(err)
	}
	if err := b.writer.Flush(); err != nil && !errors.Is(err, store.ErrClosed) {
		b.t.Fatal(err)
	}
}

func (b *bench) apply(batch market.Batch) {
	b.t.Helper()
	slices.SortStableFunc(batch.Transactions, func(a, c market.Transaction) int {
		if a.Slot != c.Slot {
			return int(a.Slot) - int(c.Slot)
		}
		return int(a.Index) - int(c.Index)
	})
	take := b.writer.Take
	b.taken = append(b.taken, batch)
	if !b.ahead || b.r.IntN(4) == 0 {
		take, b.taken = b.writer.Apply, nil
	}
	if err := take(context.Background(), batch); err != nil {
		b.t.Fatal(err)
	}
}

// TestDisturbedDeliveryEndsEqualToTheLedger delivers a ledger with repeats, late transactions, wrong places, estimated
// times, forks, crashes and restarts, and expects exactly what the ledger says.
func TestDisturbedDeliveryEndsEqualToTheLedger(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			l := newLedger(seed)
			l.quiet = seed%2 == 1
			l.grow(500)
			b := &bench{t: t, dir: t.TempDir(), seed: seed, ahead: true}
			b.open()
			l.deliver(b)
			check(t, l, b)
			b.stop(l.r.IntN(2) == 0)
			b.open()
			check(t, l, b)
			b.stop(true)
		})
	}
}

// deliver plays the ledger with disturbances; at the end everything true was delivered and everything false rolled back.
func (l *ledger) deliver(b *bench) {
	r := l.r
	var held []market.Transaction // delivered late
	var ghosts []market.Signature
	chain := int64(0)
	var before market.Batch
	for i := 0; i < len(l.txs); {
		n := min(len(l.txs)-i, 1+r.IntN(30))
		var batch market.Batch
		if len(held) > 0 && r.IntN(3) == 0 { // before this batch's own: within a batch the truth would come first
			k := r.IntN(len(held)) + 1
			batch.Transactions = append(batch.Transactions, held[:k]...)
			if r.IntN(3) == 0 { // at an old place
				ghost := l.ghost(held[0])
				ghosts = append(ghosts, ghost.Signature)
				batch.Transactions = append(batch.Transactions, ghost)
			}
			held = held[k:]
		}

		for _, tx := range l.txs[i : i+n] {
			switch r.IntN(12) {
			case 0:
				held = append(held, tx)
				continue
			case 1: // place not known yet
				wrong := tx
				wrong.Index += 7
				held = append(held, tx)
				tx = wrong
			case 2: // time not known yet
				wrong := tx
				wrong.BlockTime += int64(r.IntN(7) - 3)
				wrong.Provisional = true
				held = append(held, tx)
				tx = wrong
			case 3:
				ghost := l.ghost(tx)
				ghosts = append(ghosts, ghost.Signature)
				batch.Transactions = append(batch.Transactions, ghost)
			case 4: // a repeat
				batch.Transactions = append(batch.Transactions, l.txs[r.IntN(i+n)])
			case 5: // a repeat of what may be under way
				if n := len(before.Transactions); n > 0 {
					if again := before.Transactions[r.IntN(n)]; l.bodies[again.Signature] != nil {
						batch.Transactions = append(batch.Transactions, again)
					}
				}
			}

			batch.Transactions = append(batch.Transactions, tx)
		}

		if len(ghosts) > 0 && r.IntN(2) == 0 {
			known := func(s market.Signature) bool {
				return slices.ContainsFunc(batch.Transactions, func(tx market.Transaction) bool { return tx.Signature == s })
			}
			if k := r.IntN(len(ghosts)); !known(ghosts[k]) {
				batch.RolledBack = append(batch.RolledBack, ghosts[k])
				ghosts = slices.Delete(ghosts, k, k+1)
			}
		}

		i += n
		if r.IntN(2) == 0 {
			chain = max(chain, l.txs[i-1].BlockTime-int64(r.IntN(4)))
			batch.ChainTime = chain
		}

		b.apply(batch)
		if r.IntN(12) == 0 {
			b.stop(r.IntN(2) == 0)
			b.open()
			lost := b.taken // perhaps: what was gathered or under way at a crash is delivered again
			b.taken = nil
			for _, again := range lost {
				b.apply(again)
			}
		}

		before = batch
	}

	b.apply(market.Batch{Transactions: held, RolledBack: ghosts, ChainTime: l.txs[len(l.txs)-1].BlockTime})
	// A scan of what is final brings those to their places that found them taken by a wrong one.
	b.apply(market.Batch{Transactions: slices.Clone(l.txs)})
	if err := b.writer.Flush(); err != nil {
		b.t.Fatal(err)
	}
}

type flat struct {
	market.Position
	sig  market.Signature
	time int64
	body []byte
}

func check(t *testing.T, l *ledger, b *bench) {
	t.Helper()
	// Events: exactly the ledger's, in its order.
	var want []flat
	for _, tx := range l.txs {
		for i, body := range l.bodies[tx.Signature] {
			want = append(want, flat{
				market.Position{Slot: tx.Slot, Index: tx.Index, Ordinal: uint16(i)},
				tx.Signature, tx.BlockTime, spinpet.Append(nil, body),
			})
		}
	}

	var got []flat
	var events []market.Event
	err := b.store.EventsAfter(market.Position{}, func(e *market.Event) error {
		if e.Provisional {
			t.Errorf("event at %v is still provisional", e.Position)
		}
		got = append(got, flat{e.Position, e.Signature, e.BlockTime, spinpet.Append(nil, e.Body)})
		events = append(events, *e)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	if !slices.EqualFunc(got, want, func(a, b flat) bool {
		return a.Position == b.Position && a.sig == b.sig && a.time == b.time && bytes.Equal(a.body, b.body)
	}) {
		t.Fatalf("%d events, want %d, or others", len(got), len(want))
	}

	chain := l.txs[len(l.txs)-1].BlockTime
	checkCandles(t, l, b, events, chain)
	checkOrders(t, l, b, events)
	checkPublished(t, b)
}

// checkCandles computes every candle from the events by the words of the rules.
func checkCandles(t *testing.T, l *ledger, b *bench, events []market.Event, chain int64) {
	t.Helper()
	for _, mint := range l.mints {
		var trades []market.Event
		for _, e := range events {
			if _, ok := e.Trade(); ok && e.Mint() == mint {
				trades = append(trades, e)
			}
		}

		for _, interval := range market.AllIntervals() {
			want := naive(trades, interval)
			for i := range want {
				want[i].Final = want[i].Time+interval.Seconds() <= chain
			}

			got, err := b.store.CandlesBetween(mint, interval, math.MinInt64, math.MaxInt64)
			if err != nil {
				t.Fatal(err)
			}
			for i := range got {
				got[i].Corrected = false // see TestCorrectedCandlesAreMarked
			}

			if !slices.Equal(got, want) {
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Fatalf("%s %s candle %d:\n got %+v\nwant %+v", mint, interval, i, got[i], want[i])
					}
				}
				t.Fatalf("%s %s: %d candles, want %d", mint, interval, len(got), len(want))
			}
		}

		var total market.U128
		for _, e := range trades {
			trade, _ := e.Trade()
			total = total.Add(market.U64(trade.Quote))
		}

		token, _, err := b.store.Token(mint)
		if err != nil {
			t.Fatal(err)
		}
		if token.TotalSolAmount != total || token.Trades != uint64(len(trades)) || token.LatestPrice != trades[len(trades)-1].Price {
			t.Fatalf("token %s: total %v of %d trades at %v; want %v of %d at %v", mint, token.TotalSolAmount, token.Trades,
				token.LatestPrice, total, len(trades), trades[len(trades)-1].Price)
		}
	}
}

// checkOrders folds the events into open orders and owners.
func checkOrders(t *testing.T, l *ledger, b *bench, events []market.Event) {
	t.Helper()
	open := map[market.Pubkey]market.Terms{}
	all := map[market.Pubkey]bool{}
	for _, e := range events {
		var owner market.Pubkey
		switch body := e.Body.(type) {
		case *spinpet.LongShort:
			open[body.Order], all[body.Order], owner = body.Terms, true, body.Terms.User
		case *spinpet.PartialClose:
			open[body.Order], all[body.Order], owner = body.Terms, true, body.Terms.User
		case *spinpet.FullClose:
			owner = body.Payer
			if terms, ok := open[body.Order]; ok {
				owner = terms.User
			}
			delete(open, body.Order)
			all[body.Order] = true
		case *spinpet.ForceLiquidate:
			owner = body.Payer
			if terms, ok := open[body.Order]; ok {
				owner = terms.User
			}
			delete(open, body.Order)
			all[body.Order] = true
		default:
			continue
		}

		if e.Owner != owner {
			t.Fatalf("%s at %v belongs to %s, want %s", e.Kind(), e.Position, e.Owner, owner)
		}
	}

	for address := range all {
		order, found, err := b.store.Order(address)
		if err != nil {
			t.Fatal(err)
		}
		terms, want := open[address]
		if found != want || found && order.Terms != terms {
			t.Fatalf("order %s: found %v want %v, terms %+v want %+v", address, found, want, order.Terms, terms)
		}
	}
}

// checkPublished holds the promises to readers: seq without gaps, a bucket final once, corrections only after that.
func checkPublished(t *testing.T, b *bench) {
	t.Helper()
	finals := map[bucket]market.Candle{}
	seq := market.Seq(0)
	for _, c := range b.published {
		if c.Seq <= seq {
			t.Fatalf("seq %d after %d", c.Seq, seq)
		}
		seq = c.Seq
		for _, change := range c.Candles {
			key := bucket{change.Mint, change.Interval, change.Candle.Time}
			candle := change.Candle
			if candle.High.Less(max2(candle.Open, candle.Close)) || max2(candle.Open, candle.Close).Less(min2(candle.Open, candle.Close)) ||
				min2(candle.Open, candle.Close).Less(candle.Low) {
				t.Fatalf("candle breaks low <= open, close <= high: %+v", candle)
			}

			if candle.Corrected && change.Type != market.Correction {
				t.Fatalf("%v is marked as corrected when it became %s", key, change.Type)
			}
			switch change.Type {
			case market.Final:
				if finals[key].Final {
					t.Fatalf("%v became final twice", key)
				}
				finals[key] = candle
			case market.Correction:
				if !finals[key].Final && !change.Removed {
					t.Fatalf("%v corrected before it was final", key)
				}
				if candle.Corrected != finals[key].Final { // an open one may be emptied
					t.Fatalf("%v is a correction, and %+v marked", key, candle)
				}
				if candle == finals[key] {
					t.Fatalf("%v is corrected to what it was: %+v", key, candle)
				}
				if finals[key] = candle; change.Removed {
					delete(finals, key) // a later trade may make the bucket anew
				}
			case market.Realtime:
				if finals[key].Final {
					t.Fatalf("%v moved on after it was final", key)
				}
			}
		}
	}
}

func max2(a, b market.Price) market.Price {
	if a.Less(b) {
		return b
	}
	return a
}

func min2(a, b market.Price) market.Price {
	if a.Less(b) {
		return a
	}
	return b
}

package simnet

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// tally checks a stream of events against the rules of the program, with arithmetic of its own.
type tally struct {
	t        *testing.T
	decimals int
	prices   map[market.Pubkey]float64 // SOL per token
	flags    map[market.Pubkey]uint8
	orders   map[market.Pubkey]*market.Terms
	opened   int
	closed   int
	hits     int
	pending  []market.Terms // liquidated, waiting for the trade that caused it
}

func newTally(t *testing.T, decimals int) *tally {
	return &tally{t: t, decimals: decimals, prices: map[market.Pubkey]float64{}, flags: map[market.Pubkey]uint8{}, orders: map[market.Pubkey]*market.Terms{}}
}

func reserve(price float64) float64 { return math.Sqrt(30 * 1073000000 / price) }

func near(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance*max(math.Abs(a), math.Abs(b))
}

// trade checks that a price follows from the one before: the trader's tokens and those of the liquidated orders move
// the reserve, and the SOL is what the trader's share of the way costs.
func (c *tally) trade(where string, mint market.Pubkey, raw market.U128, tokens, sol uint64, buy bool) {
	c.t.Helper()
	before, known := c.prices[mint]
	if !known {
		c.t.Fatalf("%s: a trade of a token that was not created", where)
	}

	after := raw.Float(c.decimals)
	c.prices[mint] = after
	moved, foreign := float64(tokens), 0.0
	for _, terms := range c.pending {
		moved += float64(terms.LockLpTokenAmount)
		foreign += float64(terms.LockLpSolAmount)
		if (terms.OrderType == market.OrderShort) != buy {
			c.t.Fatalf("%s: an order of the wrong side was liquidated", where)
		}
		start, end := terms.LockLpStartPrice.Float(c.decimals), terms.LockLpEndPrice.Float(c.decimals)
		if buy && (before > start || after < end*(1-1e-9)) || !buy && (before < start || after > end*(1+1e-9)) {
			c.t.Fatalf("%s: price %g to %g does not pass the range %g to %g", where, before, after, start, end)
		}
	}

	c.pending = nil
	if buy {
		moved = -moved
	}
	if want := reserve(before) + moved/1e6; !near(reserve(after), want, 1e-9) {
		c.t.Fatalf("%s: reserve %f after the trade, want %f", where, reserve(after), want)
	}

	whole := math.Abs(before*reserve(before)-after*reserve(after))*1e9 - foreign
	if gap := math.Abs(whole - float64(sol)); gap > 0.0101*whole+1e5 { // a sale is net of at most 1 %
		c.t.Fatalf("%s: %d lamports for a way worth %f", where, sol, whole)
	}
}

func (c *tally) event(where string, body market.Body) {
	c.t.Helper()
	mint := body.MintAccount()
	switch b := body.(type) {
	case *spinpet.TokenCreated:
		if _, twice := c.prices[mint]; twice || b.Name == "" || b.Symbol == "" || b.URI == "" {
			c.t.Fatalf("%s: created twice or without a name", where)
		}
		c.prices[mint] = 30.0 / 1073000000
	case *spinpet.BuySell:
		c.trade(where, mint, b.LatestPrice, b.TokenAmount, b.SolAmount, b.IsBuy)
	case *spinpet.LongShort:
		terms := b.Terms
		long := terms.OrderType == market.OrderLong
		if terms.Mint != mint || terms.User != b.Payer || terms.MarginSolAmount == 0 || terms.EndTime != terms.StartTime+orderSeconds {
			c.t.Fatalf("%s: inconsistent terms %+v", where, terms)
		}
		if long {
			c.trade(where, mint, b.LatestPrice, terms.PositionAssetAmount, terms.BorrowAmount, true)
		} else {
			c.trade(where, mint, b.LatestPrice, terms.BorrowAmount, terms.PositionAssetAmount, false)
		}
		c.lock(where, &terms, b.LatestPrice)
		c.opened++
		c.orders[b.Order] = &terms
	case *spinpet.FullClose:
		terms := c.take(where, b.Order)
		if b.FinalTokenAmount != terms.LockLpTokenAmount || b.IsCloseLong != (terms.OrderType == market.OrderLong) {
			c.t.Fatalf("%s: closes something else than was open", where)
		}
		c.trade(where, mint, b.LatestPrice, b.FinalTokenAmount, b.FinalSolAmount, !b.IsCloseLong)
		c.closed++
	case *spinpet.PartialClose:
		terms := c.take(where, b.Order)
		if b.Terms.LockLpTokenAmount+b.FinalTokenAmount != terms.LockLpTokenAmount || b.Terms.LockLpStartPrice != terms.LockLpStartPrice {
			c.t.Fatalf("%s: the rest does not fit", where)
		}
		c.trade(where, mint, b.LatestPrice, b.FinalTokenAmount, b.FinalSolAmount, !b.IsCloseLong)
		rest := b.Terms
		c.lock(where, &rest, b.LatestPrice)
		c.orders[b.Order] = &rest
	case *spinpet.ForceLiquidate:
		c.pending = append(c.pending, *c.take(where, b.Order))
		c.hits++
	case *spinpet.MilestoneDiscount:
		if c.flags[mint]++; b.FeeDiscountFlag != c.flags[mint] || b.SwapFee != 1000>>b.FeeDiscountFlag || b.BorrowFee != 2000>>b.FeeDiscountFlag {
			c.t.Fatalf("%s: milestone %+v after %d", where, *b, c.flags[mint]-1)
		}
	}
}

// take removes an order that must be open.
func (c *tally) take(where string, order market.Pubkey) *market.Terms {
	c.t.Helper()
	terms := c.orders[order]
	if terms == nil {
		c.t.Fatalf("%s: order %s is not open", where, order)
	}
	delete(c.orders, order)
	return terms
}

// lock checks that an order's range lies beyond the price and holds the order's tokens and SOL.
func (c *tally) lock(where string, terms *market.Terms, price market.U128) {
	c.t.Helper()
	now, start, end := price.Float(c.decimals), terms.LockLpStartPrice.Float(c.decimals), terms.LockLpEndPrice.Float(c.decimals)
	held := terms.PositionAssetAmount
	ordered := end < start && start < now
	if terms.OrderType == market.OrderShort {
		held = terms.BorrowAmount
		ordered = now < start && start < end
	}
	tokens := math.Abs(reserve(start)-reserve(end)) * 1e6
	sol := math.Abs(start*reserve(start)-end*reserve(end)) * 1e9
	if !ordered || held != terms.LockLpTokenAmount || math.Abs(tokens-float64(held)) > 10+1e-7*tokens ||
		math.Abs(sol-float64(terms.LockLpSolAmount)) > 10+1e-6*sol {
		c.t.Fatalf("%s: price %g, range %g to %g holds %f tokens and %f lamports, terms %+v", where, now, start, end, tokens, sol, *terms)
	}
}

// TestMarketRules: every event of a long history follows from those before it.
func TestMarketRules(t *testing.T) {
	for _, cfg := range []Config{
		{Seed: 1, Rate: 1, Mints: 8, History: 4 * time.Hour, HistoryTransactions: 12_000},
		{Seed: 2, Rate: 1, Mints: 8, History: 150 * time.Hour, HistoryTransactions: 6_000, Decimals: 26, SlotTime: 4 * time.Second}, // orders expire
		{Seed: 3, Rate: 1, Mints: 3, History: time.Hour, HistoryTransactions: 6_000, Faults: Faults{Fork: 0.3, Truncate: 0.05}},
	} {
		t.Run(fmt.Sprint("seed ", cfg.Seed), func(t *testing.T) {
			p := past(t, cfg)
			c := newTally(t, p.cfg.Decimals)
			ghosts, expired := 0, 0
			for _, tx := range p.chain.transactions {
				if tx.ghost {
					ghosts++
				}
				if tx.failed || tx.shape == spoofed || tx.ghost {
					continue
				}

				for i, body := range tx.events {
					c.event(fmt.Sprintf("slot %d index %d event %d (%s)", tx.slot, tx.index, i, body.Kind()), body)
					if b, ok := body.(*spinpet.FullClose); ok && b.Payer != b.UserSolAccount {
						expired++
					}
				}
			}

			open := 0
			for _, pool := range p.world.pools {
				open += len(pool.longs) + len(pool.shorts)
				checkPool(t, pool)
			}

			if c.opened != c.closed+c.hits+open || open != len(c.orders) || len(c.pending) > 0 {
				t.Errorf("%d orders opened, %d closed, %d liquidated, %d open", c.opened, c.closed, c.hits, open)
			}
			if c.opened < 100 || c.closed < 50 || c.hits < 20 {
				t.Errorf("a dull market: %d orders opened, %d closed, %d liquidated", c.opened, c.closed, c.hits)
			}

			if cfg.Seed == 2 && expired == 0 {
				t.Error("no order was closed for its age")
			}
			if open := ghosts > 2*p.cfg.FinalizedLag; open {
				t.Errorf("%d ghosts are left of forks that were abandoned", ghosts)
			}
		})
	}
}

// checkPool checks the conservation of tokens and the order of the queues.
func checkPool(t *testing.T, p *pool) {
	t.Helper()
	var held, long, lent uint64
	for _, tokens := range p.held {
		held += tokens
	}

	for _, order := range p.longs {
		long += order.terms.PositionAssetAmount
	}
	for _, order := range p.shorts {
		lent += order.terms.BorrowAmount
	}

	tokens, _ := p.at.Reserves()
	const supply = 1_073_000_000_000_000
	if got := int64(tokens + held + long - lent); math.Abs(float64(got-supply)) > 5e6 { // a few tokens of rounding
		t.Errorf("%s: %d base units in all, want %d", p.symbol, got, uint64(supply))
	}

	if lent != p.lent || lent > lentTokens {
		t.Errorf("%s: %d lent, noted %d", p.symbol, lent, p.lent)
	}
	starts := func(list []*position) (out []market.U128) {
		for _, order := range list {
			out = append(out, order.terms.LockLpStartPrice)
		}
		return out
	}
	down := starts(p.longs)
	slices.Reverse(down)
	if !slices.IsSortedFunc(down, market.U128.Cmp) || !slices.IsSortedFunc(starts(p.shorts), market.U128.Cmp) {
		t.Errorf("%s: the orders do not stand in the order of their ranges", p.symbol)
	}
}

// TestLively: charts look like a market: prices stay in reason over a day, every busy token moves, no minute stands out.
func TestLively(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: a day of trading is not for -short")
	}
	p := past(t, Config{Seed: 11, Rate: 1, Mints: 8, History: 24 * time.Hour, HistoryTransactions: 25_000})
	type minute struct{ open, low, high, last float64 }
	minutes := map[market.Pubkey]map[int64]*minute{}
	first := 30.0 / 1073000000
	last := map[market.Pubkey]float64{}
	kinds := map[market.Kind]int{}
	for _, tx := range p.chain.transactions {
		if tx.failed || tx.shape == spoofed {
			continue
		}
		for _, body := range tx.events {
			kinds[body.Kind()]++
			e := market.Event{Body: body}
			raw, ok := spinpet.RawPrice(body)
			if !ok {
				continue
			}

			price, mint := raw.Float(28), e.Mint()
			if price < first/20 || price > first*5000 {
				t.Fatalf("price %g of a token that began at %g", price, first)
			}
			if minutes[mint] == nil {
				minutes[mint], last[mint] = map[int64]*minute{}, price
			}

			m := minutes[mint][tx.time/60]
			if m == nil {
				m = &minute{open: last[mint], low: last[mint], high: last[mint]}
				minutes[mint][tx.time/60] = m
			}

			m.low, m.high, m.last = min(m.low, price), max(m.high, price), price
			last[mint] = price
		}
	}

	for _, pool := range p.world.pools {
		var up, flat, wild int
		for _, m := range minutes[pool.mint] {
			if m.last > m.open {
				up++
			}
			if m.high/m.low < 1.00001 {
				flat++
			}
			if m.high/m.low > 3 {
				wild++
			}
		}

		all := len(minutes[pool.mint])
		t.Logf("%-7s %4d minutes, up %3d %%, at %5.2f times the first price", pool.symbol, all, 100*up/all, last[pool.mint]/first)
		if all < 40 || up < all/4 || up > all*3/4 || flat > all/50 || wild > 2 {
			t.Errorf("%s: %d minutes, %d up, %d flat, %d wild", pool.symbol, all, up, flat, wild)
		}
	}

	for kind := spinpet.KindTokenCreated; kind <= spinpet.KindMilestoneDiscount; kind++ {
		if kinds[kind] == 0 {
			t.Errorf("no %s in a day", kind)
		}
	}
}

// TestRepeats: the ledger depends on the configuration only, and on all of it.
func TestRepeats(t *testing.T) {
	cfg := Config{Seed: 5, Rate: 2, Mints: 3, History: 20 * time.Minute, Faults: Faults{Fork: 0.1, Truncate: 0.1}}
	a, b := past(t, cfg), past(t, cfg)
	if !reflect.DeepEqual(a.chain.transactions, b.chain.transactions) || !reflect.DeepEqual(a.chain.blocks, b.chain.blocks) {
		t.Error("the same seed gave another ledger")
	}
	cfg.Seed++
	if c := past(t, cfg); reflect.DeepEqual(a.chain.transactions[0].signature, c.chain.transactions[0].signature) {
		t.Error("another seed gave the same ledger")
	}
	// The live part goes on as the history would have.
	for range 500 {
		a.produce(2)
		b.produce(2)
	}
	if !reflect.DeepEqual(a.chain.transactions, b.chain.transactions) {
		t.Error("the live part differs")
	}
}

// TestPriceChain: the production code agrees that prices follow from each other where nothing was liquidated.
func TestPriceChain(t *testing.T) {
	for _, decimals := range []int{28, 26} {
		p := past(t, Config{Seed: 4, Rate: 1, Mints: 3, History: time.Hour, HistoryTransactions: 3000, Decimals: decimals})
		scales := spinpet.NewScales(0)
		last := map[market.Pubkey]market.Price{}
		breaks := 0
		for _, tx := range p.chain.transactions {
			if tx.failed || tx.shape == spoofed {
				continue
			}
			liquidated := false
			for _, body := range tx.events {
				liquidated = liquidated || body.Kind() == spinpet.KindForceLiquidate
				e := market.Event{Body: body}
				report := scales.Price(&e)
				if report.Contradicted || e.Scale != 0 && int(e.Scale) != decimals {
					t.Fatalf("scale %d of an event with %d decimals", e.Scale, decimals)
				}

				if e.Price.IsZero() {
					continue
				}
				if !spinpet.Continues(last[e.Mint()], &e) && !liquidated {
					breaks++
				}

				last[e.Mint()] = e.Price
			}
		}

		if breaks > 0 {
			t.Errorf("%d decimals: %d breaks of the price chain", decimals, breaks)
		}
	}
}

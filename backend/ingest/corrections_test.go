package ingest_test

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// bucket is the place of one candle.
type bucket struct {
	mint     market.Pubkey
	interval market.Interval
	time     int64
}

// reader is somebody who reads the whole history after each commit and remembers it: what was final and reads
// differently the next time is corrected. It works the candles out of the stored events alone.
type reader struct {
	bench *bench
	mints []market.Pubkey
	known map[bucket]market.Candle

	marked, unsure int // corrections, and provisional candles that became final
}

// read compares the store's history with what it has to be after one more commit.
func (r *reader) read() {
	r.bench.t.Helper()
	chain := r.bench.store.State().ChainTime
	trades := map[market.Pubkey][]market.Event{}
	err := r.bench.store.EventsAfter(market.Position{}, func(e *market.Event) error {
		if _, ok := e.Trade(); ok {
			trades[e.Mint()] = append(trades[e.Mint()], *e)
		}
		return nil
	})
	if err != nil {
		r.bench.t.Fatal(err)
	}

	now := map[bucket]market.Candle{}
	for _, mint := range r.mints {
		slices.SortStableFunc(trades[mint], func(a, b market.Event) int { return int(a.BlockTime - b.BlockTime) })
		for _, interval := range market.AllIntervals() {
			want := naive(trades[mint], interval)
			for i := range want {
				at := bucket{mint, interval, want[i].Time}
				over := want[i].Time+interval.Seconds() <= chain
				want[i].Final = over && !want[i].Provisional
				if part, derived := market.PartOf(interval, market.StoredIntervals()); derived {
					want[i].Final = over
					for start := at.time; start < at.time+interval.Seconds(); start += part.Seconds() {
						if c, ok := now[bucket{mint, part, start}]; ok {
							want[i].Final = want[i].Final && c.Final
							want[i].Corrected = want[i].Corrected || c.Corrected
						}
					}
					want[i].Corrected = want[i].Corrected && want[i].Final
				} else if before := r.known[at]; before.Final {
					want[i].Final, want[i].Corrected = true, before.Corrected
					if want[i] != before {
						want[i].Corrected = true
						r.marked++
					}
				} else if want[i].Final && before.Provisional {
					r.unsure++
				}

				now[at] = want[i]
			}

			got, err := r.bench.store.CandlesBetween(mint, interval, math.MinInt64, math.MaxInt64)
			if err != nil {
				r.bench.t.Fatal(err)
			}
			if i := slices.IndexFunc(want, func(c market.Candle) bool { return !slices.Contains(got, c) }); i >= 0 || len(got) != len(want) {
				r.bench.t.Fatalf("commit %d, %s %s: want %d candles, among them %+v, got\n%+v", r.bench.store.Seq(), mint, interval, len(want), want[max(i, 0)], got)
			}
		}
	}

	r.known = now
}

// openTime is where the candle that holds a time begins, by the calendar.
func openTime(interval market.Interval, at int64) int64 {
	if interval != market.W1 {
		return at / interval.Seconds() * interval.Seconds()
	}
	day := time.Unix(at, 0).UTC().Truncate(24 * time.Hour)
	for day.Weekday() != time.Monday {
		day = day.AddDate(0, 0, -1)
	}
	return day.Unix()
}

// naive makes the candles of a mint's trades, which are in order, by the words of the rules. None is marked final.
func naive(trades []market.Event, interval market.Interval) (candles []market.Candle) {
	for i, e := range trades {
		trade, _ := e.Trade()
		start := openTime(interval, e.BlockTime)
		if len(candles) == 0 || candles[len(candles)-1].Time != start {
			open := trade.Price
			if i > 0 {
				before, _ := trades[i-1].Trade()
				open = before.Price
			}
			candles = append(candles, market.Candle{Time: start, Open: open, High: open, Low: open})
		}

		c := &candles[len(candles)-1]
		if c.High.Less(trade.Price) {
			c.High = trade.Price
		}
		if trade.Price.Less(c.Low) {
			c.Low = trade.Price
		}

		c.Close = trade.Price
		c.Trades++
		c.Volume = c.Volume.Add(market.U64(trade.Base))
		c.QuoteVolume = c.QuoteVolume.Add(market.U64(trade.Quote))
		if trade.Buy {
			c.BuyVolume = c.BuyVolume.Add(market.U64(trade.Base))
		}

		c.Provisional = c.Provisional || e.Provisional
	}

	return candles
}

// TestCorrectedCandlesAreMarked delivers ledgers with every disturbance, crashes and restarts, and expects after each
// commit that history marks those candles, and no others, that a reader had seen final and now sees otherwise.
func TestCorrectedCandlesAreMarked(t *testing.T) {
	seeds := uint64(4)
	if testing.Short() {
		seeds = 2
	}
	marked, unsure := 0, 0
	for seed := range seeds {
		l := newLedger(100 + seed)
		l.grow(250)
		r := &reader{mints: l.mints, known: map[bucket]market.Candle{}}
		r.bench = &bench{t: t, dir: t.TempDir(), read: r.read}
		r.bench.open()
		l.deliver(r.bench)
		check(t, l, r.bench)
		r.bench.stop(true)

		stays := maps.Clone(r.known)
		r.bench.open()
		for at, c := range stays {
			if r.known[at] != c {
				t.Errorf("after a restart %+v is %+v", c, r.known[at])
			}
		}

		r.bench.stop(true)
		marked, unsure = marked+r.marked, unsure+r.unsure
	}

	if marked < 50 || unsure < 50 {
		t.Errorf("%d corrections, %d estimates that became known: the ledgers are too tame", marked, unsure)
	}
}

// TestABucketThatWasEmptiedBeginsAnew rolls back the only trade of a final second. What fills it again later is final and
// not corrected, as history held nothing in between; when both happen in one commit, it is corrected.
func TestABucketThatWasEmptiedBeginsAnew(t *testing.T) {
	l := newLedger(9)
	r := &reader{mints: l.mints, known: map[bucket]market.Candle{}}
	r.bench = &bench{t: t, dir: t.TempDir(), read: r.read}
	r.bench.open()
	defer r.bench.stop(true)

	trade := func(at int64, tokens uint64) market.Transaction {
		body := &spinpet.BuySell{
			Payer: l.users[0], Mint: l.mints[0], TokenAmount: tokens, LatestPrice: l.prices[l.mints[0]],
			SolAmount: uint64(market.Price(l.prices[l.mints[0]]).Float() * float64(tokens) * 1e3),
		}
		program := spinpet.ProgramID.String()
		return market.Transaction{
			Signature: l.signature(), Slot: market.Slot(at), BlockTime: at, //nolint:gosec // positive
			Logs: []string{"Program " + program + " invoke [1]", spinpet.LogLine(body), "Program " + program + " success"},
		}
	}
	const start = 1_752_300_000
	second := func() (c market.Candle, there bool) {
		c, there = r.known[bucket{l.mints[0], market.S1, start + 30}]
		return c, there
	}
	ghost, swapped := trade(start+30, 1e12), trade(start+30, 3e12)
	r.bench.apply(market.Batch{Transactions: []market.Transaction{trade(start, 1e12), ghost, trade(start+50, 1e12)}, ChainTime: start + 55})
	if c, _ := second(); !c.Final || c.Corrected {
		t.Fatalf("before: %+v", c)
	}

	r.bench.apply(market.Batch{RolledBack: []market.Signature{ghost.Signature}, ChainTime: start + 56})
	if c, there := second(); there {
		t.Fatalf("emptied: %+v", c)
	}
	r.bench.apply(market.Batch{Transactions: []market.Transaction{swapped}, ChainTime: start + 57})
	if c, _ := second(); !c.Final || c.Corrected || c.Volume != market.U64(3e12) {
		t.Fatalf("filled again: %+v", c)
	}

	if c := r.known[bucket{l.mints[0], market.M1, start}]; c.Final || c.Corrected {
		t.Fatalf("the open minute: %+v", c)
	}
	r.bench.apply(market.Batch{
		Transactions: []market.Transaction{trade(start+30, 2e12)}, RolledBack: []market.Signature{swapped.Signature}, ChainTime: start + 58,
	})
	if c, _ := second(); !c.Corrected || c.Volume != market.U64(2e12) {
		t.Fatalf("emptied and filled at once: %+v", c)
	}

	last := r.bench.published[len(r.bench.published)-1].Candles
	if i := slices.IndexFunc(last, func(c market.CandleChange) bool { return c.Interval == market.S1 }); last[i].Type != market.Correction || !last[i].Candle.Corrected {
		t.Fatalf("pushed: %+v", last[i])
	}
}

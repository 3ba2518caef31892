package verify_test

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
	"spinscope/backend/verify"
)

func key(n uint64) (k market.Pubkey) {
	binary.BigEndian.PutUint64(k[8:], n)
	return k
}

// fill writes a random market through the writer and returns the store, cleanly closed and opened again.
func fill(t *testing.T, seed uint64) *store.Store {
	t.Helper()
	dir := t.TempDir()
	fillDir(t, seed, dir, 0)
	return open(t, dir)
}

// fillDir is fill into a directory. Of so many transactions in a hundred the block time is an estimate.
func fillDir(t *testing.T, seed uint64, dir string, estimated int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	opened := open(t, dir)
	writer := ingest.New(ingest.Config{
		Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler),
	}, opened, ingest.Resume{})
	if err := writer.Recover(); err != nil {
		t.Fatal(err)
	}

	now, slot := int64(1_752_000_000), market.Slot(100)
	program := spinpet.ProgramID.String()
	for batch := range 40 {
		var b market.Batch
		for range 30 {
			slot++
			now += int64(r.IntN(200))
			mint := key(1 + r.Uint64N(4))
			tokens := 1_000_000_000 + r.Uint64N(1_000_000_000)
			price := market.U64(0)
			price.Hi, price.Lo = 10+r.Uint64N(10), r.Uint64()
			sol := uint64(market.Price(price).Float()*float64(tokens)*1e3) + 1
			var body market.Body = &spinpet.BuySell{Payer: key(90), Mint: mint, IsBuy: r.IntN(2) == 0, TokenAmount: tokens, SolAmount: sol, LatestPrice: price}
			if r.IntN(6) == 0 {
				body = &spinpet.LongShort{Payer: key(91), Mint: mint, Order: key(1000 + uint64(slot)), LatestPrice: price, Terms: market.Terms{
					OrderType: market.OrderLong, Mint: mint, User: key(92), BorrowAmount: sol, PositionAssetAmount: tokens,
				}}
			}

			tx := market.Transaction{Slot: slot, BlockTime: now, Logs: []string{
				"Program " + program + " invoke [1]", spinpet.LogLine(body), "Program " + program + " success",
			}}
			binary.BigEndian.PutUint64(tx.Signature[:], uint64(slot))
			tx.Provisional = estimated > 0 && r.IntN(100) < estimated
			b.Transactions = append(b.Transactions, tx)
		}

		b.ChainTime = now - int64(batch%3)
		if err := writer.Apply(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}

	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	opened, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	return opened
}

func run(t *testing.T, s *store.Store, repair bool) verify.Report {
	t.Helper()
	at := s.State()
	report, err := verify.Run(t.Context(), offline.Stored{Store: s}, verify.Options{
		Intervals: market.StoredIntervals(), ChainTime: at.ChainTime, Seq: at.Seq, Horizon: s.Horizon(), Repair: repair,
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestSoundStoreHasNoDifference(t *testing.T) {
	s := fill(t, 1)
	report := run(t, s, true)
	if report.Differences != 0 || report.Mints != 4 || report.Events != 1200 || report.Candles < 5000 || report.Orders == 0 {
		t.Fatalf("%+v", report)
	}
	if s.State().Seq == 0 {
		t.Fatal("nothing was stored")
	}
}

// TestEstimatedTimesAreNoDifference has transactions whose block time nobody came to know: their candles stay open amid
// final ones. A repair of the others leaves them as they are.
func TestEstimatedTimesAreNoDifference(t *testing.T) {
	for _, estimated := range []int{1, 10, 60} {
		t.Run(fmt.Sprint(estimated), func(t *testing.T) {
			dir := t.TempDir()
			fillDir(t, uint64(estimated), dir, estimated)
			s := open(t, dir)
			stored, err := s.CandlesBetween(key(2), market.S1, 0, 1<<40)
			if err != nil {
				t.Fatal(err)
			}

			lasting := slices.IndexFunc(stored, func(c market.Candle) bool { return c.Provisional })
			final := slices.IndexFunc(stored[max(lasting, 0):], func(c market.Candle) bool { return c.Final })
			if lasting < 0 || final < 0 {
				t.Fatalf("no candle of %d stays open before a final one", len(stored))
			}

			if report := run(t, s, false); report.Differences != 0 {
				t.Fatalf("%+v", report)
			}

			wrong := stored[lasting+final]
			wrong.Trades++
			at := s.State()
			if err := s.Commit(&market.Commit{Seq: at.Seq + 1, ChainTime: at.ChainTime, Candles: []market.CandleChange{
				{Mint: key(2), Interval: market.S1, Candle: wrong, Type: market.Correction},
			}}); err != nil {
				t.Fatal(err)
			}

			if report := run(t, s, true); report.Differences != 1 {
				t.Fatalf("one candle is wrong: %+v", report)
			}
			if report := run(t, s, false); report.Differences != 0 {
				t.Fatalf("after the repair: %+v", report)
			}
		})
	}
}

func TestDamageIsFoundAndRepaired(t *testing.T) {
	mint := key(2)
	candles := func(s *store.Store, interval market.Interval) []market.Candle {
		list, err := s.CandlesBetween(mint, interval, 0, 1<<40)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	total := func(change func(*market.Token)) func(*store.Store, *market.Commit) string {
		return func(s *store.Store, c *market.Commit) string {
			token, _, err := s.Token(mint)
			if err != nil {
				t.Fatal(err)
			}
			change(&token)
			c.Tokens = []market.Token{token}
			return "the events say"
		}
	}
	for name, damage := range map[string]func(s *store.Store, c *market.Commit) string{
		"a close changed": func(s *store.Store, c *market.Commit) string {
			bad := candles(s, market.M1)[3]
			bad.Volume = bad.Volume.Add(market.U64(1))
			c.Candles = []market.CandleChange{{Mint: mint, Interval: market.M1, Candle: bad, Type: market.Correction}}
			return "m1 candle"
		},
		"a candle lost": func(s *store.Store, c *market.Commit) string {
			c.Candles = []market.CandleChange{{Mint: mint, Interval: market.S5, Candle: candles(s, market.S5)[0], Type: market.Correction, Removed: true}}
			return "is missing"
		},
		"a candle too many": func(s *store.Store, c *market.Commit) string {
			extra := candles(s, market.H1)[0]
			extra.Time -= 7200
			c.Candles = []market.CandleChange{{Mint: mint, Interval: market.H1, Candle: extra, Type: market.Correction}}
			return "no trade stands behind"
		},
		"an open candle changed": func(s *store.Store, c *market.Commit) string {
			open, _, err := s.OpenCandles(mint)
			if err != nil || len(open.Open[market.D1]) == 0 {
				t.Fatal("no open day candle", err)
			}
			open.Open[market.D1][0].Trades++
			c.OpenCandles, c.Evicted = []market.OpenCandles{open}, []market.Pubkey{mint}
			return "d1 candle"
		},
		"an order lost": func(s *store.Store, c *market.Commit) string {
			err := s.Orders(t.Context(), func(o *market.Order) error {
				if o.MintAccount == mint {
					c.Orders = []market.OrderChange{{Order: *o, Closed: true}}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return "open and not stored"
		},
		"an order from nowhere": func(_ *store.Store, c *market.Commit) string {
			c.Orders = []market.OrderChange{{Order: market.Order{Address: key(7), MintAccount: mint, Terms: market.Terms{OrderType: market.OrderShort, User: key(8)}}}}
			return "no event opened it"
		},
		"trades wrong":       total(func(t *market.Token) { t.Trades += 5 }),
		"volume wrong":       total(func(t *market.Token) { t.TotalSolAmount = t.TotalSolAmount.Add(market.U64(1)) }),
		"price wrong":        total(func(t *market.Token) { t.LatestPrice.Lo++ }),
		"margin wrong":       total(func(t *market.Token) { t.TotalMarginSolAmount = t.TotalMarginSolAmount.Add(market.U64(1)) }),
		"liquidations wrong": total(func(t *market.Token) { t.TotalLiquidations++ }),
		"pair wrong":         total(func(t *market.Token) { t.Pair = market.MustPair(0, key(9), 3, 2) }),
		"profit wrong":       total(func(t *market.Token) { t.TotalCloseProfit = t.TotalCloseProfit.Add(market.U64(1)) }),
	} {
		t.Run(name, func(t *testing.T) {
			s := fill(t, 2)
			at := s.State()
			c := &market.Commit{Seq: at.Seq + 1, ChainTime: at.ChainTime}
			want := damage(s, c)
			if err := s.Commit(c); err != nil {
				t.Fatal(err)
			}

			found := run(t, s, false)
			if found.Differences == 0 || !strings.Contains(strings.Join(found.Findings, "\n"), want) || found.Repaired != 0 {
				t.Fatalf("want %q in %+v", want, found)
			}
			if repaired := run(t, s, true); repaired.Repaired == 0 {
				t.Fatalf("nothing repaired: %+v", repaired)
			}

			if again := run(t, s, false); again.Differences != 0 {
				t.Fatalf("after the repair: %+v", again)
			}
			if problems, err := s.Audit(t.Context()); err != nil || len(problems) > 0 {
				t.Fatalf("audit: %v %v", problems, err)
			}
		})
	}
}

// TestMarksOfCorrectedCandles expects that a mark is no difference and outlives a repair, that a final candle which the
// repair changes is marked, and that one which it brings back is not: history held none.
func TestMarksOfCorrectedCandles(t *testing.T) {
	s := fill(t, 4)
	mint := key(2)
	read := func() []market.Candle {
		list, err := s.CandlesBetween(mint, market.M1, 0, 1<<40)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	commit := func(candle market.Candle, removed bool) {
		at := s.State()
		if err := s.Commit(&market.Commit{Seq: at.Seq + 1, ChainTime: at.ChainTime, Candles: []market.CandleChange{
			{Mint: mint, Interval: market.M1, Candle: candle, Type: market.Correction, Removed: removed},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	want := read()
	for _, place := range []int{2, 6} {
		want[place].Corrected = true
		commit(want[place], false)
	}

	if report := run(t, s, true); report.Differences != 0 || report.Repaired != 0 {
		t.Fatalf("a mark is a difference: %+v", report)
	}
	for _, place := range []int{4, 6} {
		wrong := want[place]
		wrong.Trades++
		commit(wrong, false)
	}

	commit(want[8], true)
	if report := run(t, s, true); report.Differences != 3 || report.Repaired == 0 {
		t.Fatalf("%+v", report)
	}
	want[4].Corrected = true
	if got := read(); !slices.Equal(got, want) {
		t.Fatalf("after the repair:\n got %+v\nwant %+v", got[:10], want[:10])
	}
}

func TestRetentionIsNoDifference(t *testing.T) {
	dir := t.TempDir()
	fillDir(t, 3, dir, 0)
	s, err := store.Open(store.Options{Dir: dir, RetentionDays: 1})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = s.Close() })
	before := run(t, s, false)
	if err := s.Retain(t.Context()); err != nil {
		t.Fatal(err)
	}

	after := run(t, s, false)
	if s.Horizon() == 0 || after.Events >= before.Events {
		t.Fatalf("nothing was deleted: %d of %d events, horizon %d", after.Events, before.Events, s.Horizon())
	}
	if before.Differences != 0 || after.Differences != 0 {
		t.Fatalf("before %+v\nafter %+v", before.Findings, after.Findings)
	}
}

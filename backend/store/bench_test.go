package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// bench makes commits like a busy market's: 1,000 mints, most traded every other second, 10 intervals, 20,000 users,
// prices that move by up to a percent with each trade.
type bench struct {
	samples
	seq    market.Seq
	users  []market.Pubkey
	raw    []uint64 // latest price by mint, at 26 decimals
	tokens []market.Token
	open   []market.OpenCandles
}

func newBench(mints int) *bench {
	f := &bench{samples: newSamples(3), tokens: make([]market.Token, mints), open: make([]market.OpenCandles, mints), raw: make([]uint64, mints)}
	for range 20_000 {
		f.users = append(f.users, f.address())
	}
	for i := range mints {
		f.tokens[i].Mint, f.raw[i] = f.address(), 2_795_899_347_623_485_554
		f.open[i].Mint = f.tokens[i].Mint
	}
	return f
}

func (f *bench) address() (k market.Pubkey) {
	for i := range 4 {
		binary.BigEndian.PutUint64(k[i*8:], f.Uint64())
	}
	return k
}

// next is a commit of one second with so many events.
func (f *bench) next(events int) *market.Commit {
	f.seq++
	now := 1_750_000_000 + int64(f.seq)
	c := &market.Commit{Seq: f.seq, Slot: market.Slot(300_000_000 + 2*f.seq), ChainTime: now}
	touched := map[int]bool{}
	for i := range events {
		n := f.IntN(len(f.tokens))
		touched[n] = true
		mint := f.tokens[n].Mint
		f.raw[n] = f.raw[n] - f.raw[n]/100 + f.Uint64N(f.raw[n]/50)
		raw := market.U64(f.raw[n])
		price, _ := market.ScalePrice(raw, 26)
		body := &spinpet.BuySell{Payer: f.users[f.IntN(len(f.users))], Mint: mint, IsBuy: i%2 == 0, TokenAmount: f.Uint64N(1e12), SolAmount: f.Uint64N(1e10), LatestPrice: raw}
		c.Events = append(c.Events, market.Event{
			Position: market.Position{Slot: c.Slot, Index: uint32(i)}, Signature: f.signature(), BlockTime: now, Scale: 26, Price: price,
			Owner: body.Payer, Body: body,
		})
		t := &f.tokens[n]
		t.Trades++
		t.LatestPrice, t.LatestTradeTime, t.LastEventTime = price, now, now
		t.TotalSolAmount = t.TotalSolAmount.Add(market.U64(body.SolAmount))
	}

	for n := range touched {
		f.trade(c, n, now)
	}
	return c
}

// trade closes the mint's candles that ended and changes the open ones.
func (f *bench) trade(c *market.Commit, n int, now int64) {
	t, b := &f.tokens[n], &f.open[n]
	c.Tokens = append(c.Tokens, *t)
	for _, interval := range market.StoredIntervals() {
		start := interval.Floor(now)
		if open := b.Open[interval]; len(open) > 0 && open[0].Time != start {
			open[0].Final = true
			c.Candles = append(c.Candles, market.CandleChange{Mint: t.Mint, Interval: interval, Candle: open[0], Type: market.Final})
			b.Open[interval] = nil
		}

		if len(b.Open[interval]) == 0 {
			b.Open[interval] = []market.Candle{{Time: start, Open: b.Price, High: t.LatestPrice, Low: b.Price}}
		}
		open := &b.Open[interval][0]
		open.Close, open.High = t.LatestPrice, max128(open.High, t.LatestPrice)
		open.Low = min128(open.Low, t.LatestPrice)
		open.Volume, open.Trades = open.Volume.Add(market.U64(f.Uint64N(1e12))), open.Trades+1
		open.QuoteVolume = open.QuoteVolume.Add(market.U64(f.Uint64N(1e10)))
		c.Candles = append(c.Candles, market.CandleChange{Mint: t.Mint, Interval: interval, Candle: *open})
	}

	b.Price = t.LatestPrice
}

// rawDB is Badger alone, with the same options.
func rawDB(b *testing.B) *badger.DB {
	o := Options{Dir: b.TempDir()}.withDefaults()
	db, err := badger.Open(badgerOptions(&o))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

type row struct{ key, value []byte }

func writeRaw(b *testing.B, db *badger.DB, rows []row) time.Duration {
	b.Helper()
	start := time.Now()
	err := db.Update(func(txn *badger.Txn) error {
		for _, r := range rows {
			if err := txn.Set(r.key, r.value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// BenchmarkCommit commits batches and writes the same rows with Badger alone.
func BenchmarkCommit(b *testing.B) {
	for _, events := range []int{500, 1} {
		b.Run(fmt.Sprint(events, "-events"), func(b *testing.B) {
			s, raw, f := benchStore(b), rawDB(b), newBench(1000)
			var own, plain []time.Duration
			var rows []row
			written := 0
			for b.Loop() {
				b.StopTimer()
				c := f.next(events)
				rows = rows[:0]
				s.onPut = nil
				compare := len(own)%8 == 0 || events == 1
				if compare {
					s.onPut = func(key, value []byte) { rows = append(rows, row{bytes.Clone(key), bytes.Clone(value)}) }
				}

				b.StartTimer()
				start := time.Now()
				if err := s.Commit(c); err != nil {
					b.Fatal(err)
				}

				own = append(own, time.Since(start))
				b.StopTimer()
				if compare {
					written += len(rows)
					plain = append(plain, writeRaw(b, raw, rows))
				}

				b.StartTimer()
			}

			mean := sum(own) / time.Duration(len(own))
			b.ReportMetric(float64(events)*float64(time.Second)/float64(mean), "events/s")
			if len(plain) == 0 {
				return
			}

			b.ReportMetric(float64(written)/float64(len(plain)*events), "rows/event")
			b.ReportMetric(float64(mean)*float64(len(plain))/float64(sum(plain)), "x-raw")
			b.ReportMetric(micros(quantile(own, 0.5)), "p50-µs")
			b.ReportMetric(micros(quantile(own, 0.99)), "p99-µs")
			b.ReportMetric(micros(quantile(plain, 0.99)), "raw-p99-µs")
		})
	}
}

func benchStore(b *testing.B) *Store {
	s, err := Open(Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func sum(times []time.Duration) (total time.Duration) {
	for _, t := range times {
		total += t
	}
	return total
}

func quantile(times []time.Duration, q float64) time.Duration {
	slices.Sort(times)
	return times[min(len(times)-1, int(q*float64(len(times))))]
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// fillCandles fills a store with so many candles of one mint and interval, among others.
func fillCandles(b *testing.B, s *Store, candles int) market.Pubkey {
	b.Helper()
	f := newBench(20)
	mint := f.tokens[0].Mint
	const batch = 400
	last := market.Price(market.U64(f.Uint64()))
	for done := 0; done < candles; done += batch {
		f.seq++
		c := &market.Commit{Seq: f.seq, ChainTime: 1}
		for i := range batch {
			candle := market.Candle{Time: int64(done + i), Open: last, Close: market.Price(market.U64(f.Uint64())), Volume: market.U64(f.Uint64N(1e12)), QuoteVolume: market.U64(f.Uint64N(1e10)), Trades: 1, Final: true}
			candle.High, candle.Low = max128(candle.Open, candle.Close), min128(candle.Open, candle.Close)
			candle.BuyVolume, last = candle.Volume, candle.Close
			c.Candles = append(c.Candles, market.CandleChange{Mint: mint, Interval: market.S1, Candle: candle})
			if i%10 == 0 {
				other := f.tokens[1+f.IntN(19)].Mint
				c.Candles = append(c.Candles, market.CandleChange{Mint: other, Interval: market.S1, Candle: candle})
			}
		}

		if err := s.Commit(c); err != nil {
			b.Fatal(err)
		}
	}

	return mint
}

// BenchmarkCandles reads pages and, in the same run, the same rows with a plain range scan.
func BenchmarkCandles(b *testing.B) {
	for _, size := range []int{100_000, 1_000_000} {
		s := benchStore(b)
		mint := fillCandles(b, s, size)
		for _, page := range []struct {
			name string
			q    CandleQuery
		}{
			{"latest-100", CandleQuery{Limit: 100}},
			{"latest-1000", CandleQuery{Limit: 1000}},
			{"page-1000-of-50", CandleQuery{Limit: 50, Offset: 999 * 50}},
			{"page-1-of-50", CandleQuery{Limit: 50}},
			{"from-to-100", CandleQuery{Limit: 100, From: int64(size / 2), To: int64(size/2 + 99)}},
		} {
			b.Run(fmt.Sprintf("%d/%s", size, page.name), func(b *testing.B) {
				var own, plain []time.Duration
				for b.Loop() {
					start := time.Now()
					got, err := s.Candles(context.Background(), mint, market.S1, page.q)
					if err != nil || len(got.Candles) != page.q.Limit {
						b.Fatal(len(got.Candles), err)
					}
					own = append(own, time.Since(start))
					b.StopTimer()
					plain = append(plain, scanRaw(b, s, mint, page.q.Limit))
					b.StartTimer()
				}

				b.ReportMetric(float64(sum(own))/float64(sum(plain)), "x-raw")
				b.ReportMetric(micros(quantile(own, 0.5)), "p50-µs")
				b.ReportMetric(micros(quantile(own, 0.99)), "p99-µs")
				b.ReportMetric(micros(quantile(plain, 0.5)), "raw-p50-µs")
				b.ReportMetric(micros(quantile(plain, 0.99)), "raw-p99-µs")
			})
		}
	}
}

// BenchmarkGrowth reads the same pages from a small store and from a large one in turn, so that what else the machine
// does meets both. SPINSCOPE_BENCH_CANDLES=10000000 is the size that the figures of docs/performance.md are for; it
// takes minutes to fill.
func BenchmarkGrowth(b *testing.B) {
	large := 1_000_000
	if more, err := strconv.Atoi(os.Getenv("SPINSCOPE_BENCH_CANDLES")); err == nil {
		large = more
	}
	sizes := []int{100_000, large}
	var stores [2]*Store
	var mints [2]market.Pubkey
	for i, size := range sizes {
		stores[i] = benchStore(b)
		mints[i] = fillCandles(b, stores[i], size)
	}

	for _, limit := range []int{100, 1000} {
		b.Run(fmt.Sprint("latest-", limit), func(b *testing.B) {
			var own, plain [2][]time.Duration
			for b.Loop() {
				for i := range stores {
					own[i] = append(own[i], readPage(b, stores[i], mints[i], CandleQuery{Limit: limit}))
					plain[i] = append(plain[i], scanRaw(b, stores[i], mints[i], limit))
				}
			}

			for i := range stores {
				name := fmt.Sprint(sizes[i])
				b.ReportMetric(micros(quantile(own[i], 0.5)), name+"-p50-µs")
				b.ReportMetric(micros(quantile(own[i], 0.99)), name+"-p99-µs")
				b.ReportMetric(micros(quantile(plain[i], 0.5)), name+"-raw-p50-µs")
			}

			b.ReportMetric(float64(quantile(own[1], 0.5))/float64(quantile(own[0], 0.5)), "growth")
			b.ReportMetric(float64(quantile(plain[1], 0.5))/float64(quantile(plain[0], 0.5)), "raw-growth")
		})
	}

	b.Run("page-1000", func(b *testing.B) {
		var first, deep []time.Duration
		for b.Loop() {
			first = append(first, readPage(b, stores[1], mints[1], CandleQuery{Limit: 50}))
			deep = append(deep, readPage(b, stores[1], mints[1], CandleQuery{Limit: 50, Offset: 999 * 50}))
		}
		b.ReportMetric(micros(quantile(first, 0.5)), "page-1-p50-µs")
		b.ReportMetric(micros(quantile(deep, 0.5)), "p50-µs")
		b.ReportMetric(micros(quantile(deep, 0.99)), "p99-µs")
		b.ReportMetric(float64(quantile(deep, 0.5))/float64(quantile(first, 0.5)), "x-page-1")
	})
}

func readPage(b *testing.B, s *Store, mint market.Pubkey, q CandleQuery) time.Duration {
	b.Helper()
	start := time.Now()
	page, err := s.Candles(context.Background(), mint, market.S1, q)
	if err != nil || len(page.Candles) != q.Limit {
		b.Fatal(len(page.Candles), err)
	}
	return time.Since(start)
}

// scanRaw reads the newest rows as one would with Badger alone.
func scanRaw(b *testing.B, s *Store, mint market.Pubkey, limit int) time.Duration {
	b.Helper()
	prefix := appendCandlePrefix(nil, s.directory.ids[mint], market.S1)
	seek := append(bytes.Clone(prefix), above...)
	start := time.Now()
	txn := s.db.NewTransactionAt(s.state.at(), false)
	defer txn.Discard()
	it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix, Reverse: true})
	defer it.Close()
	n := 0
	for it.Seek(seek); it.Valid() && n < limit; it.Next() {
		if err := it.Item().Value(func([]byte) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

// BenchmarkDisk tells what an event costs on disk with all that belongs to it, and how fast a store opens.
func BenchmarkDisk(b *testing.B) {
	events := 400_000
	if more, err := strconv.Atoi(os.Getenv("SPINSCOPE_BENCH_EVENTS")); err == nil {
		events = more // such as 5000000, which takes minutes
	}
	for b.Loop() {
		o := Options{Dir: b.TempDir()}
		s, err := Open(o)
		if err != nil {
			b.Fatal(err)
		}

		f, text := newBench(1000), 0
		for range events / 500 {
			c := f.next(500)
			if f.seq == 1 {
				text = len(jsonOf(b, &c.Events[0]))
			}
			if err := s.Commit(c); err != nil {
				b.Fatal(err)
			}
		}

		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		if err := os.Remove(filepath.Join(o.Dir, filesFile)); err != nil { // as one of an earlier version: every block is unpacked
			b.Fatal(err)
		}

		for _, what := range []string{"first-open-ms", "open-ms"} {
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			if s, err = Open(o); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(time.Since(start).Milliseconds()), what)
		}

		if err := s.db.Flatten(2); err != nil { // old versions of the mints' records go
			b.Fatal(err)
		}
		var size int64
		for _, t := range s.db.Tables() {
			size += int64(t.OnDiskSize)
		}

		stats := s.Stats()
		b.ReportMetric(float64(size)/float64(events), "bytes/event")
		b.ReportMetric(float64(text), "json-bytes")
		b.ReportMetric(float64(stats.Candles)/float64(events), "candles/event")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// jsonOf is an event as the API gives it.
func jsonOf(b *testing.B, e *market.Event) []byte {
	b.Helper()
	body, ok := e.Body.(*spinpet.BuySell)
	if !ok {
		b.Fatal("not a trade")
	}
	text, err := json.Marshal(map[string]any{
		"event_type": e.Kind().String(), "signature": e.Signature, "slot": e.Slot, "ordinal": e.Ordinal,
		"timestamp": time.Unix(e.BlockTime, 0).UTC(), "payer": body.Payer, "mint_account": body.Mint, "is_buy": body.IsBuy,
		"token_amount": body.TokenAmount, "sol_amount": body.SolAmount, "latest_price": body.LatestPrice.String(),
	})
	if err != nil {
		b.Fatal(err)
	}
	return text
}

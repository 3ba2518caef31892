package store_test

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

// feed makes a busy market's transactions: so many mints on their curves, 20,000 users, one trade in each.
type feed struct {
	r       *rand.Rand
	program string
	curves  []spinpet.Curve
	next    uint64
	now     int64
	slot    market.Slot
}

func newFeed(b *testing.B, mints int) *feed {
	b.Helper()
	fresh, err := spinpet.FreshCurve(26)
	if err != nil {
		b.Fatal(err)
	}
	t := &feed{r: rand.New(rand.NewPCG(3, 3)), program: spinpet.ProgramID.String(), now: 1_760_000_000, slot: 300_000_000}
	for range mints {
		curve, _, err := fresh.Buy(50_000_000_000_000)
		if err != nil {
			b.Fatal(err)
		}
		t.curves = append(t.curves, curve)
	}
	return t
}

func address(kind byte, n int) (k market.Pubkey) {
	r := rand.New(rand.NewPCG(uint64(kind), uint64(n))) //nolint:gosec // small
	for i := range 4 {
		binary.BigEndian.PutUint64(k[8*i:], r.Uint64())
	}
	return k
}

// second is a batch of one second of the chain.
func (t *feed) second(b *testing.B, trades int) market.Batch {
	b.Helper()
	t.now++
	var batch market.Batch
	for i := range trades {
		if i%((trades+1)/2) == 0 {
			t.slot++
		}
		n := t.r.IntN(len(t.curves))
		amount, buy := 1+t.r.Uint64N(1_000_000_000_000), t.r.IntN(2) == 0
		curve, lamports, err := t.curves[n].Move(amount, buy)
		if err != nil {
			b.Fatal(err)
		}

		t.curves[n] = curve
		t.next++
		tx := market.Transaction{Slot: t.slot, Index: uint32(i), BlockTime: t.now, Logs: []string{ //nolint:gosec // small
			"Program " + t.program + " invoke [1]",
			spinpet.LogLine(&spinpet.BuySell{
				Payer: address(2, t.r.IntN(20_000)), Mint: address(1, n), IsBuy: buy, TokenAmount: amount, SolAmount: lamports, LatestPrice: curve.Raw(),
			}),
			"Program " + t.program + " success",
		}}
		for i := range 8 {
			binary.BigEndian.PutUint64(tx.Signature[8*i:], t.r.Uint64())
		}

		batch.Transactions = append(batch.Transactions, tx)
	}

	batch.ChainTime, batch.Slot = t.now, t.slot
	return batch
}

// together is how many batches are taken in one after the other before Badger alone writes what some of them wrote.
const together = 16

// BenchmarkIngest takes transactions' logs in, with ten intervals and 1,000 mints, until they are committed: as history,
// each batch read while the one before is written, or one event at a time. In turn with it Badger alone writes the same
// rows.
func BenchmarkIngest(b *testing.B) {
	for _, trades := range []int{500, 1} {
		b.Run(fmt.Sprint(trades, "-events"), func(b *testing.B) {
			s, err := store.Open(store.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close() //nolint:errcheck // a benchmark's

			writer := ingest.New(ingest.Config{Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler)}, s, ingest.Resume{})
			if err := writer.Recover(); err != nil {
				b.Fatal(err)
			}
			t, raw := newFeed(b, 1000), store.NewRaw(b)
			for range 20 { // every mint is known
				if err := writer.Apply(b.Context(), t.second(b, 500)); err != nil {
					b.Fatal(err)
				}
			}

			var own, plain []time.Duration // of each group, of each commit
			var ownSum, plainSum, ownCompared time.Duration
			rows, compared, group := 0, 0, make([]market.Batch, together)
			take := writer.Take
			if trades == 1 {
				group, take = group[:1], writer.Apply
			}

			events := trades * len(group)
			for round := 0; b.Loop(); round++ {
				b.StopTimer()
				for i := range group {
					group[i] = t.second(b, trades)
				}

				compare := trades == 1 || round%8 == 0
				if compare {
					raw.Watch(s)
				}
				b.StartTimer()
				start := time.Now()
				for _, batch := range group {
					if err := take(b.Context(), batch); err != nil {
						b.Fatal(err)
					}
				}

				if err := writer.Flush(); err != nil {
					b.Fatal(err)
				}
				took := time.Since(start)
				b.StopTimer()
				own, ownSum = append(own, took), ownSum+took
				if compare {
					store.Unwatch(s)
					commits, n := raw.Write(b)
					for _, one := range commits {
						plainSum += one
					}
					plain, ownCompared, rows, compared = append(plain, commits...), ownCompared+took, rows+n, compared+1
				}

				b.StartTimer()
			}

			perSecond := func(d time.Duration) float64 { return float64(events) * float64(time.Second) / float64(d) }
			median := store.Quantile(own, 0.5)
			b.ReportMetric(perSecond(ownSum/time.Duration(len(own))), "events/s")
			b.ReportMetric(perSecond(median), "median-events/s")
			b.ReportMetric(float64(ownCompared)/float64(plainSum), "x-raw")
			b.ReportMetric(float64(rows)/float64(compared*events), "rows/event")
			if trades > 1 {
				b.ReportMetric(float64(compared*events)/float64(len(plain)), "events/commit")
				return
			}

			b.ReportMetric(store.Micros(median), "p50-µs")
			b.ReportMetric(store.Micros(store.Quantile(own, 0.99)), "p99-µs")
			b.ReportMetric(store.Micros(store.Quantile(plain, 0.5)), "raw-p50-µs")
			b.ReportMetric(store.Micros(store.Quantile(plain, 0.99)), "raw-p99-µs")
		})
	}
}

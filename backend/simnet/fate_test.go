package simnet

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// fate is what became of a token: the price its first minute closed with, the last one, and its trades in each fifth of
// the time since it was created.
type fate struct {
	born        int64
	first, last float64
	low, high   float64
	trades      [5]int
}

func (f fate) change() float64 { return f.last/f.first - 1 }

// fades reports whether it is traded ever more rarely, in the end hardly at all.
func (f fate) fades() bool {
	highest := f.trades[0]
	for i, count := range f.trades[1:] {
		if count > f.trades[i] && count > highest/10 {
			return false
		}
	}
	return f.trades[4] <= highest/20
}

// flat reports whether it was traded all the time and went nowhere.
func (f fate) flat() bool {
	return f.high < 2*f.low && slices.Min(f.trades[:]) > 10
}

// fates reads them from the events.
func fates(p *producer) map[market.Pubkey]*fate {
	all := map[market.Pubkey]*fate{}
	end := int64(p.start)
	for _, tx := range p.chain.transactions {
		if tx.failed || tx.shape == spoofed {
			continue
		}
		for _, body := range tx.events {
			mint := body.MintAccount()
			if body.Kind() == spinpet.KindTokenCreated {
				all[mint] = &fate{born: tx.time, low: math.Inf(1)}
			}
			raw, ok := spinpet.RawPrice(body)
			if !ok {
				continue
			}

			f, price := all[mint], raw.Float(p.cfg.Decimals)
			if f.first == 0 || tx.time/60 == f.born/60 {
				f.first = price
			}
			f.last, f.low, f.high = price, min(f.low, price), max(f.high, price)
			f.trades[min(4, 5*(tx.time-f.born)/max(1, end-f.born))]++
		}
	}

	return all
}

// TestFates: of the demo market's tokens some rise, some fall far below their first bar, some move sideways and some are
// hardly traded any more, whatever the seed.
func TestFates(t *testing.T) {
	demo := Default()
	for _, seed := range []int64{1, 2, 3, 4, 5} {
		for _, cfg := range []Config{
			{Seed: seed, Rate: demo.Rate, Mints: demo.Mints, History: demo.History},
			{Seed: seed, Rate: 6, Mints: demo.Mints, History: demo.History, HistoryTransactions: 9000},
		} {
			t.Run(fmt.Sprint("seed ", seed, " history ", cfg.HistoryTransactions), func(t *testing.T) {
				p := past(t, cfg)
				var up, down, flat, faded int
				for mint, f := range fates(p) {
					switch change := f.change(); {
					case change <= -0.2:
						down++
					case change >= 0.5:
						up++
					}

					if f.flat() {
						flat++
					}
					if f.fades() {
						faded++
					}

					for i, pool := range p.world.pools {
						if pool.mint == mint {
							t.Logf("%d %-7s %+5.0f %%, %4.2f to %4.2f of its first, trades %v", i, pool.symbol, 100*f.change(), f.low/f.first, f.high/f.first, f.trades)
						}
					}
				}

				if up < 2 || down < 3 || flat < 1 || faded < 2 {
					t.Errorf("%d up, %d down, %d sideways, %d fade", up, down, flat, faded)
				}
			})
		}
	}
}

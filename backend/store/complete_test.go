package store

import (
	"testing"

	"spinscope/backend/market"
)

// The merged candles of a coin that is followed by addresses of its own are final by its own chain time: neither by the
// program's, which may be ahead, nor later. Until it was ever followed they are the program's, as an imported coin's.
func TestMergedCandlesOfAFollowedCoin(t *testing.T) {
	const start = int64(1_700_000_100) / 180 * 180
	coin, curve, pool := market.Pubkey{1}, market.Pubkey{2}, market.Pubkey{3}
	s, err := Open(Options{Dir: t.TempDir(), Addresses: func(market.Pubkey, market.Pair) []market.Pubkey {
		return []market.Pubkey{curve, pool}
	}})
	if err != nil {
		t.Fatal(err)
	}

	defer s.Close() //nolint:errcheck // a test's

	minute := market.Candle{Time: start, Trades: 1, Final: true, Open: market.Price{Lo: 1}, High: market.Price{Lo: 1}, Low: market.Price{Lo: 1}, Close: market.Price{Lo: 1}}
	put := func(programs int64, reached ...market.Reached) {
		t.Helper()
		c := &market.Commit{Seq: s.Seq() + 1, ChainTime: programs, Reached: reached}
		if c.Seq == 1 {
			c.Candles = []market.CandleChange{{Mint: coin, Interval: market.M1, Type: market.Final, Candle: minute}}
		}
		if err := s.Commit(c); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, final bool, at int64, own bool) {
		t.Helper()
		c, found, err := s.CandleBefore(coin, market.M3, start+1)
		if err != nil || !found || c.Final != final || c.Trades != 1 {
			t.Errorf("%s: %+v, %t, %v", what, c, found, err)
		}
		if got, is, err := s.CompleteTo(coin); err != nil || got != at || is != own {
			t.Errorf("%s: complete to %d (its own: %t), want %d, %t (%v)", what, got, is, at, own, err)
		}
	}

	put(start + 179)
	expect("before its end", false, start+179, false)
	put(start + 180)
	expect("after it, by the program", true, start+180, false)
	put(start+300, market.Reached{Address: curve, ChainTime: start + 500})
	expect("its pool was not read yet", false, 0, true)
	put(start+400, market.Reached{Address: pool, ChainTime: start + 179})
	expect("its pool was read to the end", false, start+179, true)
	put(start+400, market.Reached{Address: pool, ChainTime: start + 180})
	expect("after it, by its own", true, start+180, true)
}

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

// The merged candles of a coin of a program of which all coins are kept, and that nobody follows, are final by how far such
// programs have come, not by the program that is read whole. Of one that is followed its own addresses count, and of one that was
// once the programs do again.
func TestMergedCandlesOfAnUnwatchedCoin(t *testing.T) {
	const start = int64(1_700_000_100) / 180 * 180
	coin, own, one, other, petty := market.Pubkey{1}, market.Pubkey{2}, market.Pubkey{3}, market.Pubkey{4}, market.Pubkey{5}
	followed := false
	s, err := Open(Options{
		Dir: t.TempDir(), Whole: []market.Pubkey{one, other}, Follows: func(market.Pubkey) bool { return followed },
		Addresses: func(mint market.Pubkey, _ market.Pair) []market.Pubkey {
			if mint == petty {
				return nil
			}
			return []market.Pubkey{own}
		},
	})
	if err != nil {
		t.Fatal(err)
	}

	defer s.Close() //nolint:errcheck // a test's

	put := func(programs int64, reached ...market.Reached) {
		t.Helper()
		c := &market.Commit{Seq: s.Seq() + 1, ChainTime: programs, Reached: reached}
		if c.Seq == 1 {
			minute := market.Candle{Time: start, Trades: 1, Final: true, Open: market.Price{Lo: 1}, High: market.Price{Lo: 1}, Low: market.Price{Lo: 1}, Close: market.Price{Lo: 1}}
			c.Candles = []market.CandleChange{{Mint: coin, Interval: market.M1, Type: market.Final, Candle: minute}}
		}
		if err := s.Commit(c); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(what string, mint market.Pubkey, at int64, is bool) {
		t.Helper()
		if got, own, err := s.CompleteTo(mint); err != nil || got != at || own != is {
			t.Errorf("%s: complete to %d (its own: %t), want %d, %t (%v)", what, got, own, at, is, err)
		}
		if mint != coin {
			return
		}
		if c, found, err := s.CandleBefore(coin, market.M3, start+1); err != nil || !found || c.Final != (at >= start+180) {
			t.Errorf("%s: %+v, %t, %v", what, c, found, err)
		}
	}

	put(start + 100)
	expect("nobody has told yet", coin, start+100, false)
	put(start+900, market.Reached{Address: one, ChainTime: start + 500})
	expect("one program has told", coin, 0, true)
	put(start+900, market.Reached{Address: other, ChainTime: start + 179})
	expect("both have", coin, start+179, true)
	expect("a token of the program that is read whole", petty, start+900, false)

	followed = true
	put(start+900, market.Reached{Address: own, ChainTime: start + 60}, market.Reached{Address: other, ChainTime: start + 500})
	expect("it is followed, and its history read", coin, start+60, true)
	followed = false
	expect("it is followed no more", coin, start+500, true)
}

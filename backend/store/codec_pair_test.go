package store

import (
	"bytes"
	"encoding/hex"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// pairedMint is a mint's record with everything that is small in it.
func pairedMint(pair market.Pair) *mintState {
	m := &mintState{id: 7, mint: mintKey(7), known: true, created: 0x0102030405060708, orders: [2]uint64{1, 2}}
	m.events = tally{count: 3, tail: 3, newest: positionPlace(market.Position{Slot: 8}), first: positionPlace(market.Position{Slot: 6})}
	m.candles[market.M1] = tally{count: 1, newest: timePlace(60)}
	m.token = market.Token{
		Mint: m.mint, Pair: pair, CreateTime: 50, SwapFee: 100, LatestPrice: market.Price(market.U64(300)), LatestTradeTime: 60,
		TotalSolAmount: market.U64(1000), Trades: 3, LastEventTime: 61,
	}
	return m
}

// mintRecord is pairedMint of the zero pair as it was written before there were others.
const mintRecord = "01014d000000070000000000000000000000000000000000000000000000000000ff0102030405060708030300000000000000080000000000" +
	"0000000000000000060000000000000000000002007800000000000102000000000000000000000000000064640000ac0278e807000000037a"

// TestMintRecordOfTheFirstPairStays: what was there before there were other pairs is read, and written the same.
func TestMintRecordOfTheFirstPairStays(t *testing.T) {
	m := pairedMint(market.Pair{})
	if got := hex.EncodeToString(appendMint(nil, m)); got != mintRecord {
		t.Errorf("written as\n%s", got)
	}
	old, err := hex.DecodeString(mintRecord)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeMint(7, old)
	same(t, "old record", got, m, err)
}

// TestMintRecordNamesItsPair: the record of a mint in another pair holds it, and is otherwise the same.
func TestMintRecordNamesItsPair(t *testing.T) {
	pair := market.MustPair(spinpet.Program, keyOf('Q', 1), 3, 2)
	m := pairedMint(pair)
	record := appendMint(nil, m)
	got, err := decodeMint(7, record)
	same(t, "record", got, m, err)

	const pairAt, pairSize = 2, 3 + 32
	plain := appendMint(nil, pairedMint(market.Pair{}))
	if !bytes.Equal(record[pairAt+pairSize:], plain[pairAt:]) || record[0] == plain[0] {
		t.Errorf("%x holds more than the pair, beside %x", record, plain)
	}

	quote := market.WrappedSOL
	for name, change := range map[string]func(record []byte){
		"a program that nobody knows": func(r []byte) { r[pairAt] = byte(namedProgram) },
		"too many decimals":           func(r []byte) { r[pairAt+1] = market.MaxDecimals + 1 },
		"an unknown version":          func(r []byte) { r[0]++ },
		"the zero pair":               func(r []byte) { r[pairAt+1], r[pairAt+2] = 6, 9; copy(r[pairAt+3:], quote[:]) },
		"no address":                  func(r []byte) { clear(r[pairAt+3 : pairAt+pairSize]) },
	} {
		damaged := bytes.Clone(record)
		change(damaged)
		if got, err := decodeMint(7, damaged); err == nil {
			t.Errorf("%s is read as %v", name, got.token.Pair)
		}
	}
}

// TestStoreKnowsPairs: a coin's pair is there with the commit that tells it, and after the store was opened again.
func TestStoreKnowsPairs(t *testing.T) {
	o := small(Options{Dir: t.TempDir()})
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}

	pair := market.MustPair(spinpet.Program, keyOf('Q', 1), 3, 2)
	c := &market.Commit{Seq: 1, Tokens: []market.Token{
		{Mint: mintKey(1), Pair: pair, Trades: 1, TotalSolAmount: market.U64(200), LatestTradeTime: 1}, // two whole units
		{Mint: mintKey(2), TotalSolAmount: market.U64(1_999_999_999), LatestTradeTime: 1},
	}}
	if err := s.Commit(c); err != nil {
		t.Fatal(err)
	}

	check := func(when string) {
		t.Helper()
		for mint, want := range map[market.Pubkey]market.Pair{mintKey(1): pair, mintKey(2): {}, mintKey(3): {}} {
			if got := s.Pair(mint); got != want {
				t.Errorf("%s: %s is %v, want %v", when, mint, got, want)
			}
			if token, _, err := s.Token(mint); err != nil || token.Pair != want {
				t.Errorf("%s: %s is stored as %v, want %v (%v)", when, mint, token.Pair, want, err)
			}
		}
	}
	check("committed")

	page, err := s.Mints(t.Context(), MintQuery{Sort: VolumeDesc, All: true, Limit: 9})
	if err != nil || len(page.Tokens) != 2 || page.Tokens[0].Mint != mintKey(1) {
		t.Errorf("by volume: %v (%v)", page.Tokens, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	if s, err = Open(o); err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // only read
	check("opened again")
}

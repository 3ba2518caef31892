package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

var update = flag.Bool("update", false, "write the golden files anew")

// anyCommit is a commit with anything in it.
func (r samples) anyCommit(seq market.Seq) *market.Commit {
	c := &market.Commit{Seq: seq, Slot: market.Slot(r.number()), ChainTime: int64(r.number()), Checkpoint: market.Slot(r.number())}
	if r.IntN(3) == 0 {
		c.Replay = market.Position{Slot: market.Slot(r.number()), Index: r.Uint32(), Ordinal: uint16(r.Uint32())}
	}
	for _, list := range []*[]market.Event{&c.Events, &c.Removed} {
		for range r.IntN(6) {
			at := market.Position{Slot: market.Slot(r.number()), Index: r.Uint32(), Ordinal: uint16(r.Uint32())}
			e := r.event(mintKey(r.IntN(4)), at)
			e.ReceivedAt = int64(r.number())
			if r.IntN(3) == 0 {
				o := r.order(r.IntN(9))
				e.Liquidated = &o
			}
			*list = append(*list, e)
		}
	}

	for range r.IntN(12) {
		change := market.CandleChange{
			Mint: mintKey(r.IntN(3)), Interval: market.Interval(r.IntN(market.NumStored)), Candle: r.candle(int64(r.number()), r.IntN(2) == 0),
			Type: market.UpdateType(r.IntN(3)), Removed: r.IntN(5) == 0,
		}
		if r.IntN(2) == 0 {
			change.Stamp = market.Stamp{Slot: market.Slot(r.number()), BlockTime: int64(r.number()), ReceivedAt: int64(r.number())}
		}
		if r.IntN(9) == 0 {
			change.Mint = market.Pubkey{}
		}
		c.Candles = append(c.Candles, change)
	}

	for range r.IntN(3) {
		c.Orders = append(c.Orders, market.OrderChange{Order: r.order(r.IntN(9)), Closed: r.IntN(2) == 0})
	}
	for range r.IntN(3) {
		token := r.token(mintKey(r.IntN(4)))
		if token.Created != nil && r.IntN(4) == 0 {
			token.Created.(*spinpet.TokenCreated).URI = strings.Repeat("u", 20_000) // longer than two bytes tell
		}
		c.Tokens = append(c.Tokens, token)
	}

	for range r.IntN(3) {
		c.OpenCandles = append(c.OpenCandles, r.anyOpen())
	}
	for range r.IntN(3) {
		c.Evicted = append(c.Evicted, mintKey(r.IntN(9)))
	}

	for range r.IntN(3) {
		g := market.Gap{
			From: market.Slot(r.number()), To: market.Slot(r.number()), Cause: strings.Repeat("c", r.IntN(1200)),
			State: market.GapState(r.IntN(4)), Seq: market.Seq(r.number()),
		}
		if r.IntN(2) == 0 {
			g.Mint = mintKey(r.IntN(4))
		}
		c.Gaps = append(c.Gaps, g)
	}

	return c
}

func (r samples) anyOpen() market.OpenCandles {
	b := market.OpenCandles{Mint: mintKey(r.IntN(9)), Last: market.Position{Slot: market.Slot(r.number())}, BlockTime: int64(r.number()), Price: r.price()}
	for i := range b.Open {
		for range r.IntN(3) {
			b.Open[i] = append(b.Open[i], r.candle(int64(r.number()), false))
		}
	}
	return b
}

// TestCommitComesBack encodes commits with anything in them: what is decoded is the commit, every bit of it.
func TestCommitComesBack(t *testing.T) {
	r := newSamples(11)
	var encoder commitEncoder
	for n := range 2000 {
		c := r.anyCommit(market.Seq(r.number()))
		data := encoder.append([]byte("before"), c)[len("before"):]
		got, err := DecodeCommit(data)
		if err != nil {
			t.Fatalf("commit %d: %v", n, err)
		}
		if !reflect.DeepEqual(got, c) {
			t.Fatalf("commit %d:\n got %+v\nwant %+v", n, got, c)
		}
		if again := AppendCommit(nil, got); !bytes.Equal(again, data) {
			t.Fatalf("commit %d is encoded otherwise once decoded", n)
		}
	}
}

// golden are commits whose encoding never changes.
func golden() map[string]*market.Commit {
	mint, user, order := mintKey(1), userKey(2), keyOf('O', 3)
	terms := market.Terms{
		OrderType: market.OrderLong, Mint: mint, User: user, LockLpStartPrice: market.U128{Hi: 1, Lo: 2}, LockLpEndPrice: market.U64(3),
		LockLpSolAmount: 4, LockLpTokenAmount: 5, StartTime: 6, EndTime: 7, MarginSolAmount: 8, BorrowAmount: 9, PositionAssetAmount: 10, BorrowFee: 11,
	}
	opened := market.Order{Address: order, MintAccount: mint, Terms: terms, Scale: 28, LatestPrice: market.Price(market.U64(12)), LatestTradeTime: 1_700_000_000}
	candle := market.Candle{
		Time: 1_700_000_040, Open: market.Price(market.U64(100)), High: market.Price(market.U64(130)), Low: market.Price(market.U64(90)), Close: market.Price(market.U64(110)),
		Volume: market.U64(1000), QuoteVolume: market.U64(50), BuyVolume: market.U64(600), Trades: 3,
	}
	final := candle
	final.Final, final.Corrected, final.Time = true, true, 1_699_999_980

	created := &spinpet.TokenCreated{Payer: user, Mint: mint, Curve: keyOf('C', 4), SwapFee: 100, BorrowFee: 600, Name: "Name", Symbol: "SYM", URI: "https://example.org/1.json"}
	open := market.OpenCandles{Mint: mint, Last: market.Position{Slot: 200, Index: 1, Ordinal: 2}, BlockTime: 1_700_000_041, Price: market.Price(market.U64(110))}
	open.Open[market.M1] = []market.Candle{candle}

	trade := market.Event{
		Position: market.Position{Slot: 200, Index: 1, Ordinal: 2}, Signature: market.Signature{1, 2, 3}, BlockTime: 1_700_000_041, ReceivedAt: 1_700_000_041_500,
		Scale: 28, Price: market.Price(market.U64(110)), Owner: user, Body: &spinpet.BuySell{Payer: user, Mint: mint, IsBuy: true, TokenAmount: 600, SolAmount: 30, LatestPrice: market.U64(1100)},
	}
	liquidation := market.Event{
		Position: market.Position{Slot: 200, Index: 1, Ordinal: 1}, Signature: market.Signature{1, 2, 3}, BlockTime: 1_700_000_041, Provisional: true, Owner: user,
		Body: &spinpet.ForceLiquidate{Payer: userKey(5), Mint: mint, Order: order}, Liquidated: &opened,
	}
	other := market.MustPair(spinpet.Program, keyOf('Q', 1), 3, 2)

	return map[string]*market.Commit{
		"empty": {Seq: 1},
		"pairs": {
			Seq: 44, Tokens: []market.Token{
				{Mint: mint, Pair: other, Trades: 1},
				{Mint: mintKey(9)},
				{Mint: mintKey(10), Pair: market.MustPair(spinpet.Program, market.WrappedSOL, 9, 9)},
				{Mint: mintKey(11), Pair: other},
			},
		},
		"trade": {
			Seq: 42, Slot: 200, ChainTime: 1_700_000_041, Events: []market.Event{trade},
			Candles: []market.CandleChange{{Mint: mint, Interval: market.M1, Candle: candle, Stamp: market.Stamp{Slot: 200, BlockTime: 1_700_000_041, ReceivedAt: 1_700_000_041_500}}},
			Tokens:  []market.Token{{Mint: mint, Created: created, CreateTime: 1_700_000_000, SwapFee: 100, BorrowFee: 600, LatestPrice: trade.Price, Trades: 1, TotalSolAmount: market.U64(30)}},
		},
		"everything": {
			Seq: 43, Slot: 201, ChainTime: 1_700_000_100, Checkpoint: 150, Replay: open.Last,
			Events: []market.Event{liquidation, trade}, Removed: []market.Event{trade},
			Candles: []market.CandleChange{
				{Mint: mint, Interval: market.S1, Candle: final, Type: market.Correction, Stamp: market.Stamp{Slot: 200, BlockTime: 1_700_000_041}},
				{Mint: mint, Interval: market.M1, Candle: candle, Removed: true, Stamp: market.Stamp{Slot: 200, BlockTime: 1_700_000_041}},
				{Mint: mintKey(9), Interval: market.M1, Candle: final, Type: market.Final, Stamp: market.Stamp{BlockTime: 1_700_000_100}},
			},
			Orders:      []market.OrderChange{{Order: opened}, {Order: opened, Closed: true}},
			Tokens:      []market.Token{{Mint: mint, Created: created, TotalLiquidations: 1}, {Mint: mintKey(9)}},
			OpenCandles: []market.OpenCandles{open}, Evicted: []market.Pubkey{mint, mintKey(9)},
			Gaps: []market.Gap{{From: 10, To: 20, Cause: "log truncated", State: market.GapOpen, Mint: mint}, {From: 1, To: 9, State: market.GapReplaced, Seq: 7}},
		},
	}
}

// TestCommitEncodingStays: what is written today was written so by the first program that wrote it, and is read for ever.
func TestCommitEncodingStays(t *testing.T) {
	for name, c := range golden() {
		file := filepath.Join("testdata", "commits", name+".v1.hex")
		data := AppendCommit(nil, c)
		if *update {
			if err := os.WriteFile(file, dump(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}

		text, err := os.ReadFile(file) //nolint:gosec // a test
		if err != nil {
			t.Fatal(err)
		}
		want, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
		if err != nil {
			t.Fatal(err)
		}

		if !bytes.Equal(data, want) {
			t.Errorf("%s is encoded as\n%sin place of\n%s", name, dump(data), text)
		}
		if got, err := DecodeCommit(want); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%s is read as %+v, %v", name, got, err)
		}
	}
}

// dump is hexadecimal in lines of 32 bytes.
func dump(data []byte) []byte {
	var out bytes.Buffer
	for ; len(data) > 0; data = data[min(32, len(data)):] {
		fmt.Fprintf(&out, "%x\n", data[:min(32, len(data))])
	}
	return out.Bytes()
}

// TestCommitOfANewerProgram: what a reader may pass over it passes over, and what it may not it refuses by name.
func TestCommitOfANewerProgram(t *testing.T) {
	c := golden()["everything"]
	data := AppendCommit(nil, c)
	if got, err := DecodeCommit(append(bytes.Clone(data), firstOptional+3, 0, 0, 0, 2, 'h', 'i')); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("with a section that may be passed over: %v", err)
	}

	newer := bytes.Clone(data)
	newer[0]++
	unknown := &market.Commit{Seq: 1, Candles: []market.CandleChange{{Interval: market.NumStored}}}
	for name, data := range map[string][]byte{
		"a section that counts": append(bytes.Clone(data), numSections, 0, 0, 0, 1, 0),
		"another version":       newer,
		"another interval":      AppendCommit(nil, unknown),
	} {
		if _, err := DecodeCommit(data); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}

	head := data[:sectionHeader+1+int(data[4])+int(data[5])]
	for name, data := range map[string][]byte{
		"nothing":             {},
		"no head":             {commitVersion},
		"a section twice":     append(bytes.Clone(head), head[1:]...),
		"an empty section":    append(bytes.Clone(head), sectionMints, 0, 0, 0, 0),
		"a section cut short": append(bytes.Clone(head), sectionMints, 0, 0, 0, 9, 1),
		"half a mint":         append(bytes.Clone(head), sectionMints, 0, 0, 0, 1, 1),
	} {
		if _, err := DecodeCommit(data); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}

	for n := range data {
		if _, err := DecodeCommit(data[:n]); err == nil && n != len(head) && !sectionEnds(data, n) {
			t.Errorf("%d of %d bytes are read as a commit", n, len(data))
		}
	}
}

// sectionEnds reports whether a section ends at a place.
func sectionEnds(data []byte, at int) bool {
	place := 1
	for place < at {
		place += sectionHeader + int(data[place+3])<<8 + int(data[place+4])
	}
	return place == at
}

// FuzzDecodeCommit: nothing makes the decoder fail otherwise than with its two errors, ask for more memory than its input
// warrants, or give a commit that does not come back.
func FuzzDecodeCommit(f *testing.F) {
	for _, c := range golden() {
		f.Add(AppendCommit(nil, c))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := DecodeCommit(data)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) {
				t.Fatal(err)
			}
			return
		}
		again, err := DecodeCommit(AppendCommit(nil, c))
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Fatalf("%v:\n got %+v\nwant %+v", err, again, c)
		}
	})
}

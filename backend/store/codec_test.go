package store

import (
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

func knownMint(id mintID) (market.Pubkey, bool) { return mintKey(int(id)), id > 0 && id < 100 }

func TestRecordsComeBack(t *testing.T) {
	r := newSamples(1)
	for range 3000 {
		id := mintID(1 + r.IntN(50))
		mint := mintKey(int(id))
		e := r.event(mint, market.Position{Slot: market.Slot(r.number()), Index: r.Uint32(), Ordinal: uint16(r.Uint32())})
		gotEvent, err := decodeEvent(position(appendEventKey(nil, e.Position)[1:]), appendEvent(nil, &e, id), knownMint)
		same(t, "event", gotEvent, e, err)

		c, seq := r.candle(int64(r.number()), r.IntN(2) == 0), market.Seq(r.number())
		gotCandle, gotSeq, err := decodeCandle(c.Time, appendCandle(nil, &c, seq))
		same(t, "candle", gotCandle, c, err)
		same(t, "candle's commit", gotSeq, seq, nil)

		o := r.order(r.IntN(9))
		gotOrder, gotID, err := decodeOrder(appendOrder(nil, &o, id))
		same(t, "order", gotOrder, o, err)
		same(t, "order's mint", gotID, id, nil)

		g := market.Gap{From: market.Slot(r.number()), To: market.Slot(r.number()), Cause: "c", State: market.GapState(r.IntN(3)), Mint: mint, Seq: seq}
		gotGap, err := decodeGap(appendGapKey(nil, &g), appendGap(nil, &g))
		same(t, "gap", gotGap, g, err)

		x := r.wide()
		f := fields{rest: appendU128(nil, x)}
		same(t, "u128", f.u128(), x, f.err("u128"))
	}
}

// TestCandlesOfOlderVersions reads rows as they were written before candles could be marked as corrected, and expects of
// the mark that it changes one bit, which those versions did not look at.
func TestCandlesOfOlderVersions(t *testing.T) {
	price := func(n uint64) market.Price { return market.Price(market.U128{Hi: 15, Lo: n}) }
	for written, want := range map[string]market.Candle{
		"0101e7240ce480808080808080801ebc05645d80809aa6eaafe301b8da018080e983b1de16": {
			Time: 1_755_000_000, Open: price(100), High: price(900), Low: price(7), Close: price(800), Volume: market.U64(1e15),
			QuoteVolume: market.U64(27_960), BuyVolume: market.U64(1e14), Trades: 12, Final: true,
		},
		"015fe724018980808080808080801e04ac0205": {
			Time: 1_755_000_000, Open: price(9), High: price(9), Low: price(5), Close: price(5), Volume: market.U64(300),
			QuoteVolume: market.U64(5), BuyVolume: market.U64(300), Trades: 1, Final: true, Provisional: true,
		},
	} {
		row, err := hex.DecodeString(written)
		if err != nil {
			t.Fatal(err)
		}
		got, seq, err := decodeCandle(want.Time, row)
		same(t, "old row", got, want, err)
		same(t, "its commit", seq, market.Seq(4711), nil)
		same(t, "written again", hex.EncodeToString(appendCandle(nil, &want, 4711)), written, nil)

		want.Corrected = true
		marked := appendCandle(nil, &want, 4711)
		got, _, err = decodeCandle(want.Time, marked)
		same(t, "marked", got, want, err)
		marked[1] &^= candleCorrected
		same(t, "marked, but for the bit", hex.EncodeToString(marked), written, nil)
	}
}

func TestSummariesComeBack(t *testing.T) {
	r := newSamples(2)
	for range 500 {
		m := &mintState{id: 7, mint: mintKey(7), known: r.IntN(2) == 0, hasOpen: r.IntN(2) == 0, created: r.number(), token: r.token(mintKey(7))}
		m.token.Created = nil
		m.events = tally{count: r.number(), tail: r.number(), newest: positionPlace(market.Position{Slot: 8})}
		for i := range m.candles {
			if r.IntN(2) == 0 {
				m.candles[i] = tally{count: 1 + r.Uint64N(9), newest: timePlace(r.Int64N(1 << 40))}
			}
			if r.IntN(2) == 0 {
				m.candles[i] = tally{count: 3, tail: 2, newest: timePlace(500), first: timePlace(-70)}
			}
		}

		m.orders = [2]uint64{r.number(), r.number()}
		got, err := decodeMint(7, appendMint(nil, m))
		same(t, "mint", got, m, err)

		created := r.created(mintKey(3))
		gotCreated, err := decodeCreated(appendCreated(nil, created))
		same(t, "created", gotCreated, created, err)

		s := state{
			State: State{Seq: market.Seq(r.number()), Slot: 3, ChainTime: -4, Checkpoint: 5, Replay: market.Position{Slot: 6}}, skew: r.number(),
			lastEvent: 9, lastMint: 10, newest: market.Position{Index: 4}, logFrom: 3, orders: 4, candles: 5, gapsOpen: 6,
		}
		s.kinds.Add(spinpet.KindForceLiquidate, 1+r.number()>>1)
		s.kinds.Add(market.KindOf(namedProgram, uint8(1+r.IntN(3))), 1+r.number()>>1)

		gotState, err := decodeState(appendState(nil, &s))
		same(t, "state", gotState, s, err)

		row := logRow{events: []market.Position{{Slot: 9, Index: 1, Ordinal: 2}, {Slot: market.Slot(r.number())}}, late: []lateRow{{3, market.M1, -60}}}
		gotRow, err := decodeLog(appendLog(nil, &row))
		same(t, "log", gotRow, row, err)

		b := durableCandles{OpenCandles: market.OpenCandles{Mint: mintKey(3), Last: market.Position{Slot: 4}, BlockTime: 5, Price: r.price()}}
		for i := range b.Open {
			for range r.IntN(3) {
				b.Open[i] = append(b.Open[i], r.candle(int64(len(b.Open[i])), false))
				b.seqs[i] = append(b.seqs[i], market.Seq(i*10+len(b.seqs[i])))
			}
		}

		gotOpen, err := decodeOpenCandles(appendOpenCandles(nil, &b.OpenCandles, func(i market.Interval, c *market.Candle) market.Seq { return market.Seq(int64(i)*10 + c.Time) }))
		same(t, "open candles", gotOpen, b, err)
	}
}

func same(t *testing.T, what string, got, want any, err error) {
	t.Helper()
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: got %+v, %v\nwant %+v", what, got, err, want)
	}
}

func TestKeysSortAsTheirValues(t *testing.T) {
	times := []int64{math.MinInt64, -86400, -1, 0, 1, 86400, math.MaxInt64}
	for i, t1 := range times {
		if got := timeOf(orderedTime(t1)); got != t1 {
			t.Errorf("time %d came back as %d", t1, got)
		}
		if i > 0 && string(appendCandleKey(nil, 1, 0, times[i-1])) >= string(appendCandleKey(nil, 1, 0, t1)) {
			t.Errorf("key of %d is not above key of %d", t1, times[i-1])
		}
	}

	low, high := market.Order{}, market.Order{}
	low.Terms.LockLpStartPrice, high.Terms.LockLpStartPrice = market.U64(math.MaxUint64), market.U128{Hi: 1}
	for _, orderType := range []uint8{market.OrderLong, market.OrderShort} {
		low.Terms.OrderType, high.Terms.OrderType = orderType, orderType
		ascending := string(appendOrderListKey(nil, 1, &low)) < string(appendOrderListKey(nil, 1, &high))
		if ascending != (orderType == market.OrderShort) {
			t.Errorf("order type %d: ascending is %v", orderType, ascending)
		}
	}
}

// FuzzDecode gives arbitrary bytes to every decoder: each returns a value that encodes and decodes to itself, or
// ErrCorrupt.
func FuzzDecode(f *testing.F) {
	r := newSamples(3)
	e := r.event(mintKey(5), market.Position{Slot: 1})
	c, o := r.candle(60, true), r.order(1)
	m := &mintState{id: 5, mint: mintKey(5)}
	for i, seed := range [][]byte{
		appendEvent(nil, &e, 5), appendCandle(nil, &c, 9), appendOrder(nil, &o, 5), appendMint(nil, m), appendCreated(nil, r.created(mintKey(5))),
		appendState(nil, &state{}), appendLog(nil, &logRow{events: []market.Position{{Slot: 1}}}), appendOpenCandles(nil, &market.OpenCandles{Open: [10][]market.Candle{{c}}}, func(market.Interval, *market.Candle) market.Seq { return 3 }),
		appendGap(nil, &market.Gap{Cause: "x"}), appendChunk(nil, 4, 2, []byte{1, 2}), appendFormat(nil, 1),
	} {
		f.Add(byte(i), seed)
	}

	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		var err error
		again := func() error { return nil }
		switch which % 11 {
		case 0:
			var e market.Event
			e, err = decodeEvent(market.Position{}, data, knownMint)
			again = func() error {
				back, err := decodeEvent(market.Position{}, appendEvent(nil, &e, idOf(data)), knownMint)
				return differs(back, e, err)
			}
			_, _, _, _ = eventID(data)
		case 1:
			var c market.Candle
			var seq market.Seq
			c, seq, err = decodeCandle(0, data)
			again = func() error {
				back, _, err := decodeCandle(0, appendCandle(nil, &c, seq))
				return differs(back, c, err)
			}
		case 2:
			var o market.Order
			var id mintID
			o, id, err = decodeOrder(data)
			again = func() error { back, _, err := decodeOrder(appendOrder(nil, &o, id)); return differs(back, o, err) }
		case 3:
			_, err = decodeMint(1, data)
		case 4:
			_, err = decodeCreated(data)
		case 5:
			var s state
			s, err = decodeState(data)
			again = func() error { back, err := decodeState(appendState(nil, &s)); return differs(back, s, err) }
		case 6:
			_, err = decodeLog(data)
		case 7:
			var b durableCandles
			b, err = decodeOpenCandles(data)
			again = func() error {
				back, err := decodeOpenCandles(appendOpenCandles(nil, &b.OpenCandles, func(market.Interval, *market.Candle) market.Seq { return 0 }))
				return differs(back.OpenCandles, b.OpenCandles, err)
			}
		case 8:
			_, err = decodeGap(data, data)
		case 9:
			_, _, _, err = decodeChunk(data)
		case 10:
			if err = checkFormat(data); errors.Is(err, ErrFormat) {
				return
			}
			if _, err := parseCursor(string(data), MintQuery{Sort: CreatedDesc}); err != nil && !errors.Is(err, ErrCursor) {
				t.Fatal(err)
			}
		}

		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("decoder %d: %v", which%11, err)
			}
			return
		}

		if err := again(); err != nil {
			t.Fatalf("decoder %d: %v", which%11, err)
		}
	})
}

func idOf(value []byte) mintID {
	_, id, _, _ := eventID(value)
	return id
}

func differs(got, want any, err error) error {
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(got, want) {
		return errors.New("encoded again it is another")
	}
	return nil
}

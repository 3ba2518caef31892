package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

const (
	feedMints = 400
	feedUsers = 20_000
	feedBegin = 1_760_000_000
	decimals  = 26

	tradesASecond = 40
)

// feed makes a busy market's events, each mint's in turn, on their curves: of twenty, one opens a margin order, one ends
// one, and the rest are spot trades.
type feed struct {
	events int64 // in all
	random *rand.Rand

	turn  int           // of the mints
	mint  market.Pubkey // whose events are being made
	curve spinpet.Curve
	made  int64 // of this mint
	left  int64
	open  []market.Terms
	order []market.Pubkey
}

// writeFeed writes so many events to path as JSON Lines.
func writeFeed(path string, events int64) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // the error of Flush counts
	out := bufio.NewWriterSize(file, 1<<20)
	from, to := export.Always()
	f := &feed{events: events, random: rand.New(rand.NewPCG(3, 3))}
	if _, err := export.Write(context.Background(), out, f, export.Request{Kind: export.Events, Format: export.JSONL, From: from, To: to}, nil); err != nil {
		return err
	}
	return out.Flush()
}

func address(kind byte, n int) (k market.Pubkey) {
	random := rand.New(rand.NewPCG(uint64(kind), uint64(n))) //nolint:gosec // small
	for i := range 4 {
		binary.BigEndian.PutUint64(k[8*i:], random.Uint64())
	}
	return k
}

// KnownMints implements export.Source.
func (*feed) Pair(market.Pubkey) market.Pair { return market.Pair{} }

// Supplies implements export.Source: none is known.
func (*feed) Supplies(context.Context, []market.Pubkey) ([]market.Supply, error) { return nil, nil }

func (f *feed) KnownMints() (mints []market.Pubkey) {
	for n := range feedMints {
		mints = append(mints, address(1, n))
	}
	return mints
}

// Programs implements export.Source.
func (f *feed) Programs() []market.Program { return []market.Program{spinpet.Program} }

// EventsAfter implements export.Source: the next events of the mint, wherever it is asked to begin.
func (f *feed) EventsAfter(_ context.Context, mint market.Pubkey, _ market.Position, limit int) (events []market.Event, err error) {
	if f.mint != mint {
		fresh, err := spinpet.FreshCurve(decimals)
		if err != nil {
			return nil, err
		}
		if f.curve, _, err = fresh.Buy(50_000_000_000_000); err != nil {
			return nil, err
		}
		f.mint, f.made, f.left = mint, 0, f.events/feedMints
		f.open, f.order = nil, nil
	}

	for ; len(events) < limit && f.left > 0; f.left-- {
		e, err := f.next()
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}

	return events, nil
}

// next is the mint's next event; the mints trade in turns, tradesASecond in all.
func (f *feed) next() (market.Event, error) {
	place := f.made*feedMints + f.random.Int64N(feedMints)
	e := market.Event{BlockTime: feedBegin + place/tradesASecond, Scale: decimals}
	e.Slot = market.Slot(300_000_000 + place*5/tradesASecond/2) //nolint:gosec // counts up from 0
	e.Index = f.random.Uint32N(1 << 20)
	for i := range 8 {
		binary.BigEndian.PutUint64(e.Signature[8*i:], f.random.Uint64())
	}

	user := address(2, f.random.IntN(feedUsers))
	f.made++
	if f.made == 1 {
		e.Scale = 0
		e.Body = &spinpet.TokenCreated{
			Payer: user, Mint: f.mint, Curve: address(3, 1), Name: "Token of the feed", Symbol: "FEED", URI: "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
		}
		return e, nil
	}

	amount, buy := 1+f.random.Uint64N(1_000_000_000_000), f.random.IntN(2) == 0
	next, lamports, err := f.curve.Move(amount, buy)
	if err != nil { // the curve has no more
		buy = !buy
		if next, lamports, err = f.curve.Move(amount, buy); err != nil {
			return e, err
		}
	}

	f.curve = next
	raw := f.curve.Raw()
	if e.Price, err = market.ScalePrice(raw, decimals); err != nil {
		return e, err
	}

	switch kind := f.random.IntN(20); {
	case kind == 0:
		terms := market.Terms{
			OrderType: market.OrderLong, Mint: f.mint, User: user, LockLpStartPrice: raw, LockLpEndPrice: raw, LockLpSolAmount: lamports,
			LockLpTokenAmount: amount, StartTime: uint32(e.BlockTime), EndTime: uint32(e.BlockTime) + 172_800, MarginSolAmount: lamports / 4, //nolint:gosec // this century
			BorrowAmount: lamports, PositionAssetAmount: amount, BorrowFee: 2000,
		}
		order := address(4, f.random.Int())
		f.open, f.order = append(f.open, terms), append(f.order, order)
		e.Body, e.Owner = &spinpet.LongShort{Payer: user, Mint: f.mint, Order: order, LatestPrice: raw, Terms: terms}, user
	case kind == 1 && len(f.open) > 0:
		last := len(f.open) - 1
		e.Body, e.Owner = &spinpet.FullClose{Close: spinpet.Close{
			Payer: user, UserSolAccount: user, Mint: f.mint, IsCloseLong: true, FinalTokenAmount: amount, FinalSolAmount: lamports,
			LatestPrice: raw, Order: f.order[last],
		}}, f.open[last].User
		f.open, f.order = f.open[:last], f.order[:last]
	default:
		e.Body, e.Owner = &spinpet.BuySell{Payer: user, Mint: f.mint, IsBuy: buy, TokenAmount: amount, SolAmount: lamports, LatestPrice: raw}, user
	}

	return e, nil
}

// AllEventsAfter implements export.Source: the events of one mint after the other.
func (f *feed) AllEventsAfter(ctx context.Context, after market.Position, limit int) ([]market.Event, error) {
	for n := f.turn; n < feedMints; n++ {
		f.turn = n
		events, err := f.EventsAfter(ctx, address(1, n), after, limit)
		if len(events) > 0 || err != nil {
			for len(events) < limit && err == nil && f.turn+1 < feedMints { // a page that is not full would be the last
				f.turn++
				var more []market.Event
				more, err = f.EventsAfter(ctx, address(1, f.turn), after, limit-len(events))
				events = append(events, more...)
			}
			return events, err
		}
	}
	return nil, nil
}

// CandleSeries implements export.Source.
func (f *feed) CandleSeries(context.Context, market.Pubkey, market.Interval, int64, int64, int) ([]market.Candle, bool, error) {
	return nil, false, errOnlyEvents
}

// OrdersOf implements export.Source.
func (f *feed) OrdersOf(context.Context, market.Pubkey, bool, int, int) ([]market.Order, error) {
	return nil, errOnlyEvents
}

// CountEvents implements export.Source.
func (f *feed) CountEvents(context.Context, *market.Pubkey) error { return nil }

// CountCandles implements export.Source.
func (f *feed) CountCandles(context.Context, market.Pubkey, market.Interval, int64, int64) error {
	return nil
}

// Gaps implements export.Source.
func (f *feed) Gaps(context.Context, *market.Pubkey, *market.GapState) ([]market.Gap, error) {
	return nil, nil
}

// TimesAround implements export.Source.
func (f *feed) TimesAround(context.Context, market.Slot, market.Slot) (before, after int64, err error) {
	return 0, 0, nil
}

var errOnlyEvents = fmt.Errorf("the feed makes events: %w", io.ErrUnexpectedEOF)

// ID implements export.Source.
func (f *feed) ID() string { return "" }

// Seq implements export.Source.
func (f *feed) Seq() market.Seq { return 0 }

// Horizon implements export.Source.
func (f *feed) Horizon() int64 { return 0 }

// Commits implements export.Source: the feed has none.
func (f *feed) Commits(context.Context, market.Seq, func(*market.Commit) error) error { return nil }

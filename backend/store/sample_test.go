package store

import (
	"encoding/binary"
	"math/rand/v2"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// samples makes random but storable values.
type samples struct{ *rand.Rand }

func newSamples(seed uint64) samples { return samples{rand.New(rand.NewPCG(seed, 7))} }

func keyOf(kind byte, n int) (k market.Pubkey) {
	k[0] = kind
	binary.BigEndian.PutUint32(k[1:], uint32(n))
	k[31] = 0xff
	return k
}

func mintKey(n int) market.Pubkey { return keyOf('M', n) }
func userKey(n int) market.Pubkey { return keyOf('U', n) }

// number is often small, sometimes at the limits.
func (r samples) number() uint64 {
	switch r.IntN(6) {
	case 0:
		return 0
	case 1:
		return ^uint64(0)
	case 2:
		return r.Uint64()
	default:
		return r.Uint64N(1 << 40)
	}
}

func (r samples) wide() market.U128 {
	if r.IntN(3) == 0 {
		return market.U128{Hi: r.number(), Lo: r.number()}
	}
	return market.U128{Lo: r.number()}
}

func (r samples) price() market.Price { return market.Price(r.wide()) }

func (r samples) signature() (s market.Signature) {
	for i := range 8 {
		binary.BigEndian.PutUint64(s[i*8:], r.Uint64())
	}
	return s
}

func (r samples) terms(mint market.Pubkey) market.Terms {
	return market.Terms{
		OrderType: uint8(1 + r.IntN(2)), Mint: mint, User: userKey(r.IntN(5)),
		LockLpStartPrice: r.wide(), LockLpEndPrice: r.wide(), LockLpSolAmount: r.number(), LockLpTokenAmount: r.number(),
		StartTime: r.Uint32N(50), EndTime: r.Uint32(), MarginSolAmount: r.number(), BorrowAmount: r.number(),
		PositionAssetAmount: r.number(), BorrowFee: uint16(r.Uint32()),
	}
}

func (r samples) created(mint market.Pubkey) *spinpet.TokenCreated {
	t := &spinpet.TokenCreated{Payer: userKey(r.IntN(5)), Mint: mint, Curve: keyOf('C', r.IntN(9)), Name: "n", Symbol: "s", URI: "u"}
	if r.IntN(4) == 0 {
		t.Early = true
		return t
	}
	t.PoolSol, t.SwapFee, t.FeeDiscountFlag = keyOf('P', 1), uint16(r.Uint32()), uint8(r.IntN(4))
	return t
}

func (r samples) body(mint market.Pubkey) market.Body {
	payer, order := userKey(r.IntN(5)), keyOf('O', r.IntN(12))
	closing := spinpet.Close{
		Payer: payer, UserSolAccount: keyOf('A', 1), Mint: mint, IsCloseLong: r.IntN(2) == 0,
		FinalTokenAmount: r.number(), FinalSolAmount: r.number(), UserCloseProfit: r.number(), LatestPrice: r.wide(), Order: order,
	}
	switch market.KindOf(spinpet.Program, uint8(1+r.IntN(7))) {
	case spinpet.KindTokenCreated:
		return r.created(mint)
	case spinpet.KindLongShort:
		return &spinpet.LongShort{Payer: payer, Mint: mint, Order: order, LatestPrice: r.wide(), Terms: r.terms(mint)}
	case spinpet.KindForceLiquidate:
		return &spinpet.ForceLiquidate{Payer: payer, Mint: mint, Order: order}
	case spinpet.KindFullClose:
		return &spinpet.FullClose{Close: closing}
	case spinpet.KindPartialClose:
		body := &spinpet.PartialClose{Close: closing, Terms: r.terms(mint), Long: r.IntN(2) == 0}
		if body.Long {
			body.Terms.MarginInitSolAmount, body.Terms.RealizedSolAmount = r.number(), r.number()
		}
		return body
	case spinpet.KindMilestoneDiscount:
		return &spinpet.MilestoneDiscount{Payer: payer, Mint: mint, Curve: keyOf('C', 2), SwapFee: uint16(r.Uint32()), FeeDiscountFlag: 3}
	default:
		return &spinpet.BuySell{Payer: payer, Mint: mint, IsBuy: r.IntN(2) == 0, TokenAmount: r.number(), SolAmount: r.number(), LatestPrice: r.wide()}
	}
}

// event is an event as ingest would commit it, sometimes with an owner or a price of its own.
func (r samples) event(mint market.Pubkey, at market.Position) market.Event {
	e := market.Event{
		Position: at, Signature: r.signature(), BlockTime: int64(r.IntN(5000)), Provisional: r.IntN(9) == 0, Body: r.body(mint),
	}
	if _, priced := e.Body.(market.Priced); priced {
		e.Scale = []uint8{0, 23, 26, 28}[r.IntN(4)]
		e.Price = e.BodyPrice()
	}
	switch r.IntN(4) {
	case 0:
		e.Owner = userKey(r.IntN(5))
	case 1:
		e.Price = r.price()
	}
	if e.Owner.IsZero() && r.IntN(10) > 0 {
		e.Owner = payerOf(e.Body)
	}
	return e
}

func payerOf(body market.Body) market.Pubkey {
	switch b := body.(type) {
	case *spinpet.TokenCreated:
		return b.Payer
	case *spinpet.BuySell:
		return b.Payer
	case *spinpet.LongShort:
		return b.Payer
	case *spinpet.ForceLiquidate:
		return b.Payer
	case *spinpet.FullClose:
		return b.Payer
	case *spinpet.PartialClose:
		return b.Payer
	case *spinpet.MilestoneDiscount:
		return b.Payer
	}
	return market.Pubkey{}
}

func (r samples) candle(t int64, final bool) market.Candle {
	c := market.Candle{
		Time: t, Open: r.price(), High: r.price(), Low: r.price(), Close: r.price(), Volume: r.wide(), QuoteVolume: r.wide(),
		BuyVolume: r.wide(), Trades: r.number(), Final: final, Provisional: r.IntN(5) == 0, Corrected: final && r.IntN(4) == 0,
	}
	switch r.IntN(4) {
	case 0:
		c.High, c.Low = max128(c.Open, c.Close), min128(c.Open, c.Close)
	case 1:
		c.BuyVolume = c.Volume
	case 2:
		c.BuyVolume = market.U128{}
	}
	return c
}

// chained gives a candle the open and close that its neighbours of the same interval agree with: those of a market whose
// price changes with every candle, or never.
func chained(c market.Candle, moving bool) market.Candle {
	c.Open, c.Close = market.Price{Lo: 1}, market.Price{Lo: 1}
	if moving {
		c.Open.Lo, c.Close.Lo = uint64(c.Time), uint64(c.Time)+1 //nolint:gosec // not negative
	}
	return c
}

func max128(a, b market.Price) market.Price {
	if a.Less(b) {
		return b
	}
	return a
}

func min128(a, b market.Price) market.Price {
	if a.Less(b) {
		return a
	}
	return b
}

func (r samples) order(n int) market.Order {
	mint := mintKey(r.IntN(6))
	return market.Order{
		Address: keyOf('O', n), MintAccount: mint, Terms: r.terms(mint), Scale: 28, LatestPrice: r.price(), LatestTradeTime: int64(r.IntN(5000)),
	}
}

func (r samples) token(mint market.Pubkey) market.Token {
	t := market.Token{
		Mint: mint, SwapFee: uint16(r.Uint32()), FeeDiscountFlag: uint8(r.IntN(4)), LatestPrice: r.price(),
		TotalMarginSolAmount: r.wide(), TotalLiquidations: r.number(), TotalCloseProfit: r.wide(), Trades: r.number(),
		LatestTradeTime: int64(r.IntN(20)), TotalSolAmount: market.U64(r.Uint64N(20)), LastEventTime: int64(r.IntN(5000)),
	}
	if t.TotalSolAmount.Lo%3 == 0 { // with decimals that leave space for volumes of 128 bits
		t.Pair = market.MustPair(spinpet.Program, keyOf('Q', int(t.FeeDiscountFlag)), market.TokenDecimals, market.LamportsDecimals)
	}
	if r.IntN(3) > 0 {
		t.Created = r.created(mint)
		t.CreatedPosition, t.CreateTime = market.Position{Slot: market.Slot(r.IntN(9))}, int64(r.IntN(9))
	}
	return t
}

package market

import "fmt"

// Order types on chain.
const (
	OrderLong  uint8 = 1 // longs sit in the "down" list
	OrderShort uint8 = 2 // shorts sit in the "up" list
)

// Terms are the terms of a margin order, as the events that open and change it state them. Amounts are base units of the
// token or of what it is paid in (lamports), times Unix seconds, prices raw as on chain.
type Terms struct {
	OrderType                          uint8 // OrderLong or OrderShort
	Mint, User                         Pubkey
	LockLpStartPrice, LockLpEndPrice   U128 // the liquidation range, raw
	LockLpSolAmount, LockLpTokenAmount uint64
	StartTime, EndTime                 uint32
	MarginInitSolAmount                uint64 // 0 where the event does not state it
	MarginSolAmount, BorrowAmount      uint64
	PositionAssetAmount                uint64
	BorrowFee                          uint16
	RealizedSolAmount                  uint64 // 0 where the event does not state it
}

// Order is an open margin order.
type Order struct {
	Address         Pubkey // order_pda
	MintAccount     Pubkey
	Terms           Terms
	Scale           uint8 // decimals of the raw prices in Terms
	LatestPrice     Price // of the mint when the order last changed
	LatestTradeTime int64 // Unix seconds
}

// OrderChange is one order as a commit leaves it.
type OrderChange struct {
	Order  Order
	Closed bool // it ended, or a rollback took it away
}

// Fold is the order after an event that is about it (Event.Order); a zero Order stands for one not known. It names the
// event's owner: what ends an order belongs to the order's owner, or to the payer when the order is not known. A change of
// an unknown order makes it known.
func (o Order) Fold(e *Event) OrderChange {
	body := e.Body.(OrderBody) //nolint:forcetypeassert // the caller asked Event.Order
	terms, payer := body.OrderTerms()
	o.Address, o.MintAccount = body.OrderAccount(), e.Mint()

	switch {
	case terms != nil:
		o.Terms = *terms
		e.Owner = terms.User
	default:
		e.Owner = o.ownerOr(payer)
		if e.Liquidated = nil; e.Liquidates() && o.Known() {
			before := o
			e.Liquidated = &before
		}
	}

	if !e.Price.IsZero() {
		o.Scale, o.LatestPrice = e.Scale, e.Price
	}
	o.LatestTradeTime = e.BlockTime
	return OrderChange{Order: o, Closed: terms == nil}
}

// StatesOrder reports whether the event says all of its order, so that Fold gives the same whatever the order was before.
// The event must be about one (Event.Order).
func (e *Event) StatesOrder() bool {
	terms, _ := e.Body.(OrderBody).OrderTerms() //nolint:forcetypeassert // the caller asked Event.Order
	return terms != nil && !e.Price.IsZero()
}

// Known reports whether the order's terms are: those of one opened before the stored history are not.
func (o *Order) Known() bool { return o.Terms.OrderType != 0 }

// Size is what opening the order moved, as far as it was not closed since: token base units and lamports. A long bought
// tokens with what it borrowed, a short sold the tokens it borrowed.
func (t *Terms) Size() (tokens, lamports uint64) {
	if t.OrderType == OrderShort {
		return t.BorrowAmount, t.PositionAssetAmount
	}
	return t.PositionAssetAmount, t.BorrowAmount
}

func (o *Order) ownerOr(payer Pubkey) Pubkey {
	if o.Terms.User.IsZero() {
		return payer
	}
	return o.Terms.User
}

// Token is what is known of a mint from its events. Times are Unix seconds here, milliseconds on the wire. Amounts are base
// units of the coin's Pair.
type Token struct {
	Mint                 Pubkey
	Pair                 Pair
	Created              Creation // nil until its creation was seen
	CreatedPosition      Position
	CreateTime           int64
	SwapFee, BorrowFee   uint16 // of 100000, as of the last change
	FeeDiscountFlag      uint8
	LatestPrice          Price
	LatestTradeTime      int64
	TotalSolAmount       U128 // of the quote, such as lamports, traded ever
	TotalMarginSolAmount U128 // likewise of margin put up
	TotalLiquidations    uint64
	TotalCloseProfit     U128 // likewise
	Trades               uint64
	LastEventTime        int64
}

// Count adds an event to the mint's totals: what its events add up to, in any order. It is the one rule for them.
func (t *Token) Count(e *Event) { t.count(e, false) }

// Uncount takes an event that was counted out of the totals again.
func (t *Token) Uncount(e *Event) { t.count(e, true) }

func (t *Token) count(e *Event, down bool) {
	sum := t.Totals()
	if trade, ok := e.Trade(); ok {
		sum.add(Totals{Trades: 1, Volume: U64(trade.Quote)}, down)
	}
	if body, ok := e.Body.(Counted); ok {
		sum.add(body.Adds(), down)
	}
	t.SetTotals(sum)
}

// Totals are what Count adds up.
type Totals struct {
	Trades, Liquidations        uint64
	Volume, Margin, CloseProfit U128 // base units of the quote, such as lamports
}

// add adds what an event counts for or, with down, takes it away.
func (s *Totals) add(o Totals, down bool) {
	if down {
		s.Trades -= o.Trades
		s.Liquidations -= o.Liquidations
		s.Volume, s.Margin, s.CloseProfit = s.Volume.Sub(o.Volume), s.Margin.Sub(o.Margin), s.CloseProfit.Sub(o.CloseProfit)
		return
	}
	s.Trades += o.Trades
	s.Liquidations += o.Liquidations
	s.Volume, s.Margin, s.CloseProfit = s.Volume.Add(o.Volume), s.Margin.Add(o.Margin), s.CloseProfit.Add(o.CloseProfit)
}

// Totals are the mint's.
func (t *Token) Totals() Totals {
	return Totals{t.Trades, t.TotalLiquidations, t.TotalSolAmount, t.TotalMarginSolAmount, t.TotalCloseProfit}
}

// SetTotals replaces the mint's totals.
func (t *Token) SetTotals(s Totals) {
	t.Trades, t.TotalLiquidations = s.Trades, s.Liquidations
	t.TotalSolAmount, t.TotalMarginSolAmount, t.TotalCloseProfit = s.Volume, s.Margin, s.CloseProfit
}

// In names all of them, of a coin of the pair.
func (s Totals) In(p Pair) string {
	unit := "lamports"
	if p.Quote() != WrappedSOL {
		unit = "base units of " + p.QuoteSymbol()
	}
	return fmt.Sprintf("%d trades over %s %[6]s, %[3]s %[6]s of margin, %[4]d liquidations, %[5]s %[6]s of closing profit",
		s.Trades, s.Volume, s.Margin, s.Liquidations, s.CloseProfit, unit)
}

package market

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
	Closed bool // removed by FullClose, ForceLiquidate or a rollback
}

// Fold is the order after an event that is about it (Event.Order); a zero Order stands for one not known. It names the
// event's owner: closes and liquidations belong to the order's owner, or to the payer when the order is not known. A
// partial close of an unknown order makes it known.
func (o Order) Fold(e *Event) OrderChange {
	address, _ := e.Order()
	o.Address, o.MintAccount = address, e.Mint()
	closed := false
	switch body := e.Body.(type) {
	case *LongShort:
		o.Terms = body.Terms
		e.Owner = body.Terms.User
	case *PartialClose:
		o.Terms = body.Terms
		e.Owner = body.Terms.User
	case *FullClose:
		closed = true
		e.Owner = o.ownerOr(body.Payer)
	case *ForceLiquidate:
		closed = true
		e.Owner = o.ownerOr(body.Payer)
	}
	if !e.Price.IsZero() {
		o.Scale, o.LatestPrice = e.Scale, e.Price
	}
	o.LatestTradeTime = e.BlockTime
	return OrderChange{Order: o, Closed: closed}
}

func (o *Order) ownerOr(payer Pubkey) Pubkey {
	if o.Terms.User.IsZero() {
		return payer
	}
	return o.Terms.User
}

// Token is what is known of a mint from its events. Times are Unix seconds here, milliseconds on the wire.
type Token struct {
	Mint                 Pubkey
	Created              *TokenCreated // nil until its TokenCreated was seen
	CreatedPosition      Position
	CreateTime           int64
	SwapFee, BorrowFee   uint16 // of 100000; changed by MilestoneDiscount
	FeeDiscountFlag      uint8
	LatestPrice          Price
	LatestTradeTime      int64
	TotalSolAmount       U128 // lamports traded, ever
	TotalMarginSolAmount U128 // lamports of margin put up, ever
	TotalLiquidations    uint64
	TotalCloseProfit     U128 // lamports
	Trades               uint64
	LastEventTime        int64
}

// LowerFees records the fees a curve states. A curve's fees only ever fall, so that the order of arrival is no matter.
func (t *Token) LowerFees(swap, borrow uint16, flag uint8) {
	if t.FeeDiscountFlag == 0 && t.SwapFee == 0 && t.BorrowFee == 0 || flag > t.FeeDiscountFlag {
		t.SwapFee, t.BorrowFee, t.FeeDiscountFlag = swap, borrow, flag
	}
}

package market

// Event is one event of the program with its place and time. (Signature, Ordinal) identifies it.
type Event struct {
	Position
	Signature   Signature
	BlockTime   int64  // Unix seconds, the chain's
	ReceivedAt  int64  // Unix milliseconds, this machine's; 0 when read back from the store
	Provisional bool   // BlockTime is an estimate, to be corrected
	Scale       uint8  // decimals of the numbers that the body's price is made of; 0 when the kind has no price
	Price       Price  // the price after the event; zero when the kind has no price
	Owner       Pubkey // whom the event belongs to: the order's owner for closes and liquidations, else user or payer
	Body        Body   // never nil

	// Liquidated is the order that a liquidation ended, as it stood before; nil for other kinds and while it is not
	// known. It is not stored with the event: folding the order gives it, and so does the store where it says so.
	Liquidated *Order
}

// Kind is the event's type.
func (e *Event) Kind() Kind { return e.Body.Kind() }

// Mint is the token the event is about.
func (e *Event) Mint() Pubkey { return e.Body.MintAccount() }

// Program is the program that the event is of.
func (e *Event) Program() Program { return e.Body.Kind().Program() }

// Trade is what a price event does to a candle.
type Trade struct {
	Price Price
	Base  uint64 // base units of the token
	Quote uint64 // base units of what the price is counted in, such as lamports
	Buy   bool   // the taker bought tokens: buys, long opens, short closes
}

// Trade returns the trade that the event stands for; false for kinds without a price and when the price is unset.
func (e *Event) Trade() (Trade, bool) {
	body, ok := e.Body.(Trader)
	if !ok || e.Price.IsZero() {
		return Trade{}, false
	}
	base, quote, buy := body.Amounts()
	return Trade{Price: e.Price, Base: base, Quote: quote, Buy: buy}, true
}

// BodyPrice is the price that the body and the scale give; zero when they give none.
func (e *Event) BodyPrice() Price {
	if body, ok := e.Body.(Priced); ok {
		return body.PriceAt(e.Scale)
	}
	return Price{}
}

// Order is the margin order that the event opens, changes or ends; false when it is about none.
func (e *Event) Order() (Pubkey, bool) {
	if body, ok := e.Body.(OrderBody); ok {
		return body.OrderAccount(), true
	}
	return Pubkey{}, false
}

// Creates reports whether the event announces its token.
func (e *Event) Creates() bool {
	_, ok := e.Body.(Creation)
	return ok
}

// Graduates reports whether the event is the move of its token to another place of trade.
func (e *Event) Graduates() bool {
	_, ok := e.Body.(Graduation)
	return ok
}

// Liquidates reports whether the event is the liquidation of an order.
func (e *Event) Liquidates() bool {
	_, ok := e.Body.(Liquidation)
	return ok
}

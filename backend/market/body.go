package market

// Body is the content of an event: a pointer to a type of the program that it is of. What it means to the market it says by
// the interfaces below, as many of them as apply.
type Body interface {
	Kind() Kind
	// MintAccount is the token that it is about.
	MintAccount() Pubkey
}

// Trader is a body that is a trade, when its event has a price.
type Trader interface {
	Body
	// Amounts are the base units traded, of the token and of what it is paid in, and whether the taker bought the token.
	Amounts() (base, quote uint64, buy bool)
}

// Priced is a body from which its price follows, given the event's scale.
type Priced interface {
	Body
	// PriceAt is the price when the body's numbers have that many decimals; zero when it gives none.
	PriceAt(scale uint8) Price
}

// Creation is a body that announces a token.
type Creation interface {
	Body
	// Names are what the token calls itself: text of strangers.
	Names() (name, symbol, uri string)
}

// Graduation is a body that ends the trade of its token at one place: it goes on at another, in the same series.
type Graduation interface {
	Body
	Graduates()
}

// OrderBody is a body that is about a margin order.
type OrderBody interface {
	Body
	OrderAccount() Pubkey
	// OrderTerms are the order's terms after it, nil when it ended then; payer is who sent the transaction.
	OrderTerms() (terms *Terms, payer Pubkey)
}

// Liquidation is a body that ends an order because the price reached its range. It moves the price without being a trade.
type Liquidation interface {
	OrderBody
	Liquidates()
}

// Closing is a body by which an order is closed by whose it is, or on whose behalf, in whole or in part.
type Closing interface {
	OrderBody
	Closes()
}

// Counted is a body that adds to its token's totals, beside what its trade does.
type Counted interface {
	Body
	Adds() Totals
}

// TokenBody is a body that changes what is known of its token, such as its Pair. It may be applied in any order, and twice.
type TokenBody interface {
	Body
	ChangeToken(t *Token)
}

// Charged is a body of a trade that tells what its taker paid in fees.
type Charged interface {
	Trader
	// Fees are base units of what the token is paid in, beside the trade's own amount; known is false where the event's layout, or
	// its place of trade, does not tell them all.
	Fees() (quote uint64, known bool)
}

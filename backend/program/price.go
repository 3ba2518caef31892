package program

import "spinscope/backend/market"

// Pricer finds the prices of one program's events as they come. It belongs to one goroutine.
type Pricer interface {
	// Price sets the event's Scale and Price; both are zero for kinds without a price. Events of a mint should come in
	// chain order.
	Price(e *market.Event) PriceReport

	// Learn tells the scale of a stored or exported event, which was found before.
	Learn(mint market.Pubkey, scale uint8)

	// Continues reports whether a price event follows from its mint's previous price. False asks for a look at the chain,
	// where an event may have been missed; events that cannot tell continue anything.
	Continues(previous market.Price, e *market.Event) bool
}

// PriceReport says how an event's price was found. The zero value: from the event itself, or it has none.
type PriceReport struct {
	// Assumed: the event itself could not tell the scale, and others decided.
	Assumed bool
	// Contradicted: the event's amounts tell another scale than the one expected.
	Contradicted bool
	// Overflow: the price does not fit 128 bits at 28 decimals and was left zero; the event stands for no trade.
	Overflow bool
}

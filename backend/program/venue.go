package program

import "spinscope/backend/market"

// Venue is where a coin trades, as its newest event leaves it: a curve that its program sells it on, or a pool. The zero value
// says nothing.
type Venue struct {
	Pool bool // it is a pool; else a curve

	// Base and Quote are what the price is made of, in base units of the coin and of what it is paid in, virtual reserves
	// included.
	Base, Quote market.U128

	// Held says that Left and Holds are known: base units of the coin that can still be bought here, and of what it is paid in
	// that can be taken out.
	Held        bool
	Left, Holds uint64

	// ForSale is how many base units of the coin a curve that graduates began to sell: once Left is 0 it is complete. 0 for
	// what does not graduate, and where it is not known. A creation says it; of other events it is what is usual.
	ForSale uint64

	Fees []Fee // what a trade is charged, those that are not zero; nil also where the event does not say
}

// Fee is a part of what a trade is charged.
type Fee struct {
	Name        string // who gets it: pool, protocol, creator
	BasisPoints uint64 // hundredths of a percent of the quote amount
}

// Fees are the parts of a charge that are not zero.
func Fees(parts ...Fee) (fees []Fee) {
	for _, part := range parts {
		if part.BasisPoints > 0 {
			fees = append(fees, part)
		}
	}
	return fees
}

// Venued is a Body that says how its coin's venue stands after it.
type Venued interface {
	market.Body

	// Venue is false where the event has too little to say, such as reserves that make no sense.
	Venue() (Venue, bool)
}

// PricedVenue is a Format whose coins' venue follows from their price.
type PricedVenue interface {
	// VenueAt fails where the curve has no such price.
	VenueAt(price market.Price) (Venue, error)
}

package spinpet

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Between implements program.Curved. Prices with fewer decimals are the same points of the curve.
func (plug) Between(from, to market.Price) (tokens, lamports uint64, err error) {
	curve, err := CurveAt(market.U128(from), market.PriceDecimals)
	if err != nil {
		return 0, 0, err
	}
	return curve.Between(market.U128(to))
}

// Trade implements program.Curved.
func (plug) Trade(at market.Price, tokens uint64, buy bool) (lamports uint64, err error) {
	curve, err := CurveAt(market.U128(at), market.PriceDecimals)
	if err != nil {
		return 0, err
	}
	_, lamports, err = curve.Move(tokens, buy)
	return lamports, err
}

// VenueAt implements program.PricedVenue.
func (plug) VenueAt(price market.Price) (program.Venue, error) {
	curve, err := CurveAt(market.U128(price), market.PriceDecimals)
	if err != nil {
		return program.Venue{}, err
	}
	tokens, lamports := curve.Reserves()
	return program.Venue{Base: market.U64(tokens), Quote: market.U64(lamports)}, nil
}

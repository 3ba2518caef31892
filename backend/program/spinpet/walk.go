package spinpet

import "spinscope/backend/market"

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

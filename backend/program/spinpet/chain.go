package spinpet

import "spinscope/backend/market"

// Continues reports whether a price event follows the mint's previous one: its price is what its own token amount makes of
// the previous price. False means that a liquidation stood between or that an event is missing; both ask for a look at
// the chain. Events without a price, or with Scale or previous unset, continue anything.
func Continues(previous market.Price, e *market.Event) bool {
	trade, ok := e.Trade()
	if !ok || previous.IsZero() {
		return true
	}

	raw, _ := RawPrice(e.Body)
	decimals := int(e.Scale)
	curve, err := CurveAt(unscale(previous, decimals), decimals)
	if err != nil {
		return false
	}

	_, after, err := curve.reserves(trade.Base, trade.Buy)
	if err != nil {
		return false
	}

	next, ok := curve.at(after)
	if !ok {
		return false
	}

	// The program rounds in 28-digit decimals; a last digit apart is the same price.
	gap := next.raw.Sub(raw)
	if next.raw.Less(raw) {
		gap = raw.Sub(next.raw)
	}

	return gap.Cmp(market.U64(1)) <= 0
}

// unscale is a normalised price as a program with that many decimals stores it, rounded down.
func unscale(price market.Price, decimals int) market.U128 {
	if decimals > market.PriceDecimals {
		return market.U128{}
	}
	x := market.U128(price).Big()
	raw, _ := toU128(x.Div(x, pow10Big(market.PriceDecimals-decimals)))
	return raw
}

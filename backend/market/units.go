package market

// Decimals of the units that amounts are counted in.
const (
	PriceDecimals    = 28 // Price: whole units of what a coin is paid in, per whole coin × 10^28
	TokenDecimals    = 6  // of the coins of the zero Pair; others' Pair says theirs
	LamportsDecimals = 9  // SOL amounts: lamports, 10^-9 SOL
)

// ClockSlack is how far, in seconds, block times may run against the order of slots (estimated times can).
const ClockSlack = 120

// Slot is a slot's number. Block times, never slots, decide a candle; slots decide order.
type Slot uint64

// Seq is the number of a commit: 1 for the first one, then one more each, without gaps, across restarts. 0 is none.
type Seq uint64

// Price is what is paid for a whole coin, SOL or whatever its Pair says, × 10^28, whatever scale the program's version used.
type Price U128

// Less reports whether p < q.
func (p Price) Less(q Price) bool { return U128(p).Less(U128(q)) }

// IsZero reports whether the price is unset; a traded price is never 0.
func (p Price) IsZero() bool { return U128(p).IsZero() }

// Float is the float64 nearest to the price per whole coin.
func (p Price) Float() float64 { return U128(p).Float(PriceDecimals) }

// String is the price per whole coin, exact.
func (p Price) String() string { return U128(p).Decimal(PriceDecimals) }

// ScalePrice turns a raw on-chain price per whole coin × 10^decimals into a Price. It returns ErrOverflow when the
// price does not fit, and for decimals outside 0..28.
func ScalePrice(raw U128, decimals int) (Price, error) {
	if decimals < 0 || decimals > PriceDecimals {
		return Price{}, ErrOverflow
	}
	factor := uint64(1)
	for range min(PriceDecimals-decimals, 19) {
		factor *= 10
	}
	scaled, overflow := raw.Mul64(factor)
	for range PriceDecimals - decimals - 19 {
		var more bool
		scaled, more = scaled.Mul64(10)
		overflow = overflow || more
	}
	if overflow {
		return Price{}, ErrOverflow
	}
	return Price(scaled), nil
}

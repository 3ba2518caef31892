package spinpet

import (
	"math"
	"slices"

	"spinscope/backend/market"
)

// candidates are the decimals of latest_price in known deployments.
var candidates = [...]uint8{23, 26, 28}

// mintsKept bounds each of the two generations of mints that Scales remembers.
const mintsKept = 1 << 15

// coarse is the least number of units an amount must have to tell a price: below, rounding alone could be a factor.
const coarse = 10

// ScaleReport says how an event's scale was found. The zero value: from its own amounts, or there is no price.
type ScaleReport struct {
	// Assumed: the amounts could not tell, the mint's last scale, the program's or a fresh curve's price decided.
	Assumed bool
	// Contradicted: the amounts tell another scale than the mint's last one, or than the fixed one. In auto mode the
	// event's own scale is used, in fixed mode the fixed one.
	Contradicted bool
	// Overflow: the price does not fit 128 bits at 28 decimals and was left zero; the event stands for no trade.
	Overflow bool
}

// Scales finds the decimals of raw prices. It remembers the last scale of each mint, of the newest 65,536 at most, and
// of the program. It is not safe for concurrent use.
type Scales struct {
	fixed      uint8 // 0: auto
	program    uint8 // 0: unknown yet
	young, old map[market.Pubkey]uint8
}

// NewScales returns a Scales for the program: fixed decimals (1..28), or 0 for auto, which decides per event.
func NewScales(fixed int) *Scales {
	return &Scales{
		fixed: uint8(min(max(fixed, 0), market.PriceDecimals)), //nolint:gosec // in 0..28
		young: make(map[market.Pubkey]uint8),
	}
}

// Choose sets e.Scale and e.Price; both are 0 for kinds without a price. In auto mode the scale is the one for which the
// raw price is nearest, as a ratio, the event's own SOL per token. Events of a mint should come in chain order.
func (s *Scales) Choose(e *market.Event) ScaleReport {
	e.Scale, e.Price = 0, market.Price{}
	raw, token, sol, ok := e.RawPrice()
	if !ok {
		return ScaleReport{}
	}
	var report ScaleReport
	if raw.IsZero() {
		e.Scale, report.Assumed = s.assume(e.Mint(), raw), true
		return report
	}
	e.Scale, report = s.decide(e, raw, token, sol)
	price, err := market.ScalePrice(raw, int(e.Scale))
	if err != nil {
		report.Overflow = true
		return report
	}
	e.Price = price
	return report
}

// Learn tells a mint's last scale, and the program's, from stored events after a restart. Values above 28 and 0 are
// ignored.
func (s *Scales) Learn(mint market.Pubkey, decimals uint8) {
	if decimals == 0 || decimals > market.PriceDecimals {
		return
	}
	s.program = decimals
	if len(s.young) >= mintsKept {
		s.old, s.young = s.young, make(map[market.Pubkey]uint8)
	}
	s.young[mint] = decimals
}

// Last is the mint's last known scale.
func (s *Scales) Last(mint market.Pubkey) (uint8, bool) {
	if decimals, ok := s.young[mint]; ok {
		return decimals, true
	}
	decimals, ok := s.old[mint]
	return decimals, ok
}

func (s *Scales) decide(e *market.Event, raw market.U128, token, sol uint64) (uint8, ScaleReport) {
	usable := token >= coarse && sol >= coarse
	if s.fixed != 0 {
		return s.fixed, ScaleReport{Contradicted: usable && slices.Contains(candidates[:], s.fixed) && nearest(raw, token, sol) != s.fixed}
	}
	mint := e.Mint()
	last, known := s.Last(mint)
	if !usable {
		if !known && s.program == 0 && token > 0 && sol > 0 {
			return nearest(raw, token, sol), ScaleReport{Assumed: true} // coarse is better than nothing
		}
		return s.assume(mint, raw), ScaleReport{Assumed: true}
	}
	own := nearest(raw, token, sol)
	if !known || own == last {
		s.Learn(mint, own)
		return own, ScaleReport{}
	}
	// One trade can move the price a hundredfold; then its average price misleads and the curve knows better.
	if explains(last, e.Body, raw, token, sol) && !explains(own, e.Body, raw, token, sol) {
		return last, ScaleReport{}
	}
	s.Learn(mint, own)
	return own, ScaleReport{Contradicted: true}
}

// assume is the scale of an event that cannot tell it.
func (s *Scales) assume(mint market.Pubkey, raw market.U128) uint8 {
	if s.fixed != 0 {
		return s.fixed
	}
	if last, ok := s.Last(mint); ok {
		return last
	}
	if s.program != 0 {
		return s.program
	}
	// Nothing is known: the largest scale at which the price is not below a fresh curve's.
	digits := log10(raw) - math.Log10(float64(FreshSol)/FreshTokens)
	chosen := candidates[0]
	for _, candidate := range candidates {
		if float64(candidate) <= digits+0.001 {
			chosen = candidate
		}
	}
	return chosen
}

// nearest is the candidate d for which raw/10^d is nearest the price sol/token, as a ratio.
func nearest(raw market.U128, token, sol uint64) uint8 {
	own := math.Log10(float64(sol)/float64(token)) - (market.LamportsDecimals - market.TokenDecimals)
	digits := log10(raw) - own
	chosen := candidates[0]
	for _, candidate := range candidates[1:] {
		if math.Abs(float64(candidate)-digits) < math.Abs(float64(chosen)-digits) {
			chosen = candidate
		}
	}
	return chosen
}

// explains tells whether the curve at raw, with that many decimals, gives the event's SOL for its tokens, within the
// fees that a sale is net of.
func explains(decimals uint8, body market.Body, raw market.U128, token, sol uint64) bool {
	curve, err := CurveAt(raw, int(decimals))
	if err != nil {
		return false
	}
	_, lamports, err := curve.Move(token, !buys(body)) // back to where the trade began
	if err != nil {
		return false
	}
	const tolerance = 0.05
	return math.Abs(float64(lamports)-float64(sol)) <= tolerance*float64(lamports)+coarse
}

// buys tells the direction of a price event.
func buys(body market.Body) bool {
	switch b := body.(type) {
	case *market.BuySell:
		return b.IsBuy
	case *market.LongShort:
		return b.Terms.OrderType == market.OrderLong
	case *market.FullClose:
		return !b.IsCloseLong
	case *market.PartialClose:
		return !b.IsCloseLong
	}
	return false
}

// log10 of x, which is not 0.
func log10(x market.U128) float64 { return math.Log10(math.Ldexp(float64(x.Hi), 64) + float64(x.Lo)) }

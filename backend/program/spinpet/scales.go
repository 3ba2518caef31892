package spinpet

import (
	"math"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// candidates are the decimals of latest_price in known deployments.
var candidates = [...]uint8{23, 26, 28}

// mintsKept bounds each of the two generations of mints that Scales remembers.
const mintsKept = 1 << 15

// coarse is the least number of units an amount must have to tell a price: below, rounding alone could be a factor.
const coarse = 10

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

// Price implements program.Pricer: it sets e.Scale and e.Price; both are 0 for kinds without a price. In auto mode the scale is the one for which the
// raw price is nearest, as a ratio, the event's own SOL per token. Events of a mint should come in chain order.
func (s *Scales) Price(e *market.Event) program.PriceReport {
	e.Scale, e.Price = 0, market.Price{}
	body, ok := e.Body.(traded)
	if !ok {
		return program.PriceReport{}
	}

	raw := body.rawPrice()
	var report program.PriceReport
	if raw.IsZero() {
		e.Scale, report.Assumed = s.assume(e.Mint(), raw), true
		return report
	}

	e.Scale, report = s.decide(e.Mint(), body)
	price, err := market.ScalePrice(raw, int(e.Scale))
	if err != nil {
		report.Overflow = true
		return report
	}
	e.Price = price
	return report
}

// Continues implements program.Pricer, by the function of that name.
func (*Scales) Continues(previous market.Price, e *market.Event) bool { return Continues(previous, e) }

// Learn implements program.Pricer. It tells a mint's last scale, and the program's, from stored events after a restart. Values above 28 and 0 are
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

func (s *Scales) decide(mint market.Pubkey, body traded) (uint8, program.PriceReport) {
	raw := body.rawPrice()
	token, sol, _ := body.Amounts()
	usable := token >= coarse && sol >= coarse
	if s.fixed != 0 {
		return s.fixed, program.PriceReport{Contradicted: usable && slices.Contains(candidates[:], s.fixed) && nearest(raw, token, sol) != s.fixed}
	}

	last, known := s.Last(mint)
	if !usable {
		if !known && s.program == 0 && token > 0 && sol > 0 {
			return nearest(raw, token, sol), program.PriceReport{Assumed: true} // coarse is better than nothing
		}
		return s.assume(mint, raw), program.PriceReport{Assumed: true}
	}

	own := nearest(raw, token, sol)
	if !known || own == last {
		s.Learn(mint, own)
		return own, program.PriceReport{}
	}

	// One trade can move the price a hundredfold; then its average price misleads and the curve knows better.
	if explains(last, body) && !explains(own, body) {
		return last, program.PriceReport{}
	}
	s.Learn(mint, own)
	return own, program.PriceReport{Contradicted: true}
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

// explains reports whether the curve at raw, with that many decimals, gives the event's SOL for its tokens, within the
// fees that a sale is net of.
func explains(decimals uint8, body traded) bool {
	token, sol, buy := body.Amounts()
	curve, err := CurveAt(body.rawPrice(), int(decimals))
	if err != nil {
		return false
	}
	_, lamports, err := curve.Move(token, !buy) // back to where the trade began
	if err != nil {
		return false
	}
	const tolerance = 0.05
	return math.Abs(float64(lamports)-float64(sol)) <= tolerance*float64(lamports)+coarse
}

// log10 of x, which is not 0.
func log10(x market.U128) float64 { return math.Log10(math.Ldexp(float64(x.Hi), 64) + float64(x.Lo)) }

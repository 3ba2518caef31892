package alert

import (
	"math/big"

	"spinscope/backend/market"
)

// lastTime is the latest time that a line may have, Unix seconds: the end of the year 9999.
const lastTime = 253_402_300_799

// line is a price that moves evenly with block time, from one point through another. It begins at the first; a ray goes on
// beyond the second, where any other line ends. Times are Unix seconds, from before to.
type line struct {
	from, to           int64
	fromPrice, toPrice market.Price
	ray                bool
}

// holds reports whether the line has a price at a time.
func (l *line) holds(t int64) bool { return t >= l.from && (l.ray || t <= l.to) }

// cmp compares a price with the line at a time, exactly; before the line begins with its beginning.
func (l *line) cmp(price market.Price, t int64) int {
	parts, whole := l.at(t)
	return new(big.Int).Mul(market.U128(price).Big(), whole).Cmp(parts)
}

// at is the line's price at a time as parts of whole, which is above 0; parts are below 0 where a ray has fallen through 0.
func (l *line) at(t int64) (parts, whole *big.Int) {
	t = max(t, l.from)
	before := new(big.Int).Mul(market.U128(l.fromPrice).Big(), big.NewInt(l.to-t))
	after := new(big.Int).Mul(market.U128(l.toPrice).Big(), big.NewInt(t-l.from))
	return before.Add(before, after), big.NewInt(l.to - l.from)
}

// text is the line's price at a time, cut to the decimals that a price has; 0 where it is below that.
func (l *line) text(t int64) string {
	parts, whole := l.at(t)
	price, err := market.ParseU128(parts.Quo(parts, whole).String())
	if err != nil {
		return "0"
	}
	return market.Price(price).String()
}

// crossed reports whether a trade is beyond the line of a rule, and the one before it was on the other side.
func (l *line) crossed(kind Kind, before market.Price, beforeTime int64, price market.Price, t int64) bool {
	if !l.holds(t) {
		return false
	}
	earlier, now := l.cmp(before, beforeTime), l.cmp(price, t)
	if kind == LineBelow {
		earlier, now = -earlier, -now
	}
	return earlier < 0 && now >= 0
}

// parseLine reads the members of a rule that say where its line is.
func parseLine(f *Fields) (l line, err error) {
	l = line{from: f.FromTime, to: f.ToTime, ray: f.Ray}
	for _, one := range []struct {
		name  string
		text  string
		price *market.Price
	}{{"from_price", f.FromPrice, &l.fromPrice}, {"to_price", f.ToPrice, &l.toPrice}} {
		price, ok := decimal(one.text, market.PriceDecimals)
		if !ok || price.IsZero() {
			return l, wrong(one.name, "%.60q is no price: write what a whole token costs as a decimal such as 0.00000003, at most 28 decimals, above 0", one.text)
		}
		*one.price = market.Price(price)
	}

	if l.from < 1 || l.from > lastTime {
		return l, wrong("from_time", "%d is no time in Unix seconds", l.from)
	}
	if l.to <= l.from || l.to > lastTime {
		return l, wrong("to_time", "%d is no time in Unix seconds after from_time, %d", l.to, l.from)
	}
	return l, nil
}

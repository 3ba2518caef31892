package simnet

import (
	"math/big"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// position is an open margin order.
type position struct {
	order  market.Pubkey
	terms  market.Terms
	margin uint64 // lamports put up at the opening
}

func (p *position) long() bool { return p.terms.OrderType == market.OrderLong }

// tokens is how many base units the order's closing trade moves.
func (p *position) tokens() uint64 { return p.terms.LockLpTokenAmount }

// pool is the curve of one mint with its open orders and its mood.
type pool struct {
	mint, curve, poolToken, poolSol market.Pubkey
	name, symbol, uri               string

	at                 spinpet.Curve // where the price stands
	first              market.U128   // raw price of a fresh curve
	swapFee, borrowFee uint16
	flag               uint8
	longs              []*position // highest start first: the order in which a falling price meets them
	shorts             []*position // lowest start first
	held               []uint64    // base units that each trader holds
	lent               uint64      // base units borrowed by open shorts

	mood mood
}

// outcome is what a trade on the curve does.
type outcome struct {
	at  spinpet.Curve
	sol uint64      // lamports for the trader's own tokens, without fees
	hit []*position // orders liquidated on the way
}

// trade works out a trade without doing it; false if the curve cannot serve it. Where the price reaches the range of an
// order, that order's own closing trade takes the price to the end of the range, and the trade goes on from there. The
// order skip is passed over.
func (p *pool) trade(tokens uint64, buy bool, skip *position) (outcome, bool) {
	result := outcome{at: p.at}
	queue := p.longs
	if buy {
		queue = p.shorts
	}

	for _, order := range queue {
		if order == skip {
			continue
		}
		next, sol, err := result.at.Move(tokens, buy)
		if err != nil {
			return outcome{}, false
		}

		start := order.terms.LockLpStartPrice
		if !reaches(next.Raw(), start, buy) {
			result.at = next
			result.sol += sol
			return result, true
		}

		part, _, err := result.at.Between(start)
		if err != nil {
			return outcome{}, false
		}

		part = min(part, tokens)
		if _, sol, err = result.at.Move(part, buy); err != nil {
			return outcome{}, false
		}

		result.sol += sol
		result.hit = append(result.hit, order)
		if result.at, err = spinpet.CurveAt(order.terms.LockLpEndPrice, p.at.Decimals()); err != nil {
			return outcome{}, false
		}
		if tokens -= part; tokens == 0 {
			return result, true
		}
	}

	next, sol, err := result.at.Move(tokens, buy)
	result.at = next
	result.sol += sol
	return result, err == nil
}

// reaches reports whether a trade that ends at price has touched start.
func reaches(price, start market.U128, buy bool) bool {
	if buy {
		return !price.Less(start)
	}
	return !start.Less(price)
}

// apply makes an outcome true.
func (p *pool) apply(o outcome) {
	p.at = o.at
	for _, order := range o.hit {
		p.remove(order)
	}
}

func (p *pool) remove(order *position) {
	list := &p.shorts
	if order.long() {
		list = &p.longs
	} else {
		p.lent -= order.terms.BorrowAmount
	}
	if at := slices.Index(*list, order); at >= 0 {
		*list = slices.Delete(*list, at, at+1)
	}
}

func (p *pool) insert(order *position) {
	start := order.terms.LockLpStartPrice
	if order.long() {
		at, _ := slices.BinarySearchFunc(p.longs, start, func(o *position, s market.U128) int { return s.Cmp(o.terms.LockLpStartPrice) })
		p.longs = slices.Insert(p.longs, at, order)
		return
	}
	p.lent += order.terms.BorrowAmount
	at, _ := slices.BinarySearchFunc(p.shorts, start, func(o *position, s market.U128) int { return o.terms.LockLpStartPrice.Cmp(s) })
	p.shorts = slices.Insert(p.shorts, at, order)
}

// lock finds the liquidation range for a closing trade of so many tokens, beginning at start or, if another order's
// range is in the way, just beyond that one. False if none is free.
func (p *pool) lock(start market.U128, tokens uint64, long bool) (from, to market.U128, sol uint64, ok bool) {
	orders, beyond := p.shorts, 1.001
	if long {
		orders, beyond = p.longs, 0.999
	}
	for range 4 {
		end, sol, err := p.from(start, tokens, !long)
		if err != nil {
			return from, to, 0, false
		}
		at := slices.IndexFunc(orders, func(o *position) bool {
			return overlap(start, end, o.terms.LockLpStartPrice, o.terms.LockLpEndPrice)
		})
		if at < 0 {
			return start, end, sol, true
		}
		start = scalePrice(orders[at].terms.LockLpEndPrice, beyond)
	}

	return from, to, 0, false
}

// from is where a trade would take the price from start, and the lamports it would move.
func (p *pool) from(start market.U128, tokens uint64, buy bool) (end market.U128, sol uint64, err error) {
	curve, err := spinpet.CurveAt(start, p.at.Decimals())
	if err != nil {
		return market.U128{}, 0, err
	}
	next, sol, err := curve.Move(tokens, buy)
	return next.Raw(), sol, err
}

// scalePrice is price · factor, exact to a billionth.
func scalePrice(price market.U128, factor float64) market.U128 {
	const unit = 1_000_000_000
	x := price.Big()
	x.Mul(x, big.NewInt(int64(factor*unit))).Quo(x, big.NewInt(unit))
	var low, high big.Int
	high.Rsh(x, 64)
	low.Sub(x, low.Lsh(&high, 64))
	return market.U128{Hi: high.Uint64(), Lo: low.Uint64()}
}

// overlap reports whether two ranges, each given from either end, have a price in common.
func overlap(a, b, c, d market.U128) bool {
	if b.Less(a) {
		a, b = b, a
	}
	if d.Less(c) {
		c, d = d, c
	}
	return !b.Less(c) && !d.Less(a)
}

// fee is the swap fee on so many lamports.
func (p *pool) fee(lamports uint64) uint64 { return lamports * uint64(p.swapFee) / 100_000 }

// milestone halves the fees once for each power of ten that the price has reached for the first time.
func (p *pool) milestone(payer market.Pubkey) (events []market.Body) {
	next := p.first
	for range p.flag + 1 {
		next, _ = next.Mul64(10)
	}
	for p.flag < 3 && !p.at.Raw().Less(next) {
		p.flag++
		p.swapFee /= 2
		p.borrowFee /= 2
		events = append(events, &spinpet.MilestoneDiscount{
			Payer: payer, Mint: p.mint, Curve: p.curve, SwapFee: p.swapFee, BorrowFee: p.borrowFee, FeeDiscountFlag: p.flag,
		})
		next, _ = next.Mul64(10)
	}
	return events
}

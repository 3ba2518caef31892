package simnet

import (
	"math/bits"
	"slices"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// open opens a long or a short; false if the token has no range free for another one.
func (w *world) open(tx *transaction, p *pool, who int, now float64) bool {
	t := w.traders[who].temper
	long := w.rng.Float64() < p.inclination(t)
	if long && len(p.longs) >= maxOrders || !long && len(p.shorts) >= maxOrders {
		return false
	}

	tokens := p.worth(w.size(p, t)*2, long)
	if tokens == 0 || !long && p.lent+tokens > lentTokens {
		return false
	}

	away := 0.025 + 0.22*w.rng.Float64()*w.rng.Float64()
	if long {
		away = -away
	}
	start, end, lockSol, ok := p.lock(scalePrice(p.at.Raw(), 1+away), tokens, long)
	if !ok {
		return false
	}

	result, ok := p.trade(tokens, long, nil)
	if !ok || reaches(result.at.Raw(), start, !long) {
		return false
	}

	w.serial++
	order := &position{order: w.key("order", w.serial)}
	order.terms = market.Terms{
		Mint: p.mint, User: w.traders[who].key, LockLpStartPrice: start, LockLpEndPrice: end, LockLpSolAmount: lockSol,
		LockLpTokenAmount: tokens, StartTime: uint32(now), EndTime: uint32(now) + orderSeconds, BorrowFee: p.borrowFee,
	}

	// The margin is what the closing trade at the range lacks to give back what was borrowed, fees included.
	if long {
		order.terms.OrderType, order.terms.BorrowAmount, order.terms.PositionAssetAmount = market.OrderLong, result.sol, tokens
		order.terms.MarginSolAmount = below(result.sol+p.fee(result.sol), lockSol-p.fee(lockSol))
		tx.instruction = "Long"
	} else {
		proceeds := result.sol - p.fee(result.sol)
		order.terms.OrderType, order.terms.BorrowAmount, order.terms.PositionAssetAmount = market.OrderShort, tokens, proceeds
		order.terms.MarginSolAmount = below(lockSol+p.fee(lockSol), proceeds)
		tx.instruction = "Short"
	}

	order.margin = order.terms.MarginSolAmount
	p.apply(result)
	p.insert(order)
	tx.payer = order.terms.User
	w.emit(tx, p, result, &spinpet.LongShort{Payer: tx.payer, Mint: p.mint, Order: order.order, LatestPrice: p.at.Raw(), Terms: order.terms})
	return true
}

// close closes an order of the token, wholly or in part; false if there is none.
func (w *world) close(tx *transaction, p *pool) bool {
	if len(p.longs)+len(p.shorts) == 0 {
		return false
	}
	order := slices.Concat(p.longs, p.shorts)[w.rng.IntN(len(p.longs)+len(p.shorts))]
	tx.payer = order.terms.User
	if w.rng.Float64() < 0.35 && w.reduce(tx, p, order) {
		return true
	}
	return w.closeWhole(tx, p, order)
}

// expired closes an order whose time is over, which anybody may do.
func (w *world) expired(tx *transaction, p *pool, now float64) bool {
	for _, orders := range [][]*position{p.longs, p.shorts} {
		for _, order := range orders {
			if float64(order.terms.EndTime) < now {
				tx.payer = w.traders[w.rng.IntN(len(w.traders))].key
				return w.closeWhole(tx, p, order)
			}
		}
	}
	return false
}

func (w *world) closeWhole(tx *transaction, p *pool, order *position) bool {
	tokens := order.tokens()
	result, ok := p.trade(tokens, !order.long(), order)
	if !ok {
		return false
	}
	p.remove(order)
	p.apply(result)
	w.emit(tx, p, result, &spinpet.FullClose{Close: w.closing(tx, p, order, tokens, result)})
	return true
}

// reduce closes a part of an order; false if that would take the price into the order's own range.
func (w *world) reduce(tx *transaction, p *pool, order *position) bool {
	terms := &order.terms
	tokens := terms.LockLpTokenAmount / 100 * uint64(20+w.rng.IntN(51))
	result, ok := p.trade(tokens, !order.long(), order)
	if !ok || tokens == 0 || reaches(result.at.Raw(), terms.LockLpStartPrice, !order.long()) {
		return false
	}

	rest := terms.LockLpTokenAmount - tokens
	end, lockSol, err := p.from(terms.LockLpStartPrice, rest, !order.long())
	if err != nil {
		return false
	}

	closing := w.closing(tx, p, order, tokens, result)
	if order.long() {
		terms.PositionAssetAmount = rest
		terms.BorrowAmount = part(terms.BorrowAmount, rest, terms.LockLpTokenAmount)
	} else {
		p.lent -= tokens
		terms.BorrowAmount = rest
		terms.PositionAssetAmount = part(terms.PositionAssetAmount, rest, terms.LockLpTokenAmount)
	}

	terms.MarginSolAmount = part(terms.MarginSolAmount, rest, terms.LockLpTokenAmount)
	terms.LockLpEndPrice, terms.LockLpSolAmount, terms.LockLpTokenAmount = end, lockSol, rest
	p.apply(result)
	event := &spinpet.PartialClose{Close: closing, Terms: *terms, Long: w.decimals == 26}
	if event.Long {
		event.Terms.MarginInitSolAmount, event.Terms.RealizedSolAmount = order.margin, closing.UserCloseProfit
	}

	w.emit(tx, p, result, event)
	return true
}

// closing is what both closes tell: the trade, and what the owner gets back of the share that is closed.
func (w *world) closing(tx *transaction, p *pool, order *position, tokens uint64, o outcome) spinpet.Close {
	terms := &order.terms
	margin := part(terms.MarginSolAmount, tokens, terms.LockLpTokenAmount)
	event := spinpet.Close{
		Payer: tx.payer, UserSolAccount: terms.User, Mint: p.mint, IsCloseLong: order.long(), FinalTokenAmount: tokens,
		FinalSolAmount: o.sol, LatestPrice: o.at.Raw(), Order: order.order,
	}
	if order.long() {
		event.FinalSolAmount -= p.fee(o.sol)
		event.UserCloseProfit = below(event.FinalSolAmount+margin, part(terms.BorrowAmount, tokens, terms.LockLpTokenAmount))
		tx.instruction = "CloseLong"
	} else {
		event.UserCloseProfit = below(part(terms.PositionAssetAmount, tokens, terms.LockLpTokenAmount)+margin, o.sol+p.fee(o.sol))
		tx.instruction = "CloseShort"
	}
	return event
}

// below is a - b, or 0.
func below(a, b uint64) uint64 { return max(a, b) - b }

// part is amount · of / whole, rounded down; of is at most whole.
func part(amount, of, whole uint64) uint64 {
	hi, lo := bits.Mul64(amount, of)
	quotient, _ := bits.Div64(hi, lo, whole)
	return quotient
}

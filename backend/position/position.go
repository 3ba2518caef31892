package position

import (
	"bytes"
	"math"
	"math/big"
	"math/bits"
	"slices"

	"spinscope/backend/market"
)

// Position is what an account's events on one coin come to. Amounts are base units of the coin's Pair, without fees. The
// zero Position has seen nothing.
type Position struct {
	Events     uint64 // of all kinds
	Buys       uint64 // trades for tokens; those of margin orders are in Margin
	Sells      uint64
	Bought     market.U128 // tokens bought, ever
	Paid       market.U128 // for them
	Sold       market.U128 // tokens sold, ever
	Received   market.U128 // for them
	Held       market.U128 // tokens bought and not sold
	Cost       market.U128 // what was paid for Held
	Gain       market.U128 // by sales above their cost
	Loss       market.U128 // by sales below their cost
	Unmatched  market.U128 // tokens sold that were not seen bought
	Unmatching market.U128 // what they brought: how much of it is profit is not known
	Volume     market.U128 // of the quote, traded by everything, margin orders too
	Fees       market.U128 // of the quote, as far as events tell them
	Unknown    uint64      // trades, margin orders' too, whose events tell no fee
	Creates    bool        // the account created the coin
	First      int64       // block time of the oldest event, Unix seconds
	Last       int64       // and of the newest
	Margin     Margin
}

// Margin is what an account's margin orders on one coin come to, in base units of what the coin is paid in.
type Margin struct {
	Opened     uint64
	Closes     uint64 // in whole or in part
	Liquidated uint64
	Unmatched  uint64 // of Closes and Liquidated, those of orders whose margin is not known: they are in neither Gain nor Loss
	Put        market.U128
	Returned   market.U128 // what closing gave back, margin included
	Gain       market.U128 // by closes that gave back more than their margin
	Loss       market.U128 // by those that gave back less, and by liquidations, which take the margin

	open map[market.Pubkey]market.Order
}

// Open are the orders that are open, by address.
func (m *Margin) Open() []market.Order {
	list := make([]market.Order, 0, len(m.open))
	for address := range m.open {
		list = append(list, m.open[address])
	}
	slices.SortFunc(list, func(a, b market.Order) int { return bytes.Compare(a.Address[:], b.Address[:]) })
	return list
}

// Fold adds an event of the account (market.Event.Owner) on the coin. Events must come in the order of the chain, each once.
func (p *Position) Fold(e *market.Event) {
	if p.Events == 0 || e.BlockTime < p.First {
		p.First = e.BlockTime
	}
	p.Last = max(p.Last, e.BlockTime)
	p.Events++
	p.Creates = p.Creates || e.Creates()

	trade, trades := e.Trade()
	if trades {
		p.Volume = p.Volume.Add(market.U64(trade.Quote))
		p.charge(e)
	}

	switch body, ok := e.Body.(market.OrderBody); {
	case ok:
		p.Margin.fold(e, body)
	case trades && trade.Buy:
		p.buy(trade)
	case trades:
		p.sell(trade)
	}
}

// charge adds the fees of a trade.
func (p *Position) charge(e *market.Event) {
	body, ok := e.Body.(market.Charged)
	if !ok {
		p.Unknown++
		return
	}
	fees, known := body.Fees()
	if !known {
		p.Unknown++
	}
	p.Fees = p.Fees.Add(market.U64(fees))
}

func (p *Position) buy(trade market.Trade) {
	base, quote := market.U64(trade.Base), market.U64(trade.Quote)
	p.Buys++
	p.Bought, p.Paid = p.Bought.Add(base), p.Paid.Add(quote)
	if p.Held = p.Held.Add(base); p.Held.IsZero() { // paid for nothing
		p.Loss = p.Loss.Add(quote)
		return
	}
	p.Cost = p.Cost.Add(quote)
}

func (p *Position) sell(trade market.Trade) {
	base, quote := market.U64(trade.Base), market.U64(trade.Quote)
	p.Sells++
	p.Sold, p.Received = p.Sold.Add(base), p.Received.Add(quote)

	// Of what was not seen bought the cost is not known: its share of what the sale brought is kept apart.
	matched := base
	if p.Held.Less(matched) {
		matched = p.Held
		brought := share(quote, matched, base)
		p.Unmatched, p.Unmatching = p.Unmatched.Add(base.Sub(matched)), p.Unmatching.Add(quote.Sub(brought))
		quote = brought
	}
	if matched.IsZero() {
		return
	}

	cost := share(p.Cost, matched, p.Held)
	p.Held, p.Cost = p.Held.Sub(matched), p.Cost.Sub(cost)
	realise(&p.Gain, &p.Loss, quote, cost)
}

func (m *Margin) fold(e *market.Event, body market.OrderBody) {
	order, known := m.open[body.OrderAccount()]
	if !known && e.Liquidated != nil {
		order, known = *e.Liquidated, true
	}
	var adds market.Totals
	if counted, ok := e.Body.(market.Counted); ok {
		adds = counted.Adds()
	}
	before, after := order.Terms.MarginSolAmount, m.keep(e, body)

	switch body.(type) {
	case market.Closing:
		m.Closes++
		m.Returned = m.Returned.Add(adds.CloseProfit)
	case market.Liquidation:
		m.Liquidated++
	default:
		m.Opened++
		m.Put = m.Put.Add(adds.Margin)
		return
	}

	if !known {
		m.Unmatched++
		return
	}
	realise(&m.Gain, &m.Loss, adds.CloseProfit, market.U64(before-min(before, after)))
}

// keep notes an order as the event leaves it, and forgets one that ended. It returns the margin that is left.
func (m *Margin) keep(e *market.Event, body market.OrderBody) (margin uint64) {
	address := body.OrderAccount()
	terms, _ := body.OrderTerms()
	if terms == nil {
		delete(m.open, address)
		return 0
	}
	if m.open == nil {
		m.open = map[market.Pubkey]market.Order{}
	}
	m.open[address] = market.Order{
		Address: address, MintAccount: e.Mint(), Terms: *terms, Scale: e.Scale, LatestPrice: e.Price, LatestTradeTime: e.BlockTime,
	}
	return terms.MarginSolAmount
}

// realise adds what was got beyond what it cost to the gains, or what is lacking to the losses.
func realise(gain, loss *market.U128, got, cost market.U128) {
	if got.Less(cost) {
		*loss = loss.Add(cost.Sub(got))
		return
	}
	*gain = gain.Add(got.Sub(cost))
}

// share is amount · of / whole, rounded down; of is at most whole, and whole is not 0.
func share(amount, of, whole market.U128) market.U128 {
	if amount.Hi|of.Hi|whole.Hi == 0 {
		high, low := bits.Mul64(amount.Lo, of.Lo)
		quotient, _ := bits.Div64(high, low, whole.Lo) // high is below of, and so below whole
		return market.U64(quotient)
	}
	product := new(big.Int).Mul(amount.Big(), of.Big())
	return fromBig(product.Quo(product, whole.Big()))
}

// fromBig is a number of at most 128 bits.
func fromBig(x *big.Int) market.U128 {
	low := new(big.Int).And(x, new(big.Int).SetUint64(math.MaxUint64))
	return market.U128{Hi: new(big.Int).Rsh(x, 64).Uint64(), Lo: low.Uint64()}
}

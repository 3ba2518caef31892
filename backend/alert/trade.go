package alert

import (
	"fmt"
	"math/big"
	"slices"

	"spinscope/backend/market"
)

// trade looks at a trade. Each is compared with the trades before it on the chain. One that is learned of after later
// ones can cross a price; windows take it in, but it trips none.
func (e *Evaluator) trade(event *market.Event, trade *market.Trade) error {
	key := event.Mint()
	m := e.mints[key]
	if m == nil {
		rules := e.rulesOf(key)
		if !slices.ContainsFunc(rules, func(r *Rule) bool { return r.Kind != Liquidation && e.counts(r, event) }) {
			return nil // history, or all rules are done: nothing to keep
		}
		if e.head > historySlot && event.Slot < e.head-historySlot {
			return e.learnedLate(event, rules)
		}
		m = newMint(rules)
		e.mints[key] = m
	}

	m.used = e.clock
	if m.last != (market.Position{}) && event.Position.Compare(m.last) <= 0 {
		rules := m.rules
		e.forget(key) // the windows are read again, with this trade
		again := newMint(rules)
		again.last, again.used = m.last, m.used
		e.mints[key] = again
		return e.learnedLate(event, rules)
	}

	if !m.warm {
		if err := e.fill(m, event); err != nil {
			return err
		}
	}

	if m.priced {
		e.crossings(m.rules, event, m.price, m.at)
	}
	for _, r := range m.rules {
		switch r.Kind {
		case PercentMove:
			e.moved(r, event, m.moves[r.Window])
		case VolumeSpike, PriceAbove, PriceBelow, MarketCapAbove, MarketCapBelow, LineAbove, LineBelow, Liquidation:
		}
	}

	m.take(event.BlockTime, event.Price, trade.Quote)
	for _, r := range m.rules {
		if r.Kind == VolumeSpike {
			e.spiked(r, event, m.volumes[r.Window])
		}
	}

	m.last = event.Position
	e.count(m)
	return nil
}

func newMint(rules []*Rule) *mint {
	m := &mint{rules: rules, moves: map[int64]*moves{}, volumes: map[int64]*volumes{}}
	m.clear()
	return m
}

// clear empties the windows.
func (m *mint) clear() {
	for _, r := range m.rules {
		switch r.Kind {
		case PercentMove:
			m.moves[r.Window] = newMoves(r.Window)
		case VolumeSpike:
			m.volumes[r.Window] = newVolumes(r.Window)
		case PriceAbove, PriceBelow, MarketCapAbove, MarketCapBelow, LineAbove, LineBelow, Liquidation:
		}
	}
}

// take adds a trade to all windows.
func (m *mint) take(t int64, price market.Price, quote uint64) {
	for _, w := range m.moves {
		w.add(t, price)
	}
	for _, w := range m.volumes {
		w.add(t, quote)
	}
	m.price, m.at, m.priced = price, t, true
}

// count keeps account of the memory that windows take.
func (e *Evaluator) count(m *mint) {
	cells := 8 + 2*(len(m.moves)+len(m.volumes)) // the mint itself takes memory too
	for _, w := range m.moves {
		cells += len(w.cells)
	}
	for _, w := range m.volumes {
		cells += len(w.cells)
	}
	e.cells += cells - m.cells
	m.cells = cells
}

// fill reads the trades before an event that its windows reach back to, and one more.
func (e *Evaluator) fill(m *mint, event *market.Event) error {
	var need int64
	for _, w := range m.moves {
		need = max(need, w.span())
	}

	for _, w := range m.volumes {
		need = max(need, w.span())
	}
	type past struct {
		time  int64
		price market.Price
		quote uint64
	}
	var list []past
	read := 0
	err := e.look.EventsBack(event.Mint(), event.Position, func(old *market.Event) bool {
		read++
		if trade, ok := old.Trade(); ok {
			list = append(list, past{old.BlockTime, old.Price, trade.Quote})
			if need == 0 || old.BlockTime < event.BlockTime-need {
				return false
			}
		}
		return read < maxWarm
	})
	if err != nil {
		return fmt.Errorf("read trades before: %w", err)
	}

	m.clear()
	m.priced = false
	for _, p := range slices.Backward(list) {
		m.take(p.time, p.price, p.quote)
	}

	m.warm = true
	return nil
}

// learnedLate compares a trade with the one before it on the chain.
func (e *Evaluator) learnedLate(event *market.Event, rules []*Rule) error {
	if !slices.ContainsFunc(rules, func(r *Rule) bool {
		return r.crosses() && e.counts(r, event)
	}) {
		return nil
	}

	var before market.Price
	var beforeTime int64
	err := e.look.EventsBack(event.Mint(), event.Position, func(old *market.Event) bool {
		if _, ok := old.Trade(); ok {
			before, beforeTime = old.Price, old.BlockTime
			return false
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("read the trade before: %w", err)
	}

	if !before.IsZero() {
		e.crossings(rules, event, before, beforeTime)
	}
	return nil
}

// crossings compares a trade with the price and the block time of the one before it.
func (e *Evaluator) crossings(rules []*Rule, event *market.Event, before market.Price, beforeTime int64) {
	for _, r := range rules {
		var crossed bool
		switch r.Kind {
		case PriceAbove:
			crossed = before.Less(r.Price) && !event.Price.Less(r.Price)
		case PriceBelow:
			crossed = r.Price.Less(before) && !r.Price.Less(event.Price)
		case MarketCapAbove, MarketCapBelow:
			e.capCrossing(r, event, before)
			continue
		case LineAbove, LineBelow:
			crossed = r.Line.crossed(r.Kind, before, beforeTime, event.Price, event.BlockTime)
		case PercentMove, VolumeSpike, Liquidation:
		}
		key := armKey{r.ID, event.Mint(), 'p'}
		if crossed && e.counts(r, event) && e.ready(r, key, event.BlockTime, false) {
			e.memory.arm(key, r, event.BlockTime)
			e.fire(r, event, e.priceText(r, event), event.Price.String())
		}
	}
}

// capCrossing compares the market caps at two prices with the one that a rule waits for, exactly, by the supply as it is known now. A
// coin whose supply is not known has none, and its rule waits.
func (e *Evaluator) capCrossing(r *Rule, event *market.Event, before market.Price) {
	key := armKey{r.ID, event.Mint(), 'p'}
	if !e.counts(r, event) || !e.ready(r, key, event.BlockTime, false) {
		return
	}
	supply, known := e.look.Supply(event.Mint())
	if !known {
		return
	}

	pair, level := e.look.Pair(event.Mint()), market.CapOf(r.MarketCap)
	earlier := market.Cap(before, supply, pair).Cmp(level)
	worth := market.Cap(event.Price, supply, pair)
	now := worth.Cmp(level)
	if r.Kind == MarketCapBelow {
		earlier, now = -earlier, -now
	}
	if earlier >= 0 || now < 0 {
		return
	}
	e.memory.arm(key, r, event.BlockTime)
	value := market.CapDecimal(worth)
	e.fire(r, event, e.capText(r, value), value)
}

// moved compares a trade with the lowest and the highest price of its window.
func (e *Evaluator) moved(r *Rule, event *market.Event, w *moves) {
	low, high, ok := w.bounds(event.BlockTime)
	if !ok {
		return
	}

	p := event.Price
	if r.Up {
		var by market.U128
		if low.Less(p) {
			by = market.U128(p).Sub(market.U128(low))
		}
		e.measure(r, event, 'u', by, market.U128(low))
	}

	if r.Down {
		var by market.U128
		if p.Less(high) {
			by = market.U128(high).Sub(market.U128(p))
		}
		e.measure(r, event, 'd', by, market.U128(high))
	}
}

func (e *Evaluator) measure(r *Rule, event *market.Event, what byte, by, of market.U128) {
	const whole = 100 * hundred
	key := armKey{r.ID, event.Mint(), what}
	if !e.ready(r, key, event.BlockTime, mulCmp(by, 2*whole, of, r.Percent) < 0) {
		return
	}
	if mulCmp(by, whole, of, r.Percent) < 0 || !e.counts(r, event) {
		return
	}
	e.memory.arm(key, r, event.BlockTime)
	value := ratio(by, whole, of)
	if what == 'd' {
		value = "-" + value
	}
	e.fire(r, event, e.moveText(r, event, value), value)
}

// spiked compares the volume of the last window with the average of those before it.
func (e *Evaluator) spiked(r *Rule, event *market.Event, w *volumes) {
	last, earlier, ok := w.sums()
	if !ok {
		return
	}
	// last >= factor × earlier / baseline, in whole numbers; the factor is in hundredths
	key := armKey{r.ID, event.Mint(), 'v'}
	if !e.ready(r, key, event.BlockTime, mulCmp(last, 2*baseline*hundred, earlier, r.Factor) < 0) {
		return
	}
	if mulCmp(last, baseline*hundred, earlier, r.Factor) < 0 || !e.counts(r, event) {
		return
	}
	e.memory.arm(key, r, event.BlockTime)
	value := ratio(last, baseline*hundred, earlier)
	e.fire(r, event, e.spikeText(r, event, last, value), value)
}

// ready reports whether something may be told: it was not yet, or the rule's rest has passed since, or a move or spike fell
// below half meanwhile.
func (e *Evaluator) ready(r *Rule, key armKey, t int64, below bool) bool {
	last, ok := e.memory.arms[key]
	if !ok {
		return true
	}
	if last.created == r.CreatedAt && t < last.at+r.rest() && !below {
		return false
	}
	e.memory.disarm(key)
	return true
}

// ratio is x·a/y in hundredths, cut, as a decimal.
func ratio(x market.U128, a uint64, y market.U128) string {
	n := new(big.Int).Mul(x.Big(), new(big.Int).SetUint64(a))
	n.Quo(n, y.Big())
	if !n.IsUint64() {
		return market.U64(1<<64 - 1).Decimal(2)
	}
	return market.U64(n.Uint64()).Decimal(2)
}

package ingest

import (
	"log/slog"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// prices sets what trades cost, and watches that each mint's prices follow from one another.
type prices struct {
	pricers  [1 << 8]program.Pricer // by program; nil for those that are not read
	chain    priceChain
	watched  bool // somebody learns of breaks
	counters *counters
	log      *slog.Logger
}

// learn takes up what a stored event says of its mint's scale.
func (p *prices) learn(event *market.Event) {
	if pricer := p.pricers[event.Program()]; pricer != nil {
		pricer.Learn(event.Mint(), event.Scale)
	}
}

// set computes an event's price. Exported events of programs that are not read here keep what they came with.
func (p *prices) set(event *market.Event) {
	pricer := p.pricers[event.Program()]
	if pricer == nil {
		return
	}
	if event.Scale != 0 {
		pricer.Learn(event.Mint(), event.Scale) // an export says which it was
		return
	}

	if report := pricer.Price(event); report.Contradicted || report.Overflow {
		p.counters.badPrice.Add(1)
		p.log.Warn("price contradicts its amounts", "sig", event.Signature, "slot", event.Slot, "mint", event.Mint(),
			"scale", event.Scale, "overflow", report.Overflow)
	}
}

// check compares an event's price with the mint's last one, before the event is folded. A liquidation jumps over a part
// of the curve; any other break means that something between the two is missing.
func (p *prices) check(state *mintState, event *market.Event) {
	if !p.watched {
		return // it is a fifth of the work of taking in a trade
	}

	jumped := state.jumped
	state.jumped = false
	if pricer := p.pricers[event.Program()]; jumped || pricer == nil || pricer.Continues(state.candles.Price, event) {
		return
	}

	p.counters.breaks.Add(1)
	p.log.Debug("price does not follow from the last one", "sig", event.Signature, "slot", event.Slot, "mint", event.Mint())
	p.chain.breaks(event.Slot)
}

const (
	recheckAfter = 4  // slots between a break and the question: by then the missing transaction is to be seen
	recheckEvery = 10 // seconds of chain time between questions
)

// priceChain decides when a break is worth a question to the source.
type priceChain struct {
	recheck func()      // nil: nobody to ask
	broken  market.Slot // newest break that was not asked about, 0 for none
	asked   int64       // chain time of the last question, 0 for none
}

// breaks notes a break.
func (c *priceChain) breaks(slot market.Slot) { c.broken = max(c.broken, slot) }

// ask has recent slots read again when it is time, and reports whether it did. now is chain time in Unix seconds.
func (c *priceChain) ask(slot market.Slot, now int64) bool {
	if c.recheck == nil || c.broken == 0 || slot < c.broken+recheckAfter || c.asked != 0 && now < c.asked+recheckEvery {
		return false
	}
	c.broken, c.asked = 0, now
	c.recheck()
	return true
}

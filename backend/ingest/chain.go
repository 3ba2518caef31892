package ingest

import "spinscope/backend/market"

const (
	recheckAfter = 4  // slots between a break and the question: by then the missing transaction is to be seen
	recheckEvery = 10 // seconds of chain time between questions
)

// chain decides when a break in a price chain is worth a question to the source.
type chain struct {
	recheck func()      // nil: nobody to ask
	broken  market.Slot // newest break that was not asked about, 0 for none
	asked   int64       // chain time of the last question, 0 for none
}

// breaks notes a break.
func (c *chain) breaks(slot market.Slot) { c.broken = max(c.broken, slot) }

// due asks when it is time, and reports whether it did. now is chain time in Unix seconds.
func (c *chain) due(slot market.Slot, now int64) bool {
	if c.recheck == nil || c.broken == 0 || slot < c.broken+recheckAfter || c.asked != 0 && now < c.asked+recheckEvery {
		return false
	}
	c.broken, c.asked = 0, now
	c.recheck()
	return true
}

// follow checks that an event's price follows from the mint's last one, before the event is folded. A liquidation jumps
// over a part of the curve; any other break means that something between the two is missing.
func (in *Ingest) follow(state *mintState, event *market.Event) {
	jumped := state.jumped
	state.jumped = false
	if pricer := in.pricers[event.Program()]; jumped || pricer == nil || pricer.Continues(state.book.Price, event) {
		return
	}
	in.counters.breaks.Add(1)
	in.log.Debug("price does not follow from the last one", "sig", event.Signature, "slot", event.Slot, "mint", event.Mint())
	in.chain.breaks(event.Slot)
}

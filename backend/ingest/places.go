package ingest

import (
	"math"
	"slices"

	"spinscope/backend/market"
)

// Pools says what trades at addresses that no followed coin has, for programs of which all coins are kept. It is asked by the
// writer's goroutine, again and again for an address of which it does not know yet, and must not block.
type Pools interface {
	// At is what trades at an address, and what is known of it.
	At(address market.Pubkey) (market.Place, market.PlaceState)
	// Learn is told of every event of those programs: some say what a place is.
	Learn(body market.Body)
}

const (
	maxWaiting = 10_000 // events, about 8 MB

	// CausePlace is that of the gaps of events of which nobody could say which coin they are of.
	CausePlace = "trades of pools that could not be looked up are left out"

	joinedSlots = 150 // gaps of CausePlace that lie no further apart are one
)

// fate is what becomes of an event of the chain.
type fate uint8

const (
	left  fate = iota // nobody follows its coin
	kept              // it is stored
	waits             // until it is known where it happened
)

// places finds out which coin events are of, and holds those that wait for it. While one waits, nothing is said to be read beyond
// it of the programs whose coins are all kept: what a stop loses of them lies behind the place to resume from, in a gap.
type places struct {
	byCoin [1 << 8]bool // the program is not read whole
	whole  [1 << 8]bool // and all of its coins are kept, as they are told
	coins  Coins        // may be nil
	pools  Pools        // nil: whole is of no program

	addresses map[market.Program]market.Pubkey // of the programs

	commits *commits
	waiting map[market.Pubkey][]market.Event // by where they happened, in the order in which they came
	held    int                              // of them
	lost    *market.Gap                      // the last one of CausePlace
}

// fateOf says whether an event is to be stored: it is of a program that is read whole, of a coin that is followed, or of a program
// of which all coins are kept. A body that names a place of trade learns its coin here. What is imported is kept whatever it is.
func (p *places) fateOf(event *market.Event) fate {
	program := event.Program()
	if !p.byCoin[program] {
		return kept
	}
	if p.pools != nil {
		p.pools.Learn(event.Body)
	}

	if body, ok := event.Body.(market.Located); ok {
		if p.coins != nil {
			if place, known := p.coins.At(body.PlaceAccount()); known {
				body.Locate(place)
				return p.followed(event)
			}
		}
		if !p.whole[program] {
			return left
		}
		return p.locate(event, body)
	}

	if p.followed(event) == kept {
		return kept
	}
	if !p.whole[program] {
		return left
	}
	if body, ok := event.Body.(market.Opening); ok { // anybody may open a pool of whatever mints
		if _, state := p.pools.At(body.OpenedPlace()); state != market.PlaceCounts {
			return left
		}
	}
	return kept
}

func (p *places) followed(event *market.Event) fate {
	if p.coins != nil && p.coins.Follows(event.Mint()) {
		return kept
	}
	return left
}

// locate looks up where an event happened.
func (p *places) locate(event *market.Event, body market.Located) fate {
	place, state := p.pools.At(body.PlaceAccount())
	switch state {
	case market.PlaceCounts:
		body.Locate(place)
		return kept
	case market.PlaceAsked:
		return waits
	case market.PlaceUnknown:
		p.lose(event)
	case market.PlaceOther:
	}
	return left
}

// wait holds an event until it is known where it happened. One that is held already, or is one too many, is not.
func (p *places) wait(event *market.Event) {
	body, ok := event.Body.(market.Located)
	if !ok {
		return // there is nothing to wait for
	}
	at := body.PlaceAccount()
	for i := range p.waiting[at] {
		if one := &p.waiting[at][i]; one.Signature == event.Signature && one.Ordinal == event.Ordinal {
			return
		}
	}
	if p.held >= maxWaiting {
		p.lose(event)
		return
	}
	p.waiting[at] = append(p.waiting[at], *event)
	p.held++
}

// resolved are the events that wait no more, as it is known which coin they are of, in the order of the chain.
func (p *places) resolved() (events []market.Event) {
	for at, list := range p.waiting {
		place, state := p.pools.At(at)
		if state == market.PlaceAsked {
			continue
		}
		for i := range list {
			switch body, _ := list[i].Body.(market.Located); state {
			case market.PlaceCounts:
				body.Locate(place)
				events = append(events, list[i])
			case market.PlaceUnknown:
				p.lose(&list[i])
			case market.PlaceOther, market.PlaceAsked:
			}
		}
		p.held -= len(list)
		delete(p.waiting, at)
	}
	slices.SortFunc(events, func(a, b market.Event) int { return a.Position.Compare(b.Position) })
	return events
}

// drop forgets what waits of a transaction that is taken out.
func (p *places) drop(signature market.Signature) {
	for at, list := range p.waiting {
		rest := slices.DeleteFunc(list, func(event market.Event) bool { return event.Signature == signature })
		if p.held -= len(list) - len(rest); len(rest) == 0 {
			delete(p.waiting, at)
			continue
		}
		p.waiting[at] = rest
	}
}

// move puts what waits of a transaction to another place in its slot.
func (p *places) move(signature market.Signature, index uint32) {
	for _, list := range p.waiting {
		for i := range list {
			if list[i].Signature == signature {
				list[i].Index = index
			}
		}
	}
}

// oldest is where the first of the events stands that wait; false when none does.
func (p *places) oldest() (slot market.Slot, at int64, waiting bool) {
	slot, at = math.MaxUint64, math.MaxInt64
	for _, list := range p.waiting {
		for i := range list {
			slot, at = min(slot, list[i].Slot), min(at, list[i].BlockTime)
		}
	}
	return slot, at, p.held > 0
}

// lose records that an event is left out, as it is not known which coin it is of.
func (p *places) lose(event *market.Event) {
	gap := market.Gap{
		From: event.Slot, To: event.Slot, Cause: CausePlace, State: market.GapUnfillable, Address: p.addresses[event.Program()],
	}
	next := &p.commits.next
	if last := p.lost; last != nil {
		if gap.Address == last.Address && last.From <= gap.From && gap.To <= last.To {
			return
		}
		if gap.Address == last.Address && gap.From <= last.To+joinedSlots && last.From <= gap.To+joinedSlots {
			gap.From, gap.To = min(gap.From, last.From), max(gap.To, last.To)
			replaced := *last
			replaced.State = market.GapReplaced
			next.gaps = append(next.gaps, replaced)
		}
	}
	p.lost = &gap
	next.gaps = append(next.gaps, gap)
}

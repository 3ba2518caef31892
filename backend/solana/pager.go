package solana

import (
	"context"
	"fmt"
	"slices"
	"time"

	"spinscope/backend/market"
)

const (
	endLooks    = 2  // answers that show an end before it is believed
	endTries    = 8  // questions for them
	endOverlap  = 20 // signatures listed before that such an answer has to begin with
	endPause    = 100 * time.Millisecond
	noSlot      = ^market.Slot(0)
	firstLedger = market.Slot(1) // a node whose ledger goes back to here has all of it: slot 0 holds the genesis only
)

// pager pages back through the program's signatures, newest first. A list that ends does not say that history ends
// there: a node keeps a part of the ledger only, the members of a pool differ in it, and an answer can be empty for a
// moment. So it asks again, together with how far back the node's ledger goes, before it believes in an end.
type pager struct {
	h      *history
	before market.Signature // cursor, zero = the newest
	least  market.Slot      // the node must have reached it
	pages  int
	oldest market.Slot // slot of the last signature listed, noSlot before the first
	tail   page        // the last signatures listed, behind a cursor
	ended  bool
	first  market.Slot // after the end: where the node's ledger begins, noSlot when it does not say
}

func (h *history) pager(before market.Signature, least market.Slot) *pager {
	return &pager{h: h, before: before, least: least, oldest: noSlot, tail: page{before: before}}
}

// next is the next page of at most limit signatures, none at the end.
func (p *pager) next(ctx context.Context, limit int) ([]signatureInfo, error) {
	infos, err := p.page(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("page %d of signatures: %w", p.pages+1, err)
	}
	if len(infos) == 0 {
		p.ended = true
		return nil, nil
	}

	p.pages++
	for i := range infos {
		if infos[i].slot > p.oldest {
			return nil, fmt.Errorf("page %d of signatures: %w: slots ascend", p.pages, errResponse)
		}
		p.oldest = infos[i].slot
		if i%endOverlap == 0 || i == len(infos)-1 {
			p.h.clock.learn(infos[i].slot, infos[i].time)
		}
	}

	if infos[len(infos)-1].signature == p.before {
		return nil, fmt.Errorf("page %d of signatures: %w: paging stands still", p.pages, errResponse)
	}
	p.least = 0
	p.stand(p.before, infos)
	return infos, nil
}

// page is the next page, empty only when that is the end.
func (p *pager) page(ctx context.Context, limit int) ([]signatureInfo, error) {
	for try := 1; ; try++ {
		infos, err := p.h.rpc.signatures(ctx, p.h.address, p.before, limit, p.least, p.h.commitment)
		if err != nil || len(infos) > 0 {
			return infos, err
		}
		more, err := p.confirmEnd(ctx)
		if err != nil || len(more) == 0 || try == endTries {
			return more[:min(len(more), limit)], err
		}
	}
}

// confirmEnd asks for what is behind the signatures that were listed last, together with those: an answer that leaves them
// out says nothing about an end. It returns what is there after all, or nothing. Of the answers to where the ledger begins
// the highest counts, as a pool is no deeper than the member that gave the list. Without an answer that can be believed,
// first is noSlot.
func (p *pager) confirmEnd(ctx context.Context) ([]signatureInfo, error) {
	pause := backoff{first: min(p.h.rpc.first/4, endPause), longest: 4 * endPause}
	p.first = 0
	good := 0
	for try := 1; ; try++ {
		var infos []signatureInfo
		var first market.Slot
		list := signaturesCall(p.h.address, p.tail.before, pageSize, p.least, p.h.commitment, &infos)
		depth := firstBlockCall(&first)
		// In one request, so that one member answers both; and the list first: what the node forgets between the two is
		// then missing in neither, as its ledger is said to begin after it.
		if err := p.h.rpc.do(ctx, attempts, list, depth); err != nil {
			return nil, err
		}
		if list.err != nil {
			return nil, list.err
		}

		if depth.err != nil {
			first = noSlot
		}

		more, whole := p.behind(infos)
		switch {
		case len(more) > 0:
			return more, nil
		case whole, len(infos) == 0 && first > p.oldest: // the node has forgotten what it listed
			p.first = max(p.first, first)
			good++
		case try == endTries:
			p.first = noSlot
			return nil, nil
		}

		if good == endLooks {
			return nil, nil
		}
		if err := sleep(ctx, pause.next()); err != nil {
			return nil, err
		}
	}
}

// behind is what a list has behind the signatures that were listed last; whole is false when it leaves one of those out.
func (p *pager) behind(list []signatureInfo) (more []signatureInfo, whole bool) {
	if len(p.tail.infos) == 0 {
		return list, true
	}
	known := make(map[market.Signature]bool, len(p.tail.infos))
	for _, info := range p.tail.infos {
		known[info.signature] = true
	}
	for i, info := range list {
		if known[info.signature] {
			delete(known, info.signature)
			more = list[i+1:]
		}
	}
	more = slices.DeleteFunc(slices.Clone(more), func(info signatureInfo) bool { return info.slot > p.oldest }) // of a page before
	return more, len(known) == 0
}

// stand goes on behind the signatures of a page.
func (p *pager) stand(before market.Signature, infos []signatureInfo) {
	last := infos[len(infos)-1]
	p.before, p.oldest, p.tail = last.signature, last.slot, page{before: before, infos: infos}
	if skip := len(infos) - endOverlap; skip > 0 {
		p.tail = page{before: infos[skip-1].signature, infos: infos[skip:]}
	}
}

// bottom is the slot from which on the pages hold everything, as far as lists can tell.
func (p *pager) bottom() market.Slot {
	switch {
	case !p.ended:
		return p.oldest // its slot may go on in the next page
	case p.first <= firstLedger:
		return 0
	case p.oldest == noSlot || p.first <= p.oldest:
		return p.first
	}
	return p.oldest + 1 // the list went on below, with the help of another member, or before the node forgot
}

// depth is how many slots behind a finalized one the node's ledger goes back; 0: to its beginning, or it does not say.
func (c *rpcClient) depth(ctx context.Context, finalized market.Slot) (market.Slot, error) {
	var first market.Slot
	one := firstBlockCall(&first)
	if err := c.do(ctx, attempts, one); err != nil {
		return 0, err
	}
	if one.err != nil {
		return 0, nil //nolint:nilerr // then it is not known
	}
	return depthOf(first, finalized), nil
}

// depthOf is how many slots a ledger goes back that begins with a slot, 0 for one that has all.
func depthOf(first, finalized market.Slot) market.Slot {
	if first <= firstLedger {
		return 0
	}
	return max(1, minus(finalized, first))
}

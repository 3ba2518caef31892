package solana

import (
	"context"
	"time"

	"spinscope/backend/market"
)

// How old an answer to how far an endpoint is may be for a rescan, at most: a part of the time between two rescans of an
// address, so that those of many addresses, which are spread over it, share it.
const (
	tipParts  = 12
	oldestTip = 5 * time.Second
)

// extent is how much of the chain an endpoint has.
type extent struct {
	finalized market.Slot
	newest    market.Slot // at the commitment that history is read at
	depth     market.Slot // slots behind finalized that its ledger goes back; 0: to its beginning, or it does not say
}

// tip asks an endpoint how much of the chain it has, for all addresses that are read over a connection. An answer stands for
// a while: what is concluded from it is true of the slots that it speaks for, whenever their transactions are listed. Safe for
// concurrent use.
type tip struct {
	rpc        *rpcClient
	commitment string // of newest

	turn  chan struct{} // holds who asks, or looks at what follows
	asked time.Time     // when the last answer was asked for
	last  extent
}

func newTip(rpc *rpcClient, commitment string) *tip {
	return &tip{rpc: rpc, commitment: commitment, turn: make(chan struct{}, 1)}
}

// lately is when an answer was asked for at the earliest that is good enough for a rescan that comes so long after the last one.
func lately(pause time.Duration) time.Time { return time.Now().Add(-min(pause/tipParts, oldestTip)) }

// now is the extent as the endpoint tells it, or has told it when somebody asked at a time or later, provided that a slot was
// final by then. Who comes while it is asked waits for that answer.
func (t *tip) now(ctx context.Context, since time.Time, reached market.Slot) (extent, error) {
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return extent{}, ctx.Err()
	}
	defer func() { <-t.turn }()

	if !t.asked.IsZero() && !t.asked.Before(since) && t.last.finalized >= reached {
		return t.last, nil
	}
	began := time.Now()
	e, err := t.rpc.extent(ctx, t.commitment)
	if err == nil {
		t.asked, t.last = began, e
	}
	return e, err
}

// extent asks how much of the chain the endpoint has, in one request.
func (c *rpcClient) extent(ctx context.Context, commitment string) (e extent, err error) {
	var first market.Slot
	finalized, newest, depth := slotCall(Finalized, &e.finalized), slotCall(commitment, &e.newest), firstBlockCall(&first)
	if err := c.do(ctx, attempts, finalized, newest, depth); err != nil {
		return extent{}, err
	}
	if err := firstError([]*call{finalized, newest}); err != nil {
		return extent{}, err
	}

	e.finalized = min(e.finalized, e.newest)
	if depth.err == nil {
		e.depth = depthOf(first, e.finalized)
	}
	return e, nil
}

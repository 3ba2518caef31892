package solana

import (
	"context"
	"fmt"

	"spinscope/backend/market"
)

// readInstead reads an address whose subscription an endpoint refuses by its lists, up to now. Nothing of it comes live then: what
// happens later is read when the subscription is asked for again. It returns the refusal, with what became of that.
func (r *run) readInstead(ctx context.Context, l *link, refusal error) error {
	if err := r.readLists(ctx, l); err != nil {
		return fmt.Errorf("%w; its list is not read either: %w", refusal, err)
	}
	return fmt.Errorf("%w; its transactions are read by lists instead, up to a minute late", refusal)
}

// readLists delivers what the lists of an address have by now that was not delivered, as after a connection that was lost.
func (r *run) readLists(ctx context.Context, l *link) error {
	s := &session{
		run: r, link: l, queue: newQueue(1), finds: make(chan find), history: r.newHistory(l.rpc), moves: l.socket.moves, lists: true,
	}
	s.history.other = l.second
	if err := s.catchUp(ctx); err != nil {
		return err
	}

	// A list may lack the newest transactions for a moment, and nothing else tells of them: chain time goes as far as what is
	// final, so that no candle is closed before they are there.
	slot, at := s.clock.reached(r.checkpoint)
	return s.deliver(ctx, market.Batch{Slot: slot, ChainTime: at})
}

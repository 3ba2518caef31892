package stream

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// A coin that is live may be refused later, as when another endpoint takes over. Nobody looks at it for each client that was told
// that it is live: every refusalsEvery all coins are looked at once, and whoever was told of those that are refused asks of them anew.

// noteLive notes that a client was told that a coin is live; mu is held. A client has maxLive such coins at most, or twice as many as it
// is subscribed to.
func (d *desk) noteLive(s *session, mint market.Pubkey) {
	if s.away {
		return
	}
	if s.live == nil {
		s.live, s.tidyAt = map[market.Pubkey]struct{}{}, maxLive
	}
	if len(s.live) >= s.tidyAt {
		d.tidy(s)
	}

	s.live[mint] = struct{}{}
	if d.live[mint] == nil {
		d.live[mint] = map[*session]struct{}{}
	}
	d.live[mint][s] = struct{}{}
}

// tidy drops what a client was told of coins that it is not subscribed to any more; mu is held.
func (d *desk) tidy(s *session) {
	subscribed := s.mints()
	for mint := range s.live {
		if _, still := subscribed[mint]; !still {
			d.dropLive(s, mint)
		}
	}
	s.tidyAt = max(maxLive, 2*len(s.live))
}

// mints are those that a client is subscribed to anything of. It takes the broadcaster's mutex.
func (s *session) mints() map[market.Pubkey]struct{} {
	b := s.stream.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	list := map[market.Pubkey]struct{}{}
	for k := range s.subs {
		if k.kind <= eventsTopic {
			list[k.mint] = struct{}{}
		}
	}
	return list
}

// dropLive ends what noteLive noted; mu is held.
func (d *desk) dropLive(s *session, mint market.Pubkey) {
	delete(s.live, mint)
	delete(d.live[mint], s)
	if len(d.live[mint]) == 0 {
		delete(d.live, mint)
	}
}

// served ends a request: a subscriber who was told before its answer that the coin is live is among those who were.
func (d *desk) served(r *request) {
	if r.live == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noteLive(r.session, *r.live)
}

// attendRefusals looks for coins that are refused after they were live, until ctx ends.
func (st *Stream) attendRefusals(ctx context.Context) {
	for wake.After(ctx, refusalsEvery) == nil {
		if d := st.desk; d.anyLive() {
			d.refused(d.coins.Refusals())
		}
	}
}

func (d *desk) anyLive() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.live) > 0
}

// refused has whoever was told that one of the coins is live asks of it anew: it is told that the coin is refused, how far its
// lists are, and when it is live again.
func (d *desk) refused(mints []market.Pubkey) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, mint := range mints {
		for s := range d.live[mint] {
			d.dropLive(s, mint)
			d.inquiry(s, mint)
		}
	}
}

package ingest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

// mintState is what the writer keeps in memory of one mint.
type mintState struct {
	book   market.Book
	token  market.Token
	stamp  market.Stamp   // of the last event
	stamps []market.Stamp // of the events in the next commit
	clock  *coinClock     // nil: the program's

	last market.Position // of the newest event, unless it was rolled back
	seen bool            // last is set

	due      int64 // earliest entry in the due heap
	touched  int64 // earliest block time folded since the last commit
	late     *span // stretch to build anew, nil when all came in order
	inCommit bool  // in the next commit's list
	recount  bool  // token changed since the last commit
	unsaved  bool  // book changed since it was made durable
	jumped   bool  // a liquidation moved the price since the last trade
	shrunk   bool  // a trade was taken away: the book's last one may be gone
	durable  bool  // the book must be made durable with its events, as recovery would not find them
}

// span is a stretch of a mint's trades that changed other than at the end.
type span struct {
	from, to int64           // block times, inclusive
	first    market.Position // lowest place of a changed event
}

// mint returns a mint's state, from memory or from the store.
func (in *Ingest) mint(mint market.Pubkey) (*mintState, error) {
	if state, ok := in.mints[mint]; ok {
		return state, nil
	}
	state, err := in.load(mint)
	if err != nil {
		return nil, err
	}
	in.schedule(state)
	return state, nil
}

// load brings a mint's state into memory. The caller schedules it.
func (in *Ingest) load(mint market.Pubkey) (*mintState, error) {
	if err := in.awaitMint(); err != nil {
		return nil, err
	}
	state := &mintState{due: candle.Never, touched: math.MaxInt64}
	var err error
	if state.book, _, err = in.store.Book(mint); err != nil {
		return nil, fmt.Errorf("read book of %s: %w", mint, err)
	}
	if state.token, _, err = in.store.Token(mint); err != nil {
		return nil, fmt.Errorf("read token %s: %w", mint, err)
	}
	state.book.Mint, state.token.Mint, state.clock = mint, mint, in.clockOf(mint)
	in.mints[mint] = state
	return state, nil
}

// behind reports whether the event's place lies before what the mint has seen, of any kind.
func (in *Ingest) behind(state *mintState, event *market.Event) (bool, error) {
	if !state.seen {
		// A commit under way may take events of the mint away, but adds none: it would have been seen.
		err := in.store.MintEventsBack(event.Mint(), newestPosition, func(e *market.Event) error {
			state.last = e.Position
			return errStop
		})
		if err != nil && !errors.Is(err, errStop) {
			return false, fmt.Errorf("read newest event: %w", err)
		}
		state.seen = true
	}
	if event.Position.Compare(state.last) <= 0 {
		return true, nil
	}
	state.last = event.Position
	return false, nil
}

// stampBefore is the stamp of the mint's last event before the end of a candle. A commit may span several candles.
func (s *mintState) stampBefore(end int64) market.Stamp {
	for _, stamp := range slices.Backward(s.stamps) {
		if stamp.BlockTime < end {
			return stamp
		}
	}
	return s.stamp
}

// dirty marks the stretch around a trade for building anew.
func (s *mintState) dirty(time int64, at market.Position) {
	if s.late == nil {
		s.late = &span{from: time, to: time, first: at}
		return
	}
	s.late.from, s.late.to = min(s.late.from, time), max(s.late.to, time)
	if at.Compare(s.late.first) < 0 {
		s.late.first = at
	}
}

// count adds an event to the token's record, or takes a rolled back one out of it.
func (s *mintState) count(event *market.Event, rolledBack bool) {
	s.recount = true
	token := &s.token
	if rolledBack {
		token.Uncount(event)
	} else {
		token.Count(event)
		token.LastEventTime = max(token.LastEventTime, event.BlockTime)
	}

	if created, ok := event.Body.(market.Creation); ok {
		if rolledBack {
			token.Created = nil
			return
		}
		token.Created, token.CreatedPosition, token.CreateTime = created, event.Position, event.BlockTime
	}

	if body, ok := event.Body.(market.TokenBody); ok && !rolledBack {
		body.ChangeToken(token)
	}
}

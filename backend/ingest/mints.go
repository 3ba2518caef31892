package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

const (
	maxMints        = 20_000 // held in memory after a checkpoint
	maxClosedAtOnce = 5000   // candles that one commit closes, about, unless Config says otherwise: at midnight every mint has some
)

// errStop ends an iteration over stored events; it never leaves the package.
var errStop = errors.New("stop")

// newestPosition is above that of every event.
var newestPosition = market.Position{Slot: math.MaxUint64, Index: math.MaxUint32, Ordinal: math.MaxUint16}

// mints holds the mints that trade, with their open candles and what is known of them. Others come back from the store
// on demand.
type mints struct {
	commits         *commits
	progress        *progress
	byCoin          *[1 << 8]bool     // the program is not read whole
	intervals       []market.Interval // the finest first
	maxClosed       int               // candles that one commit closes, about
	states          map[market.Pubkey]*mintState
	visitors        []market.Pubkey // came back to memory only to have candles closed
	sinceCheckpoint int             // events
	checkpointAt    int64           // chain time
}

// mintState is what the writer keeps in memory of one mint.
type mintState struct {
	candles market.OpenCandles
	token   market.Token
	stamp   market.Stamp   // of the last event
	stamps  []market.Stamp // of the events in the next commit
	clock   *clock

	last market.Position // of the newest event, unless it was rolled back
	seen bool            // last is set

	end      int64 // earliest entry among the clock's ends
	touched  int64 // earliest block time folded since the last commit
	late     *span // stretch to build anew, nil when all came in order
	inCommit bool  // in the next commit's list
	recount  bool  // token changed since the last commit
	unsaved  bool  // candles changed since they were made durable
	jumped   bool  // a liquidation moved the price since the last trade
	shrunk   bool  // a trade was taken away: the last one may be gone
	durable  bool  // the candles must be made durable with their events, as recovery would not find those
}

// span is a stretch of a mint's trades that changed other than at the end.
type span struct {
	from, to int64           // block times, inclusive
	first    market.Position // lowest position of a changed event
}

// get returns the state of a mint that a program tells of, from memory or from the store.
func (m *mints) get(mint market.Pubkey, program market.Program) (*mintState, error) {
	if state, ok := m.states[mint]; ok {
		return state, nil
	}
	state, err := m.load(mint, program)
	if err != nil {
		return nil, err
	}
	m.schedule(state)
	return state, nil
}

// load brings a mint's state into memory. The caller schedules it. The program counts for a mint that is not stored yet.
func (m *mints) load(mint market.Pubkey, program market.Program) (*mintState, error) {
	if err := m.commits.waitForMint(); err != nil {
		return nil, err
	}

	state := &mintState{end: candle.Never, touched: math.MaxInt64}
	var err error
	if state.candles, _, err = m.commits.store.OpenCandles(mint); err != nil {
		return nil, fmt.Errorf("read open candles of %s: %w", mint, err)
	}
	if state.token, _, err = m.commits.store.Token(mint); err != nil {
		return nil, fmt.Errorf("read token %s: %w", mint, err)
	}

	byCoin := m.byCoin[program] || m.byCoin[state.token.Pair.Program()]
	state.candles.Mint, state.token.Mint, state.clock = mint, mint, m.progress.clockOf(mint, byCoin)
	m.states[mint] = state
	return state, nil
}

// isLate reports whether the event's position lies before what the mint has seen, of any kind.
func (m *mints) isLate(state *mintState, event *market.Event) (bool, error) {
	if !state.seen {
		// The pending commit may take events of the mint away, but adds none: it would have been seen.
		err := m.commits.store.MintEventsBack(event.Mint(), newestPosition, func(e *market.Event) error {
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

// fold takes a trade into its mint's open candles.
func (m *mints) fold(state *mintState, tick *candle.Tick) {
	candle.Fold(&state.candles, m.intervals, tick)
	state.touched = min(state.touched, tick.Time)
}

// finish brings a touched mint's candles up to the next commit's events.
func (m *mints) finish(state *mintState) error {
	if state.late != nil {
		r := rebuild{commits: m.commits, intervals: m.intervals, state: state}
		if err := r.run(); err != nil {
			return err
		}
	}
	if state.touched != math.MaxInt64 {
		state.unsaved = true
		m.schedule(state)
	}
	if state.recount {
		state.token.LatestPrice, state.token.LatestTradeTime = state.candles.Price, state.candles.BlockTime
	}
	return nil
}

// emit adds the candles that the next commit's trades left open.
func (m *mints) emit(state *mintState) {
	if state.touched == math.MaxInt64 {
		return
	}
	next := &m.commits.next
	for _, interval := range m.intervals {
		from := interval.Floor(state.touched)
		for _, c := range state.candles.Open[interval] {
			if c.Time >= from {
				next.candles = append(next.candles, market.CandleChange{
					Mint: state.candles.Mint, Interval: interval, Candle: c, Type: market.Realtime,
					Stamp: state.stampBefore(c.Time + interval.Seconds()),
				})
			}
		}
	}
	state.touched = math.MaxInt64
}

// checkpoint adds all changed open candles to the next commit when enough has happened, or at once when forced, and lets
// idle mints go. Those with late events are added in any case: recovery would not find them again.
func (m *mints) checkpoint(force bool) {
	next := &m.commits.next
	for _, state := range next.touched {
		if state.durable {
			m.save(state)
		}
	}

	now := m.progress.program.time
	enough := m.sinceCheckpoint+len(next.events) >= checkpointEvents || now-m.checkpointAt >= checkpointTime
	if !force && !enough {
		return
	}

	idle := now - idleTime
	if len(m.states) > maxMints {
		idle = now // too many at once: keep only what trades now; the rest comes back on demand
	}
	for mint, state := range m.states {
		if state.unsaved {
			m.save(state)
		}
		if state.token.LastEventTime < idle && !state.inCommit {
			m.evict(mint)
		}
	}

	next.force = next.force || len(next.evicted) > 0
	if len(next.open) > 0 {
		next.replay = next.newest
	}
	m.sinceCheckpoint, m.checkpointAt = 0, now
}

// save adds a copy of the mint's open candles to the next commit, as the writer goes on changing its own.
func (m *mints) save(state *mintState) {
	saved := state.candles
	for i := range saved.Open {
		saved.Open[i] = append([]market.Candle(nil), saved.Open[i]...)
	}
	state.unsaved, state.durable = false, false
	m.commits.next.open = append(m.commits.next.open, saved)
}

// evict lets a mint leave memory.
func (m *mints) evict(mint market.Pubkey) {
	m.commits.next.evicted = append(m.commits.next.evicted, mint)
	delete(m.states, mint)
}

// dismiss lets the mints go that came back to memory only to have candles closed.
func (m *mints) dismiss() {
	for _, mint := range m.visitors {
		if state, ok := m.states[mint]; ok {
			if state.unsaved {
				m.save(state)
			}
			m.evict(mint)
		}
	}
	m.visitors = m.visitors[:0]
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

// count adds an event to the token's record, or takes a removed one out of it.
func (s *mintState) count(event *market.Event, removed bool) {
	s.recount = true
	token := &s.token
	if removed {
		token.Uncount(event)
	} else {
		token.Count(event)
		token.LastEventTime = max(token.LastEventTime, event.BlockTime)
	}

	if created, ok := event.Body.(market.Creation); ok {
		if removed {
			token.Created = nil
			return
		}
		token.Created, token.CreatedPosition, token.CreateTime = created, event.Position, event.BlockTime
	}

	if body, ok := event.Body.(market.TokenBody); ok && !removed {
		body.ChangeToken(token)
	}
}

// schedule makes sure that the mint is visited when its next candle ends.
func (m *mints) schedule(state *mintState) {
	if end := candle.NextEnd(&state.candles, m.intervals); end < state.end {
		state.end = end
		state.clock.ends.push(candleEnd{end, state.candles.Mint})
	}
}

// scheduleStored is schedule for open candles that stay in the store.
func (m *mints) scheduleStored(candles *market.OpenCandles) error {
	end := candle.NextEnd(candles, m.intervals)
	if end == candle.Never {
		return nil
	}

	byCoin := false
	if len(m.progress.whole) > 0 {
		token, _, err := m.commits.store.Token(candles.Mint)
		if err != nil {
			return fmt.Errorf("read token %s: %w", candles.Mint, err)
		}
		byCoin = m.byCoin[token.Pair.Program()]
	}
	c := m.progress.clockOf(candles.Mint, byCoin)
	c.ends.push(candleEnd{end, candles.Mint})
	return nil
}

// adopt has a coin that got a clock of its own close its candles by it; what stands among the ends of others is out of date then.
func (m *mints) adopt(coin market.Pubkey) {
	own := m.progress.clocks[coin]
	state, held := m.states[coin]
	if !held || state.clock == own {
		return
	}
	state.clock = own
	if state.end != candle.Never {
		state.clock.ends.push(candleEnd{state.end, coin})
	}
}

// closing puts a mint's candles that end by a time into the next commit.
type closing func(state *mintState, end int64) error

// close adds to the next commit the candles that chain time has passed, by the time they end. There are more to close
// when it returns true: the next commit is full, and is to be written first.
func (m *mints) close(closing closing) (more bool, err error) {
	p := m.progress
	if more, err = m.closeBy(&p.program, closing); more || err != nil {
		return more, err
	}

	for len(p.advanced) > 0 {
		if more, err = m.closeBy(p.advanced[0], closing); more || err != nil {
			return more, err
		}
		p.advanced = p.advanced[1:]
	}
	return false, nil
}

// closeBy closes what has ended by a clock.
func (m *mints) closeBy(c *clock, closing closing) (more bool, err error) {
	for len(c.ends) > 0 && c.ends[0].at <= c.time {
		if len(m.commits.next.candles) >= m.maxClosed {
			return true, nil
		}
		entry := c.ends.pop()
		if own := m.progress.clocks[entry.mint]; own != nil && own != c {
			continue // it has got a clock of its own
		}

		state, held := m.states[entry.mint]
		if !held {
			if state, err = m.load(entry.mint, 0); err != nil {
				return false, err
			}
			m.visitors = append(m.visitors, entry.mint)
		}

		if state.end == entry.at {
			state.end = candle.Never
		}
		if err := closing(state, entry.at); err != nil {
			return false, err
		}
		m.schedule(state)
	}

	return false, nil
}

// closeEnded is the closing of every day.
func (m *mints) closeEnded(state *mintState, end int64) error {
	candle.Close(&state.candles, m.intervals, end, func(interval market.Interval, c market.Candle) {
		m.final(state, interval, c)
	})
	return nil
}

// closeUnwritten is the closing after a start: candles that were closed before the stop are stored and are only no longer
// open; those that a stop between two commits of one closing left out are closed now.
func (m *mints) closeUnwritten(state *mintState, _ int64) error {
	type closed struct {
		interval market.Interval
		candle   market.Candle
	}
	var list []closed
	candle.Close(&state.candles, m.intervals, state.clock.time, func(interval market.Interval, c market.Candle) {
		state.unsaved = true
		list = append(list, closed{interval, c})
	})

	ended := func(c closed) int64 { return c.candle.Time + c.interval.Seconds() }
	slices.SortStableFunc(list, func(a, b closed) int { return cmp.Compare(ended(a), ended(b)) })
	for i, c := range slices.Backward(list) {
		stored, err := m.commits.store.CandlesBetween(state.candles.Mint, c.interval, c.candle.Time, c.candle.Time)
		if err != nil {
			return fmt.Errorf("read %s candle %d of %s: %w", c.interval, c.candle.Time, state.candles.Mint, err)
		}
		if len(stored) > 0 && stored[0].Final {
			list = list[i+1:] // a mint's candles are closed by the time they end: all before are stored too
			break
		}
	}

	for _, c := range list {
		m.final(state, c.interval, c.candle)
	}
	return nil
}

// final adds a closed candle to the next commit. Its stamp is of chain time, which closed it, not of an event.
func (m *mints) final(state *mintState, interval market.Interval, c market.Candle) {
	state.unsaved = true
	stamp := market.Stamp{Slot: m.progress.slot, BlockTime: state.clock.time, ReceivedAt: state.stamp.ReceivedAt}
	m.commits.next.candles = append(m.commits.next.candles, market.CandleChange{
		Mint: state.candles.Mint, Interval: interval, Candle: c, Type: market.Final, Stamp: stamp,
	})
}

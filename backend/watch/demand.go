package watch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/wake"
	"spinscope/backend/wire"
)

var (
	// ErrFull is returned by Demand while as many coins are followed on demand as may be, and clients want them all.
	ErrFull = errors.New("no further coin is followed on demand")
	// ErrBusy is returned by Demand while too many addresses are being looked up.
	ErrBusy = errors.New("too many addresses are being looked up: ask again in a few seconds")
)

const (
	keepFor = 10 * time.Minute // a coin that no client wants any more is followed on for so long
	idleFor = 3 * lookEvery    // since a client wanted it: it may have to make room for another one

	maxLookups    = 32 // addresses that are being looked up for clients
	lookupsAtOnce = 2
	lookupTime    = 4 * time.Second        // that the cluster has to answer
	lookupEvery   = 250 * time.Millisecond // on the average; so many may come at once:
	lookupBurst   = 8

	refusedFor = 30 * time.Second                          // that an address is no coin is remembered: somebody may make it one
	maxRefused = int(refusedFor/lookupEvery) + lookupBurst // follows from the above
	fullFor    = 2 * time.Second                           // that there was no room for it
)

// demands is what clients ask for. Service.mu guards all but pace and queue.
type demands struct {
	limit   int                       // coins that are followed for clients at most
	wanted  func(market.Pubkey) bool  // nil: nobody wants any
	lookups map[market.Pubkey]*lookup // addresses of which it is not known what they are; maxLookups at most
	answers map[market.Pubkey]answer  // of those that are not to be followed; maxRefused at most
	queue   chan market.Pubkey        // of lookups, each once
	pace    chan time.Time            // holds when the next lookup may begin, were there no burst
}

// lookup is an address that a client asked for.
type lookup struct {
	queued bool
	failed error     // of the last attempt
	again  time.Time // of the next one
	pause  time.Duration
}

// answer is why an address is not followed on demand; no error: there is no need, it is read with its program.
type answer struct {
	err   error
	until time.Time
}

// newDemands are those of a service that follows so many coins on demand.
func newDemands(limit int) demands {
	d := demands{
		limit: limit, lookups: map[market.Pubkey]*lookup{}, answers: map[market.Pubkey]answer{},
		queue: make(chan market.Pubkey, maxLookups), pace: make(chan time.Time, 1),
	}
	d.pace <- time.Time{}
	return d
}

// Serve says which coins clients want now: those that they are subscribed to, and those that they wait for. It is called once,
// before Run and Demand; wanted may be called from any goroutine, and never calls back.
func (s *Service) Serve(wanted func(market.Pubkey) bool) { s.wanted = wanted }

// Demand follows a coin for a client, unless it is followed, or read with its program: for as long as clients want it, and ten
// minutes more. waits reports that it is not known yet what the mint is: ask again. An error says why the coin is not followed,
// in words for a person: it wraps program.ErrNoMint, program.ErrNoCoin, program.ErrOff, ErrFull, ErrTooMany or ErrBusy. What is
// stored of a coin whose program is off is still there for clients: Statuses alone says that nothing more comes. It asks the store
// at most, and never the cluster.
func (s *Service) Demand(mint market.Pubkey) (waits bool, err error) {
	if waits, known, err := s.knownOf(mint); known {
		return waits, err
	}
	if s.limit == 0 || s.source.Whole(mint) {
		return false, nil
	}
	if coin, known := s.source.Known(mint); known {
		if s.source.Off(coin) != nil {
			return false, nil
		}
		return false, s.admit(mint, coin)
	}
	return s.lookUp(mint)
}

// knownOf is what is known of a mint without asking anybody.
func (s *Service) knownOf(mint market.Pubkey) (waits, known bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if one := s.set[mint]; one != nil {
		one.wanted = now
		switch {
		case errors.Is(one.refused, program.ErrNoMint) || errors.Is(one.refused, program.ErrNoCoin):
			return false, true, one.refused
		case errors.Is(one.refused, program.ErrOff):
			if _, stored := s.source.Known(mint); !stored {
				return false, true, one.refused
			}
		}
		return one.leaving, true, nil // it comes back as soon as it has gone
	}
	if s.lookups[mint] != nil {
		return true, true, nil
	}
	a, known := s.answers[mint]
	return false, known && now.Before(a.until), a.err
}

// lookUp has an address looked up.
func (s *Service) lookUp(mint market.Pubkey) (waits bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set[mint] != nil || s.lookups[mint] != nil {
		return true, nil // since a moment ago
	}
	if len(s.lookups) >= maxLookups {
		return false, ErrBusy
	}
	s.lookups[mint] = &lookup{queued: true, pause: firstPause}
	s.queue <- mint // has room for all of them
	return true, nil
}

// vacancy reports whether another coin can be followed on demand, and which one is to go for it, nil while there is room anyway;
// mu is held.
func (s *Service) vacancy(now time.Time) (idle *entry, ok bool) {
	count := 0
	for _, one := range s.coins {
		if !one.onDemand || one.leaving {
			continue
		}
		count++
		if now.Sub(one.wanted) > idleFor && (idle == nil || one.wanted.Before(idle.wanted)) {
			idle = one
		}
	}
	if count < s.limit {
		return nil, true
	}
	return idle, idle != nil
}

// admit follows a coin for a client. It returns ErrFull and ErrTooMany.
func (s *Service) admit(mint market.Pubkey, coin program.Coin) error {
	one, err := s.enter(mint, coin)
	if one != nil {
		s.take(one, coin, nil)
	}
	return err
}

// enter puts a coin on the list for a client, unless it is there.
func (s *Service) enter(mint market.Pubkey, coin program.Coin) (*entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if one := s.set[mint]; one != nil {
		one.wanted = now
		return nil, nil
	}

	if len(s.coins) >= MaxCoins {
		return nil, fmt.Errorf("%w: %d", ErrTooMany, MaxCoins)
	}
	idle, ok := s.vacancy(now)
	if !ok {
		return nil, fmt.Errorf("%w: watch.on_demand is %d", ErrFull, s.limit)
	}
	if idle != nil {
		idle.leaving = true
		s.log.Info("a coin makes room for another one that clients want", "mint", idle.mint, "for", mint)
		wake.Up(s.wake)
	}

	one := &entry{mint: mint, pause: firstPause, onDemand: true, wanted: now, claimed: true}
	s.coins, s.set[mint] = append(s.coins, one), one
	s.keep(one, coin)
	return one, nil
}

// answerLookups looks up what clients ask for, until ctx ends.
func (s *Service) answerLookups(ctx context.Context) {
	for {
		var mint market.Pubkey
		select {
		case mint = <-s.queue:
		case <-ctx.Done():
			return
		}

		if !s.await(ctx) {
			return
		}
		if !s.wants(mint) { // whoever asked has gone
			s.forget(mint)
			continue
		}

		limited, cancel := context.WithTimeout(ctx, lookupTime)
		coin, err := s.source.Find(limited, mint)
		cancel()
		if ctx.Err() != nil {
			return
		}
		s.answer(mint, coin, err)
	}
}

// await waits for the turn of the next lookup. It reports whether ctx goes on.
func (s *Service) await(ctx context.Context) bool {
	now := time.Now()
	next := <-s.pace
	if earliest := now.Add(-(lookupBurst - 1) * lookupEvery); next.Before(earliest) {
		next = earliest
	}
	s.pace <- next.Add(lookupEvery)

	timer := time.NewTimer(next.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Service) wants(mint market.Pubkey) bool {
	return s.demands.wanted != nil && s.demands.wanted(mint)
}

// answer takes what was found of an address.
func (s *Service) answer(mint market.Pubkey, coin program.Coin, err error) {
	switch {
	case errors.Is(err, program.ErrReadWhole):
		s.refuseDemand(mint, nil, refusedFor)
	case errors.Is(err, program.ErrNoMint) || errors.Is(err, program.ErrNoCoin):
		s.refuseDemand(mint, err, refusedFor)
	case err != nil:
		s.fail(mint, err)
	case s.source.Off(coin) != nil:
		s.refuseDemand(mint, s.source.Off(coin), refusedFor)
	case s.wants(mint):
		if err := s.admit(mint, coin); err != nil {
			s.refuseDemand(mint, err, fullFor)
			return
		}
		s.forget(mint)
	default:
		s.forget(mint)
	}
}

func (s *Service) forget(mint market.Pubkey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.lookups, mint)
}

// refuseDemand remembers for a while that a mint is not followed.
func (s *Service) refuseDemand(mint market.Pubkey, err error, lasts time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.lookups, mint)
	s.answers[mint] = answer{err, time.Now().Add(lasts)}
}

// fail notes that the cluster did not say what an address is.
func (s *Service) fail(mint market.Pubkey, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.lookups[mint]; one != nil {
		one.failed, one.queued, one.again = err, false, time.Now().Add(one.pause)
		one.pause = min(2*one.pause, lastPause)
	}
}

// tend looks at who is still wanted: coins that are not go after a while, and lookups at once. It belongs to Run.
func (s *Service) tend() {
	s.mu.Lock()
	var mints []market.Pubkey
	for _, one := range s.coins {
		if one.onDemand {
			mints = append(mints, one.mint)
		}
	}
	for mint := range s.lookups {
		mints = append(mints, mint)
	}
	s.mu.Unlock()

	wanted := map[market.Pubkey]bool{}
	for _, mint := range mints {
		wanted[mint] = s.wants(mint)
	}
	for _, mint := range s.expire(wanted) {
		s.Remove(mint)
		s.log.Info("a coin is followed no more, as no client wants it", "mint", mint)
	}
}

// expire notes which coins are wanted, and returns those that are to go.
func (s *Service) expire(wanted map[market.Pubkey]bool) (gone []market.Pubkey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, one := range s.coins {
		switch {
		case !one.onDemand:
			continue
		case wanted[one.mint] && !one.leaving:
			one.wanted = now
		case now.Sub(one.wanted) >= keepFor:
			one.leaving = true
		}
		if one.leaving {
			gone = append(gone, one.mint)
		}
	}

	for mint, one := range s.lookups {
		switch {
		case one.queued || one.again.After(now):
		case wanted[mint]:
			one.queued = true
			s.queue <- mint // has room for all of them
		default:
			delete(s.lookups, mint)
		}
	}
	for mint, a := range s.answers {
		if !now.Before(a.until) {
			delete(s.answers, mint)
		}
	}
	return gone
}

// spare keeps a coin that is off the list for the clients that want it. It reports whether there is room.
func (s *Service) spare(mint market.Pubkey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, now := s.set[mint], time.Now()
	if one == nil || one.refused != nil {
		return false
	}
	idle, ok := s.vacancy(now)
	if !ok {
		return false
	}
	if idle != nil {
		idle.leaving = true
	}
	one.onDemand, one.wanted = true, now
	return true
}

// Statuses are how those of the mints do that are followed by their addresses, or that clients asked for.
func (s *Service) Statuses(mints []market.Pubkey) []wire.WatchStatus {
	var list []wire.WatchStatus
	var entries []entry
	s.mu.Lock()
	for _, mint := range mints {
		one, asked, a := s.set[mint], s.lookups[mint], s.answers[mint]
		switch {
		case one != nil:
			entries = append(entries, *one)
		case asked != nil:
			status := wire.WatchStatus{Symbol: mint.String(), State: string(Unknown)}
			if asked.failed != nil {
				status.Message = asked.failed.Error()
			}
			list = append(list, status)
		case a.err != nil:
			list = append(list, wire.WatchStatus{Symbol: mint.String(), State: string(Refused), Message: a.err.Error()})
		default:
			if coin, stored := s.source.Known(mint); stored && s.source.Off(coin) != nil {
				list = append(list, wire.WatchStatus{Symbol: mint.String(), State: string(Refused), Message: s.source.Off(coin).Error()})
			}
		}
	}
	s.mu.Unlock()

	if len(entries) == 0 {
		return list
	}
	progress := s.source.Progress()
	for i := range entries {
		c := describe(&entries[i], progress)
		list = append(list, wire.WatchStatus{Symbol: c.Mint.String(), State: string(c.State), Done: c.Done, Total: c.Total, Message: c.Message})
	}
	return list
}

// Refusals are the coins that are refused, of all that are followed or that the list names.
func (s *Service) Refusals() (mints []market.Pubkey) {
	progress := s.source.Progress()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.coins {
		if describe(one, progress).State == Refused {
			mints = append(mints, one.mint)
		}
	}
	return mints
}

// listed takes a coin over that was followed for clients; mu is held.
func (s *Service) listed(one *entry, fixed bool) {
	one.onDemand, one.leaving, one.fixed = false, false, one.fixed || fixed
}

package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"spinscope/backend/config"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/textfile"
	"spinscope/backend/wake"
)

// ErrTooMany is returned by Add when MaxCoins coins are watched.
var ErrTooMany = errors.New("too many coins are watched")

// MaxCoins is how many coins are watched at most: a source follows two addresses for each.
const MaxCoins = config.MaxWatched

// Pauses before a cluster that did not say what a coin is, is asked again.
const (
	firstPause = 2 * time.Second
	lastPause  = 2 * time.Minute
)

// lookEvery is how often the file is looked at.
const lookEvery = time.Second

// State says how far the watching of a coin is. The words are those of the wire.
type State string

// The states.
const (
	Unknown State = "unknown" // not yet found out what it is
	Reading State = "reading" // its history is being read
	Live    State = "live"    // whole up to now, but for its gaps
	Refused State = "refused" // it is no coin that can be followed, or an endpoint refuses it
)

// Progress is how far the source is with one address.
type Progress struct {
	Live        bool
	Done, Total int64  // transactions of its history; Total 0: not known
	Refused     string // why an endpoint does not give it, "" when it does; redacted
}

// Source follows addresses while it runs. Its methods may be called from any goroutine.
type Source interface {
	// Find says what coin a mint is of (program.Finder).
	Find(ctx context.Context, mint market.Pubkey) (program.Coin, error)
	// Whole reports whether a mint needs not be followed, as events of it are stored that come with its program.
	Whole(mint market.Pubkey) bool
	// Known is a coin that needs no question, as something of it is stored.
	Known(mint market.Pubkey) (program.Coin, bool)
	// Off says why a coin is not followed although it is one, as nothing is read of its program (program.ErrOff); nil: it may be.
	Off(coin program.Coin) error
	// Follow reads the coin's addresses from now on, Unfollow no more: nothing of them comes after it has returned.
	Follow(coin program.Coin) error
	Unfollow(coin program.Coin)
	// Progress is how far each address is that is read.
	Progress() map[market.Pubkey]Progress
}

// Coin is a coin that is watched, and how that goes.
type Coin struct {
	Mint     market.Pubkey
	Coin     program.Coin // zero while State is Unknown or Refused
	State    State
	OnDemand bool  // followed for clients, and not by the list
	Done     int64 // transactions of its history that were read
	Total    int64 // of so many; 0: not known
	Message  string
}

// entry is a coin of the list.
type entry struct {
	mint    market.Pubkey
	coin    program.Coin
	fixed   bool  // the configuration names it
	found   bool  // the writer knows it
	follows bool  // the source was told
	claimed bool  // whoever found it has it followed
	refused error // for good

	onDemand bool      // it is followed for clients: neither the list nor the configuration has it
	wanted   time.Time // by a client, last
	leaving  bool      // Run is about to remove it

	failed error     // the last attempt
	again  time.Time // of the next one
	pause  time.Duration
}

// Options are what a Service is made of.
type Options struct {
	Source   Source
	Mints    []market.Pubkey // watched whatever the file says, MaxCoins at most
	File     File            // further ones; it is read again whenever it changed
	OnDemand int             // coins that are followed beside them while clients want them, at most; 0: none
	Logger   *slog.Logger
}

// Service watches coins. New makes one.
type Service struct {
	source Source
	file   File
	log    *slog.Logger
	wake   chan struct{}
	seen   textfile.Stamp // of the file as it was read last

	mu    sync.Mutex
	coins []*entry
	set   map[market.Pubkey]*entry // the same by mint
	pools map[market.Pubkey]market.Place

	owners map[market.Pubkey]market.Pubkey // the coin of each address that is followed

	demands
}

// New makes a service that watches the coins of the options and of the file as it is now.
func New(o Options) *Service {
	s := &Service{
		source: o.Source, file: o.File, log: o.Logger.With("component", "watch"), wake: make(chan struct{}, 1),
		set: map[market.Pubkey]*entry{}, pools: map[market.Pubkey]market.Place{}, owners: map[market.Pubkey]market.Pubkey{},
		demands: newDemands(o.OnDemand),
	}
	for _, mint := range o.Mints {
		s.tryAdd(mint, true)
	}
	s.reload()
	return s
}

// tryAdd watches a coin; that there are too many is logged.
func (s *Service) tryAdd(mint market.Pubkey, fixed bool) {
	if err := s.add(mint, fixed); err != nil {
		s.log.Error("a coin is not followed", "mint", mint, "err", err)
	}
}

// reload takes in the file when it changed. One that makes no sense changes nothing, and is logged.
func (s *Service) reload() {
	now := textfile.StampOf(s.file.Path())
	if now.Equal(s.seen) {
		return
	}

	s.seen = now
	list, err := s.file.Read()
	if err != nil {
		s.log.Error("the watched coins stay as they were", "err", err)
		return
	}

	wanted := map[market.Pubkey]bool{}
	for i := range list {
		wanted[list[i].Mint] = true
	}

	for _, mint := range s.dropped(wanted) {
		if s.wants(mint) && s.spare(mint) {
			continue
		}
		s.Remove(mint)
		s.log.Info("a coin is followed no more", "mint", mint)
	}

	for i := range list {
		s.tryAdd(list[i].Mint, false)
	}
}

// dropped are the watched coins that neither the file nor the configuration names.
func (s *Service) dropped(wanted map[market.Pubkey]bool) (mints []market.Pubkey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.coins {
		if !one.fixed && !one.onDemand && !wanted[one.mint] {
			mints = append(mints, one.mint)
		}
	}
	return mints
}

// Add watches a coin until the file, which need not name it, is changed; one that is watched already, also for clients, stays
// so. It returns ErrTooMany.
func (s *Service) Add(mint market.Pubkey) error { return s.add(mint, false) }

func (s *Service) add(mint market.Pubkey, fixed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.set[mint]; one != nil {
		s.listed(one, fixed)
		return nil
	}
	if len(s.coins) >= MaxCoins {
		return fmt.Errorf("%w: %d", ErrTooMany, MaxCoins)
	}

	one := &entry{mint: mint, pause: firstPause, fixed: fixed}
	s.coins, s.set[mint] = append(s.coins, one), one
	if coin, known := s.source.Known(mint); known {
		if err := s.source.Off(coin); err != nil {
			s.refuse(one, err)
			return nil
		}
		s.keep(one, coin) // before the writer opens: the coin's candles are closed by its own addresses, and by nothing else
	}
	wake.Up(s.wake)
	return nil
}

// keep has the writer know a coin; mu is held.
func (s *Service) keep(one *entry, coin program.Coin) {
	one.coin, one.found, one.failed = coin, true, nil
	s.pools[coin.Pool] = coin.Place
	for _, address := range coin.Addresses() {
		s.owners[address] = coin.Mint
	}
}

// Remove ends the watching of a coin; what is stored of it stays. It reports whether the coin was watched.
func (s *Service) Remove(mint market.Pubkey) bool {
	s.mu.Lock()
	one := s.set[mint]
	if one == nil {
		s.mu.Unlock()
		return false
	}

	s.coins = slices.DeleteFunc(s.coins, func(other *entry) bool { return other == one })
	found := one.found
	s.mu.Unlock()

	if found {
		s.source.Unfollow(one.coin) // no event of it comes after that
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	delete(s.set, mint)
	delete(s.pools, one.coin.Pool)
	for _, address := range one.coin.Addresses() {
		delete(s.owners, address)
	}

	return true
}

// Follows implements ingest.Coins.
func (s *Service) Follows(coin market.Pubkey) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.set[coin]
	return one != nil && one.found
}

// At implements ingest.Coins: a watched coin's own pool.
func (s *Service) At(place market.Pubkey) (market.Place, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pools[place]
	return p, ok
}

// Of implements ingest.Addresses: the addresses of a watched coin.
func (s *Service) Of(coin market.Pubkey) []market.Pubkey {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.set[coin]; one != nil && one.found {
		return one.coin.Addresses()
	}
	return nil
}

// Coins implements ingest.Addresses: the watched coin of an address.
func (s *Service) Coins(address market.Pubkey) []market.Pubkey {
	if mint, ok := s.CoinOf(address); ok {
		return []market.Pubkey{mint}
	}
	return nil
}

// CoinOf is the watched coin of an address.
func (s *Service) CoinOf(address market.Pubkey) (mint market.Pubkey, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mint, ok = s.owners[address]
	return mint, ok
}

// List is every watched coin, in the order in which they were added.
func (s *Service) List() []Coin {
	s.mu.Lock()
	entries := make([]entry, len(s.coins))
	for i, one := range s.coins {
		entries[i] = *one
	}
	s.mu.Unlock()

	progress := s.source.Progress()
	list := make([]Coin, len(entries))
	for i := range entries {
		list[i] = describe(&entries[i], progress)
	}
	return list
}

// describe says how a coin does.
func describe(one *entry, progress map[market.Pubkey]Progress) Coin {
	c := Coin{Mint: one.mint, Coin: one.coin, State: Unknown, OnDemand: one.onDemand}
	switch {
	case one.refused != nil:
		c.State, c.Message = Refused, one.refused.Error()
		return c
	case !one.found:
		if one.failed != nil {
			c.Message = one.failed.Error()
		}
		return c
	}

	c.State = Live
	for _, address := range one.coin.Addresses() {
		p, ok := progress[address]
		c.Done, c.Total = c.Done+p.Done, c.Total+p.Total
		switch {
		case p.Refused != "":
			c.State, c.Message = Refused, p.Refused
			return c
		case !ok || !p.Live:
			c.State = Reading
		}
	}

	return c
}

// Run finds out what the coins are and has them followed, and what clients ask for, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var answering sync.WaitGroup
	defer answering.Wait()
	for range lookupsAtOnce {
		answering.Go(func() { s.answerLookups(ctx) })
	}

	timer := time.NewTimer(0)
	defer timer.Stop()

	look := time.NewTicker(lookEvery)
	defer look.Stop()

	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.wake:
		case <-timer.C:
		case <-look.C:
			s.reload()
		}

		s.tend()
		next, waits := s.findAll(ctx)
		if waits {
			timer.Reset(max(0, time.Until(next)))
		}
	}
}

// findAll looks up the coins whose time has come, one after the other. It returns when the next is due.
func (s *Service) findAll(ctx context.Context) (next time.Time, waits bool) {
	for {
		one, due := s.nextUnknown()
		if one == nil {
			return due, !due.IsZero()
		}
		coin, err := one.coin, error(nil)
		if !one.found {
			coin, err = s.source.Find(ctx, one.mint)
		}
		if ctx.Err() != nil {
			return time.Time{}, false
		}
		s.take(one, coin, err)
	}
}

// nextUnknown is a coin that is to be looked up now; nil when there is none, with the time of the next one, zero for never.
func (s *Service) nextUnknown() (one *entry, due time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, other := range s.coins {
		if other.follows || other.claimed || other.refused != nil {
			continue
		}
		if !other.again.After(now) {
			return other, time.Time{}
		}
		if due.IsZero() || other.again.Before(due) {
			due = other.again
		}
	}
	return nil, due
}

// take notes what was found of a coin, and has it followed.
func (s *Service) take(one *entry, coin program.Coin, err error) {
	if !s.note(one, coin, err) {
		return
	}
	err = s.source.Follow(coin)
	s.mu.Lock()
	one.follows = true
	s.mu.Unlock()
	if err != nil {
		s.source.Unfollow(coin)
		s.mu.Lock()
		s.refuse(one, err)
		s.mu.Unlock()
		return
	}

	if !s.watches(one) { // removed meanwhile, perhaps before it was followed
		s.source.Unfollow(coin)
		return
	}
	s.log.Info("following a coin", "mint", one.mint, "curve", coin.Curve, "pool", coin.Pool, "completed", coin.Completed)
}

// note keeps what was found. It reports whether the coin is to be followed: the writer knows it then, before the source brings
// anything of it.
func (s *Service) note(one *entry, coin program.Coin, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.set[one.mint] != one:
		return false // removed meanwhile
	case errors.Is(err, program.ErrNoMint) || errors.Is(err, program.ErrNoCoin):
		s.refuse(one, err)
		return false
	case err != nil:
		one.failed, one.again = err, time.Now().Add(one.pause)
		s.log.Warn("what a coin is could not be found out, asking again", "mint", one.mint, "in", one.pause, "err", err)
		one.pause = min(2*one.pause, lastPause)
		return false
	}
	if err := s.source.Off(coin); err != nil {
		s.refuse(one, err)
		return false
	}

	s.keep(one, coin)
	return true
}

// refuse notes that a coin is not followed, for good; mu is held.
func (s *Service) refuse(one *entry, err error) {
	one.refused = err
	s.log.Warn("a coin cannot be followed", "mint", one.mint, "err", err)
}

// watches reports whether a coin is still on the list.
func (s *Service) watches(one *entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.coins, one)
}

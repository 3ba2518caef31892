package store

import (
	"math"
	"sync"

	"spinscope/backend/market"
)

// maxAddressed is how many coins' addresses are remembered; all are forgotten when there are more.
const maxAddressed = 10_000

// addressBook remembers the addresses of coins: to derive them takes some 100 µs.
type addressBook struct {
	mu sync.Mutex
	of map[market.Pubkey]addressed
}

// addressed is what Options.Addresses said of a coin when its pair was that.
type addressed struct {
	pair      market.Pair
	addresses []market.Pubkey
}

// Addresses are those that a coin's trades name beside its program's: commits that say how far they have come move its chain time
// (CompleteTo). There are none of a coin that is read with its program. It is quick but for the first time.
func (s *Store) Addresses(mint market.Pubkey) []market.Pubkey {
	if s.options.Addresses == nil {
		return nil
	}
	pair := s.Pair(mint)

	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	known, ok := s.book.of[mint]
	if !ok || known.pair != pair {
		known = addressed{pair, s.options.Addresses(mint, pair)}
		if s.book.of == nil || len(s.book.of) >= maxAddressed {
			s.book.of = map[market.Pubkey]addressed{}
		}
		s.book.of[mint] = known
	}
	return known.addresses
}

// completeTo is CompleteTo in a view.
func (v *view) completeTo(mint market.Pubkey) (at int64, own bool, err error) {
	least := int64(math.MaxInt64)
	for _, address := range v.s.Addresses(mint) {
		r, found, err := v.reached(address)
		if err != nil {
			return 0, false, err
		}
		own = own || found
		least = min(least, r.ChainTime)
	}
	if !own {
		return v.state.ChainTime, false, nil
	}
	return least, true, nil
}

// reached is how far an address has come.
func (v *view) reached(address market.Pubkey) (r market.Reached, found bool, err error) {
	key := appendReachedKey(nil, &address)
	value, err := v.newest(key)
	if err != nil || value == nil {
		return r, false, err
	}
	r, err = decodeReached(key, value)
	return r, true, err
}

// CompleteTo is the chain time as of the newest commit, Unix seconds, that closes a coin's candles: the program's or, of a coin
// that was ever followed by addresses of its own, the least of theirs, 0 while one of them was not read yet.
func (s *Store) CompleteTo(mint market.Pubkey) (at int64, own bool, err error) {
	err = s.read(nil, func(v *view) (err error) {
		at, own, err = v.completeTo(mint)
		return err
	})
	return at, own, err
}

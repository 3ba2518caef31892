package store

import (
	"slices"
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
	pair market.Pair
	own  []market.Pubkey
	all  []market.Pubkey // with those of Options.Whole
}

// Addresses are those that move a coin's chain time beside its program's (CompleteTo) when commits say how far they have come. There
// are none of a coin that is read with its program. It is quick but for the first time.
func (s *Store) Addresses(mint market.Pubkey) []market.Pubkey { return s.addressesOf(mint).all }

// addressesOf are a coin's addresses, by its pair as it is now.
func (s *Store) addressesOf(mint market.Pubkey) addressed {
	if s.options.Addresses == nil {
		return addressed{}
	}
	pair := s.Pair(mint)

	s.book.mu.Lock()
	defer s.book.mu.Unlock()
	known, ok := s.book.of[mint]
	if !ok || known.pair != pair {
		known = addressed{pair: pair, own: s.options.Addresses(mint, pair)}
		if len(known.own) > 0 {
			known.all = slices.Concat(known.own, s.options.Whole)
		}
		if s.book.of == nil || len(s.book.of) >= maxAddressed {
			s.book.of = map[market.Pubkey]addressed{}
		}
		s.book.of[mint] = known
	}
	return known
}

// completeTo is CompleteTo in a view.
func (v *view) completeTo(mint market.Pubkey) (at int64, own bool, err error) {
	addresses, o := v.s.addressesOf(mint).own, &v.s.options
	at, own, err = v.least(addresses)
	if err != nil {
		return 0, false, err
	}
	if len(addresses) > 0 && len(o.Whole) > 0 && (!own || o.Follows != nil && !o.Follows(mint)) {
		latest, whole, err := v.least(o.Whole)
		if err != nil || whole {
			return max(at, latest), whole, err
		}
	}

	if !own {
		return v.state.ChainTime, false, nil
	}
	return at, true, nil
}

// least is the chain time that all of some addresses have come to, 0 when one was not read yet. It is false, with 0, when none was.
func (v *view) least(addresses []market.Pubkey) (at int64, any bool, err error) {
	for i, address := range addresses {
		r, found, err := v.reached(address)
		if err != nil {
			return 0, false, err
		}
		any = any || found
		if i == 0 || r.ChainTime < at {
			at = r.ChainTime
		}
	}
	return at, any, nil
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
// that was ever followed by addresses of its own, the least of theirs, 0 while one of them was not read yet. Of a coin that is not
// followed so now, of programs of which all coins are kept, it is at least what those have come to (Options.Whole).
func (s *Store) CompleteTo(mint market.Pubkey) (at int64, own bool, err error) {
	err = s.read(nil, func(v *view) (err error) {
		at, own, err = v.completeTo(mint)
		return err
	})
	return at, own, err
}

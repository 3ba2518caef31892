package cluster

import (
	"fmt"
	"math"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// StoredCoins says which coins of a store were followed by addresses of their own, for whoever writes it and follows none: no
// chain time but theirs closes the candles of such a coin. It implements ingest.Addresses and belongs to one goroutine.
type StoredCoins struct {
	store   *store.Store
	live    int64                             // chain time up to which programs told of all their coins, math.MaxInt64 where none did
	reached map[market.Pubkey]int64           // chain time of each address that was ever followed
	coins   map[market.Pubkey][]market.Pubkey // addresses of those looked up, none for other coins
}

// NewStoredCoins reads how far addresses have come.
func NewStoredCoins(opened *store.Store) (*StoredCoins, error) {
	s := &StoredCoins{store: opened, live: math.MaxInt64, reached: map[market.Pubkey]int64{}, coins: map[market.Pubkey][]market.Pubkey{}}
	err := opened.Reached(func(r *market.Reached) error {
		s.reached[r.Address] = r.ChainTime
		if _, ok := registry.ByAddress(r.Address); ok {
			s.live = min(s.live, r.ChainTime)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("how far addresses have come: %w", err)
	}
	return s, nil
}

// Of implements ingest.Addresses.
func (s *StoredCoins) Of(mint market.Pubkey) []market.Pubkey {
	if len(s.reached) == 0 {
		return nil
	}
	addresses, known := s.coins[mint]
	if !known {
		addresses = s.find(mint)
		s.coins[mint] = addresses
	}
	return addresses
}

func (s *StoredCoins) find(mint market.Pubkey) []market.Pubkey {
	addresses := CoinAddresses(mint, s.store.Pair(mint))
	for _, address := range addresses {
		if _, followed := s.reached[address]; followed {
			return addresses
		}
	}
	return nil // imported
}

// CoinAddresses are those by which a stored coin is followed, if it is; none for a coin of a program that is read whole
// (store.Options.Addresses).
func CoinAddresses(mint market.Pubkey, pair market.Pair) []market.Pubkey {
	if pair.Program() == registry.First {
		return nil
	}
	coin, err := registry.StoredCoin(mint, pair, solana.ProgramAddress)
	if err != nil {
		return nil
	}
	return coin.Addresses()
}

// Coins implements ingest.Addresses: nothing is read of an address here.
func (*StoredCoins) Coins(market.Pubkey) []market.Pubkey { return nil }

// CompleteTo is the chain time up to which all addresses of a coin were read, or its program told of it; math.MaxInt64 for a coin
// that has none, of a program that is read whole.
func (s *StoredCoins) CompleteTo(mint market.Pubkey) int64 {
	addresses, least := s.Of(mint), int64(math.MaxInt64)
	if len(addresses) == 0 && s.live != math.MaxInt64 {
		if pair := s.store.Pair(mint); pair.Program() != registry.First {
			return s.live
		}
	}
	for _, address := range addresses {
		least = min(least, s.reached[address])
	}
	return least
}

// Following says which coins are followed by addresses of their own, and which were once: what was read of those stays as it
// is until they are followed again, as no chain time but their own closes their candles. It implements ingest.Addresses.
type Following struct {
	Now  ingest.Addresses
	Once *StoredCoins
}

// Of implements ingest.Addresses.
func (f Following) Of(mint market.Pubkey) []market.Pubkey {
	if addresses := f.Now.Of(mint); len(addresses) > 0 {
		return addresses
	}
	return f.Once.Of(mint)
}

// Coins implements ingest.Addresses.
func (f Following) Coins(address market.Pubkey) []market.Pubkey { return f.Now.Coins(address) }

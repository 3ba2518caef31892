package offline

import (
	"fmt"
	"math"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// storedCoins says which coins of a store are followed by addresses of their own. It implements ingest.Addresses.
type storedCoins struct{ store *store.Store }

// Of implements ingest.Addresses.
func (s *storedCoins) Of(mint market.Pubkey) []market.Pubkey {
	pair := s.store.Pair(mint)
	if pair.Program() == registry.First {
		return nil
	}
	coin, err := registry.StoredCoin(mint, pair, solana.ProgramAddress)
	if err != nil {
		return nil // of a program that is read whole
	}
	return coin.Addresses()
}

// Coins implements ingest.Addresses: nothing is read of an address here.
func (*storedCoins) Coins(market.Pubkey) []market.Pubkey { return nil }

// completeTo gives the chain time up to which all addresses of a coin were read, math.MaxInt64 for a coin that has none.
func (s *storedCoins) completeTo() (func(mint market.Pubkey) int64, error) {
	reached := map[market.Pubkey]int64{}
	err := s.store.Reached(func(r *market.Reached) error {
		reached[r.Address] = r.ChainTime
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("how far addresses have come: %w", err)
	}
	return func(mint market.Pubkey) int64 {
		least := int64(math.MaxInt64)
		for _, address := range s.Of(mint) {
			least = min(least, reached[address])
		}
		return least
	}, nil
}

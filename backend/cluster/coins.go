package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"spinscope/backend/heap"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/solana"
	"spinscope/backend/watch"
)

// Find implements watch.Source. It waits until the cluster's access points are known.
func (s *Source) Find(ctx context.Context, mint market.Pubkey) (program.Coin, error) {
	select {
	case <-s.ready:
	case <-ctx.Done():
		return program.Coin{}, context.Cause(ctx)
	}

	endpoints := s.endpoints
	read := func(ctx context.Context, addresses ...market.Pubkey) ([]program.Account, error) {
		return solana.Accounts(ctx, endpoints, s.options.Config.Commitment, addresses...)
	}
	coin, err := registry.FindCoin(ctx, mint, read, solana.ProgramAddress)
	if errors.Is(err, program.ErrNoCoin) {
		err = s.readWhole(ctx, mint, read, err)
	}
	return coin, s.veil(err)
}

// Accounts reads what the cluster keeps at some addresses, in their order, over the connection in use and at its pace;
// solana.MaxAccounts at most. It fails while there is none.
func (s *Source) Accounts(ctx context.Context, addresses ...market.Pubkey) ([]program.Account, error) {
	feed := s.current()
	if feed == nil {
		return nil, solana.ErrNotConnected
	}
	list, err := feed.Accounts(ctx, addresses...)
	return list, s.veil(err)
}

// readWhole is the error for a mint that is no coin which is followed by coin: another one when it is of the program whose
// transactions are all read.
func (s *Source) readWhole(ctx context.Context, mint market.Pubkey, read program.ReadAccounts, noCoin error) error {
	whole, err := registry.HasCurve(ctx, s.program, mint, read, solana.ProgramAddress)
	switch {
	case err != nil:
		return err
	case whole:
		return fmt.Errorf("%s is %w", mint, program.ErrReadWhole)
	}
	return noCoin
}

// veil is err in words that strangers may read.
func (s *Source) veil(err error) error {
	if err == nil {
		return nil
	}
	return veiled{s.options.Veil(err.Error()), err}
}

// veiled is an error whose words strangers may read.
type veiled struct {
	text string
	err  error
}

// Error implements error.
func (v veiled) Error() string { return v.text }

// Unwrap is the error as it was.
func (v veiled) Unwrap() error { return v.err }

// Whole implements watch.Source.
func (s *Source) Whole(mint market.Pubkey) bool {
	token, found, err := s.options.Store.Token(mint)
	if err != nil || !found {
		return false
	}
	// One without creation and trade may be of any program.
	return token.Pair.Program() == registry.First && (token.Created != nil || token.LatestTradeTime > 0)
}

// Known implements watch.Source: a coin of which something is stored need not be asked for.
func (s *Source) Known(mint market.Pubkey) (program.Coin, bool) {
	token, found, err := s.options.Store.Token(mint)
	if err != nil || !found || token.Pair.Program() == registry.First {
		return program.Coin{}, false
	}
	coin, err := registry.StoredCoin(mint, token.Pair, solana.ProgramAddress)
	return coin, err == nil
}

// Off implements watch.Source: a coin that moves from one program to another is followed where all of them are read, or its
// series would end without a word.
func (s *Source) Off(coin program.Coin) error {
	for _, id := range registry.CoinPrograms(coin) {
		if slices.Contains(s.options.Off, id) {
			return fmt.Errorf("%s is a coin of %s, and %s is %w: programs.%[3]s", coin.Mint, words(registry.CoinPrograms(coin)), id, program.ErrOff)
		}
	}
	return nil
}

// words are the names of programs as a person lists them.
func words(programs []market.Program) string {
	names := make([]string, len(programs))
	for i, id := range programs {
		names[i] = id.String()
	}
	return strings.Join(names, " and ")
}

// Follow implements watch.Source: a coin's addresses are read on from where they were left, beside the program.
func (s *Source) Follow(coin program.Coin) error {
	list, err := s.following(&coin)
	if err != nil {
		return err
	}

	s.mu.Lock()
	s.coins[coin.Mint] = coin
	for _, address := range coin.Addresses() {
		s.owners[address] = coin.Mint
	}
	s.tighten()
	feed := s.feed
	if feed == nil {
		s.waiting = append(s.waiting, list...) // Run takes them up
	}
	s.mu.Unlock()

	if feed == nil {
		return nil
	}
	for _, what := range list {
		if err := feed.Follow(what); err != nil {
			return err
		}
	}
	return nil
}

// following says from where a coin's addresses are read, by what is stored.
func (s *Source) following(coin *program.Coin) (list []solana.Following, err error) {
	gaps, err := s.options.Store.Gaps(context.Background(), nil, new(market.GapOpen))
	if err != nil {
		return nil, fmt.Errorf("gaps of %s: %w", coin.Mint, err)
	}

	mint := coin.Mint
	for _, address := range coin.Addresses() {
		reached, _, err := s.options.Store.ReachedBy(address)
		if err != nil {
			return nil, fmt.Errorf("how far %s has come: %w", address, err)
		}
		what := solana.Following{Address: address, From: reached.Checkpoint, SelfCalls: true, Begins: func() market.Slot { return s.creation(mint) }}
		for i := range gaps {
			if gaps[i].Address == address {
				what.Gaps = append(what.Gaps, gaps[i])
			}
		}
		list = append(list, what)
	}
	return list, nil
}

// creation is the slot in which a coin was created, 0 while that is not stored.
func (s *Source) creation(mint market.Pubkey) market.Slot {
	token, _, err := s.options.Store.Token(mint)
	if err != nil || token.Created == nil {
		return 0
	}
	return token.CreatedPosition.Slot
}

// coinAt is the followed coin that an address is of.
func (s *Source) coinAt(address market.Pubkey) (program.Coin, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mint, ok := s.owners[address]
	return s.coins[mint], ok
}

// Unfollow implements watch.Source.
func (s *Source) Unfollow(coin program.Coin) {
	s.mu.Lock()
	feed := s.feed
	s.waiting = slices.DeleteFunc(s.waiting, func(f solana.Following) bool { return slices.Contains(coin.Addresses(), f.Address) })
	s.mu.Unlock()
	if feed != nil {
		for _, address := range coin.Addresses() {
			feed.Unfollow(address)
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.coins, coin.Mint)
	for _, address := range coin.Addresses() {
		delete(s.owners, address)
	}
	s.tighten()
}

// manyCoins is from how many coins on memory is kept small. Some 50 KB of each are alive, of which the collector would take as
// much again.
const manyCoins = 200

// tighten has the heap be tight while many coins are followed; mu is held.
func (s *Source) tighten() {
	switch many := len(s.coins) >= manyCoins; {
	case many && s.loosen == nil:
		s.loosen = heap.Tighten()
	case !many && s.loosen != nil:
		s.loosen()
		s.loosen = nil
	}
}

// Progress implements watch.Source.
func (s *Source) Progress() map[market.Pubkey]watch.Progress {
	feed := s.current()
	if feed == nil {
		return nil
	}

	list := feed.Addresses()
	progress := make(map[market.Pubkey]watch.Progress, len(list))
	for i := range list {
		one := &list[i]
		p := watch.Progress{Live: one.State == solana.Connected, Done: int64(one.Backfill.Done), Total: int64(one.Backfill.Total)}
		if one.State == solana.Refused {
			p.Refused = s.options.Veil(one.LastError)
		}
		progress[one.Address] = p
	}
	return progress
}

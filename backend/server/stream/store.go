package stream

import (
	"context"

	"spinscope/backend/market"
)

// Store is what the stream reads. All methods are safe for concurrent use and see every commit that was published.
type Store interface {
	// ID is the store's identity, which never changes: seqs of another one are other commits.
	ID() string
	// Seq is the newest commit and ChainTime the chain time it carried, Unix seconds.
	Seq() market.Seq
	ChainTime() int64
	// NewestCandles returns the newest limit candles with from <= Time <= to, newest first, open ones included, how many
	// such candles there are, and the commit that this is the state of.
	NewestCandles(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, limit int) ([]market.Candle, int, market.Seq, error)
	// ChangedCandles returns the candles whose last change has seq >= since, oldest first. complete is false when there
	// are more than limit, when one was removed, or when it cannot tell.
	ChangedCandles(ctx context.Context, mint market.Pubkey, interval market.Interval, since market.Seq, limit int) (candles []market.Candle, complete bool, seq market.Seq, err error)
	// CandleBefore returns the newest candle with Time < before.
	CandleBefore(mint market.Pubkey, interval market.Interval, before int64) (market.Candle, bool, error)
	// EventsSince calls fn for the events of commits >= since in commit order, until fn fails, whose error it returns.
	// upTo is the commit it read to; complete is false when commits from since on are no longer known.
	EventsSince(ctx context.Context, since market.Seq, fn func(market.Seq, *market.Event) error) (upTo market.Seq, complete bool, err error)
	// Commits calls fn with the commits from a seq on, in order, until fn fails, whose error it returns. It returns a
	// *commitlog.OlderError when the first of them is no longer in the log.
	Commits(ctx context.Context, from market.Seq, fn func(*market.Commit) error) error
	// LastTrade returns the mint's newest event with a price, nil when it has none.
	LastTrade(ctx context.Context, mint market.Pubkey) (*market.Event, error)
	// Pair is the market of a coin, the zero Pair for one that is not known. It must be quick: pushes wait for it.
	Pair(mint market.Pubkey) market.Pair
	// CompleteTo is the chain time that closes a coin's candles; with own it is not the program's, but of some of its Addresses, all
	// of which commits name as they come further.
	CompleteTo(mint market.Pubkey) (at int64, own bool, err error)
	Addresses(mint market.Pubkey) []market.Pubkey
	// LatestTraded returns up to n mints, the one traded last first.
	LatestTraded(n int) []market.Pubkey
}

package ingest

import (
	"context"

	"spinscope/backend/market"
)

// Store is what the writer needs of the market store. Reads see every commit made before. Iterations stop with the
// error that fn returns.
type Store interface {
	Commit(c *market.Commit) error

	// Gaps lists the known holes: of all mints when mint is nil, in one state or, when state is nil, in any.
	Gaps(ctx context.Context, mint *market.Pubkey, state *market.GapState) ([]market.Gap, error)

	// Reached gives how far each address has come that was followed beside the program.
	Reached(fn func(*market.Reached) error) error

	// Books gives every durable book.
	Books(fn func(*market.Book) error) error
	Book(mint market.Pubkey) (market.Book, bool, error)
	Token(mint market.Pubkey) (market.Token, bool, error)
	Order(address market.Pubkey) (market.Order, bool, error)

	// EventsAfter and SlotEvents give events of all mints in chain order; after is excluded, from and to included.
	EventsAfter(after market.Position, fn func(*market.Event) error) error
	SlotEvents(from, to market.Slot, fn func(*market.Event) error) error
	// FindSignature gives the stored events of one transaction.
	FindSignature(signature market.Signature, fn func(*market.Event) error) error
	// OrderEvents gives the stored events of one order in chain order.
	OrderEvents(order market.Pubkey, fn func(*market.Event) error) error
	// MintEvents goes up from after, MintEventsBack down from before; both exclude the bound.
	MintEvents(mint market.Pubkey, after market.Position, fn func(*market.Event) error) error
	MintEventsBack(mint market.Pubkey, before market.Position, fn func(*market.Event) error) error

	// CandleBefore is the newest candle with a time below t, CandleAfter the oldest with a time above it; CandlesBetween
	// gives those with from <= time <= to, ascending. All include the open ones as of the last commit.
	CandleBefore(mint market.Pubkey, interval market.Interval, t int64) (market.Candle, bool, error)
	CandleAfter(mint market.Pubkey, interval market.Interval, t int64) (market.Candle, bool, error)
	CandlesBetween(mint market.Pubkey, interval market.Interval, from, to int64) ([]market.Candle, error)
}

// Resume is where the store stands when the writer starts.
type Resume struct {
	Seq        market.Seq
	Slot       market.Slot
	ChainTime  int64
	Checkpoint market.Slot
	Replay     market.Position // events after it are not in the durable books
}

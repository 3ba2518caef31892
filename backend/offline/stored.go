package offline

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/store"
)

// Stored is a store as an export.Source; it is safe for concurrent use.
type Stored struct {
	*store.Store
	Accounts Accounts // nil: supplies are those of creations alone
}

// Accounts is what is known of the accounts of mints (mintinfo.Accounts).
type Accounts interface {
	Supply(*market.Token) market.Supply
}

// Supplies implements export.Source.
func (s Stored) Supplies(ctx context.Context, mints []market.Pubkey) ([]market.Supply, error) {
	tokens, err := s.Tokens(ctx, mints)
	if err != nil {
		return nil, err
	}

	supplies := make([]market.Supply, len(tokens))
	for i := range tokens {
		if s.Accounts != nil {
			supplies[i] = s.Accounts.Supply(&tokens[i])
		} else {
			supplies[i] = tokens[i].SupplyFrom(market.MintInfo{}, 0)
		}
	}
	return supplies, nil
}

// CandlesFrom implements verify.Store.
func (s Stored) CandlesFrom(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, limit int) ([]market.Candle, error) {
	page, err := s.Store.Candles(ctx, mint, interval, store.CandleQuery{From: from, To: to, Limit: limit, OldestFirst: true, Torn: true})
	return page.Candles, err
}

// EventsAfter implements export.Source.
func (s Stored) EventsAfter(ctx context.Context, mint market.Pubkey, after market.Position, limit int) ([]market.Event, error) {
	return firstEvents(ctx, limit, func(fn func(*market.Event) error) error { return s.MintEvents(mint, after, fn) })
}

// AllEventsAfter implements export.Source.
func (s Stored) AllEventsAfter(ctx context.Context, after market.Position, limit int) ([]market.Event, error) {
	return firstEvents(ctx, limit, func(fn func(*market.Event) error) error { return s.Store.EventsAfter(after, fn) })
}

// firstEvents gathers the first events that each gives.
func firstEvents(ctx context.Context, limit int, each func(func(*market.Event) error) error) ([]market.Event, error) {
	events := make([]market.Event, 0, limit)
	err := each(func(e *market.Event) error {
		if len(events) == limit {
			return store.Stop
		}
		events = append(events, *e)
		return ctx.Err()
	})
	return events, err
}

// OrdersOf implements export.Source.
func (s Stored) OrdersOf(ctx context.Context, mint market.Pubkey, short bool, offset, limit int) ([]market.Order, error) {
	page, err := s.Store.MintOrders(ctx, mint, short, store.Page{Offset: offset, Limit: limit})
	return page.Orders, err
}

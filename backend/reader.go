package backend

import (
	"context"
	"errors"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/server/rest"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// reader shows the store in the shapes that the REST API and the exports ask for.
type reader struct{ *store.Store }

// State implements rest.Reader.
func (r reader) State() rest.State {
	at := r.Store.State()
	return rest.State{Store: r.ID(), Seq: at.Seq, Slot: at.Slot, ChainTime: at.ChainTime}
}

// Counts implements rest.Reader.
func (r reader) Counts() rest.Counts {
	stats := r.Stats()
	return rest.Counts{Kinds: stats.Kinds, LastEventTime: stats.LastEventTime}
}

// Candles implements rest.Reader.
func (r reader) Candles(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, p rest.Page) (rest.CandlePage, error) {
	if from == 0 && to == 0 {
		from = -1 // both zero would mean all to the store
	}
	page, err := r.Store.Candles(ctx, mint, interval, store.CandleQuery{
		From: from, To: to, Offset: p.Offset, Limit: p.Limit, OldestFirst: p.OldestFirst,
	})
	return rest.CandlePage{Candles: page.Candles, Total: page.Total, Seq: page.Seq}, err
}

// Events implements rest.Reader.
func (r reader) Events(ctx context.Context, mint market.Pubkey, p rest.Page) (rest.EventPage, error) {
	page, err := r.Store.Events(ctx, mint, store.EventQuery(p))
	return rest.EventPage{Events: page.Events, Total: page.Total}, err
}

// UserEvents implements rest.Reader.
func (r reader) UserEvents(ctx context.Context, user market.Pubkey, mint *market.Pubkey, p rest.Page) (rest.EventPage, error) {
	page, err := r.Store.UserEvents(ctx, user, mint, store.EventQuery(p))
	return rest.EventPage{Events: page.Events, Total: page.Total}, err
}

// UserOrders implements rest.Reader.
func (r reader) UserOrders(ctx context.Context, user market.Pubkey, mint *market.Pubkey, p rest.Page) (rest.OrderPage, error) {
	page, err := r.Store.UserOrders(ctx, user, mint, p.OldestFirst, p.Offset, p.Limit)
	return rest.OrderPage{Orders: page.Orders, Total: page.Total}, err
}

// MintOrders implements rest.Reader.
func (r reader) MintOrders(ctx context.Context, mint market.Pubkey, short bool, p rest.Page) (rest.OrderPage, error) {
	page, err := r.Store.MintOrders(ctx, mint, short, p.Offset, p.Limit)
	return rest.OrderPage{Orders: page.Orders, Total: page.Total}, err
}

var mintSorts = map[rest.MintSort]store.MintSort{
	rest.CreatedDesc: store.CreatedDesc, rest.CreatedAsc: store.CreatedAsc,
	rest.LastTradeDesc: store.LastTradeDesc, rest.VolumeDesc: store.VolumeDesc,
}

// Mints implements rest.Reader.
func (r reader) Mints(ctx context.Context, q rest.MintQuery) (rest.MintPage, error) {
	page, err := r.Store.Mints(ctx, store.MintQuery{
		Sort: mintSorts[q.Sort], All: q.All, Offset: q.Offset, Limit: q.Limit, Cursor: q.Cursor,
	})
	if errors.Is(err, store.ErrCursor) {
		return rest.MintPage{}, fmt.Errorf("%w: %w", rest.ErrCursor, err)
	}
	result := rest.MintPage{Total: page.Total, Next: page.NextCursor}
	for i := range page.Tokens {
		result.Mints = append(result.Mints, page.Tokens[i].Mint)
	}
	return result, err
}

// DBStats implements rest.Reader.
func (r reader) DBStats(context.Context) (wire.DBStats, error) {
	db, err := r.Store.DBStats()
	stats := r.Stats()
	return wire.DBStats{
		LSMBytes: db.TreeBytes, VLogBytes: db.ValueLogBytes, TotalBytes: db.TreeBytes + db.ValueLogBytes,
		Keys: map[string]uint64{
			"events": stats.Total, "candles": stats.Candles, "orders": stats.Orders, "mints": uint64(stats.Mints),
		},
		Seq: uint64(db.Seq),
	}, err
}

// CandlesFrom implements export.Source.
func (r reader) CandlesFrom(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, limit int) ([]market.Candle, error) {
	page, err := r.Store.Candles(ctx, mint, interval, store.CandleQuery{From: from, To: to, Limit: limit, OldestFirst: true})
	return page.Candles, err
}

// EventsAfter implements export.Source.
func (r reader) EventsAfter(ctx context.Context, mint market.Pubkey, after market.Position, limit int) ([]market.Event, error) {
	var events []market.Event
	err := r.MintEvents(mint, after, func(e *market.Event) error {
		if len(events) == limit {
			return store.Stop
		}
		events = append(events, *e)
		return ctx.Err()
	})
	return events, err
}

// OrdersOf implements export.Source.
func (r reader) OrdersOf(ctx context.Context, mint market.Pubkey, short bool, offset, limit int) ([]market.Order, error) {
	page, err := r.Store.MintOrders(ctx, mint, short, offset, limit)
	return page.Orders, err
}

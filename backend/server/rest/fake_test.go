package rest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/server/rest"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// fakeReader is a store in memory with the promises of rest.Reader.
type fakeReader struct {
	candles map[market.Interval][]market.Candle // oldest first, of mint
	events  []market.Event                      // oldest first
	orders  []market.Order
	tokens  []market.Token // newest first
	gapList []market.Gap
	state   store.State
	pair    market.Pair
	pairs   map[market.Pubkey]market.Pair     // of some mints
	infos   map[market.Pubkey]market.MintInfo // what accounts say
	err     error
	asked   chan [2]int64 // from and to of candles, while there is space
}

func key(n byte) (k market.Pubkey) {
	for i := range k {
		k[i] = n
	}
	return k
}

var (
	mint   = key(7)
	user   = key(9)
	nobody = key(200)
	// uncreated trades, and its TokenCreated is older than the history.
	uncreated = key(201)
)

const firstTime = 1_755_000_000 // a full minute

func newFake() *fakeReader {
	f := &fakeReader{candles: map[market.Interval][]market.Candle{}, state: store.State{Seq: 42, Slot: 1000, ChainTime: firstTime + 60*200}}
	price, err := market.ParseU128("279589934762348555452")
	if err != nil {
		panic(err)
	}
	for i := range 150 {
		at := int64(firstTime + 60*i)
		if i%10 == 3 {
			continue // a quiet minute
		}
		p := market.Price(price.Add(market.U64(uint64(i))))
		f.candles[market.M1] = append(f.candles[market.M1], market.Candle{
			Time: at, Open: p, High: p, Low: p, Close: p, Volume: market.U64(1), QuoteVolume: market.U64(3), Trades: 1, Final: i < 149,
		})
	}
	for i := range 120 {
		e := market.Event{
			Position: market.Position{Slot: market.Slot(100 + i)}, BlockTime: int64(firstTime + i), Owner: user,
			Scale: 28, Price: market.Price(price),
			Body: &spinpet.BuySell{Payer: user, Mint: mint, IsBuy: true, TokenAmount: 1 << 60, SolAmount: 5, LatestPrice: price},
		}
		e.Signature[0] = byte(i + 1)
		f.events = append(f.events, e)
	}
	for i := range 30 {
		f.orders = append(f.orders, market.Order{
			Address: key(byte(100 + i)), MintAccount: mint, Scale: 28, LatestPrice: market.Price(price), LatestTradeTime: firstTime,
			Terms: market.Terms{OrderType: uint8(1 + i%2), Mint: mint, User: user, LockLpStartPrice: market.U64(uint64(1000 + i)), StartTime: uint32(i)},
		})
	}
	for i := range 70 {
		f.tokens = append(f.tokens, market.Token{
			Mint: key(byte(70 - i)), Created: &spinpet.TokenCreated{Payer: user, Mint: key(byte(70 - i)), Name: fmt.Sprint("Token ", i), Symbol: "T", URI: "ipfs://x"},
			CreateTime: firstTime, LatestPrice: market.Price(price), LatestTradeTime: firstTime, TotalSolAmount: market.U128{Hi: 1}, Trades: 3, LastEventTime: firstTime,
		})
	}
	f.gapList = []market.Gap{
		{From: 1, To: 5, Cause: "history before backfill_limit", State: market.GapOpen, Seq: 1},
		{From: 7, To: 7, Cause: "log truncated", State: market.GapUnfillable, Mint: mint, Seq: 9},
	}
	return f
}

func cut[T any](list []T, page store.Page) []T {
	begin := min(page.Offset, len(list))
	return list[begin:min(begin+page.Limit, len(list))]
}

func (f *fakeReader) Pair(mint market.Pubkey) market.Pair {
	if pair, ok := f.pairs[mint]; ok {
		return pair
	}
	return f.pair
}
func (f *fakeReader) ID() string { return "0f0f" }

func (f *fakeReader) State() store.State { return f.state }

func (f *fakeReader) Stats() (c store.Stats) {
	c.Total = uint64(len(f.events))
	for i := range f.events {
		c.Kinds.Add(f.events[i].Kind(), 1)
		c.LastEventTime = f.events[i].BlockTime
	}
	return c
}

func (f *fakeReader) Candles(_ context.Context, m market.Pubkey, interval market.Interval, q store.CandleQuery) (store.CandlePage, error) {
	select {
	case f.asked <- [2]int64{q.From, q.To}:
	default:
	}
	var list []market.Candle
	for _, c := range f.candles[interval] {
		if m == mint && c.Time >= q.From && c.Time <= q.To {
			list = append(list, c)
		}
	}
	if !q.OldestFirst {
		slices.Reverse(list)
	}
	return store.CandlePage{Candles: cut(list, store.Page{Offset: q.Offset, Limit: q.Limit}), Total: len(list), Seq: f.state.Seq}, f.err
}

func (f *fakeReader) CompleteTo(market.Pubkey) (at int64, own bool, err error) {
	return f.state.ChainTime, false, nil
}

func (f *fakeReader) CandleBefore(m market.Pubkey, interval market.Interval, before int64) (market.Candle, bool, error) {
	var last market.Candle
	found := false
	for _, c := range f.candles[interval] {
		if m == mint && c.Time < before {
			last, found = c, true
		}
	}
	return last, found, f.err
}

func (f *fakeReader) Events(ctx context.Context, m market.Pubkey, page store.Page) (store.EventPage, error) {
	return f.UserEvents(ctx, user, &m, page)
}

func (f *fakeReader) Stretch(_ context.Context, q store.StretchQuery, fn func(*market.Event) error) (market.Seq, error) {
	for i := len(f.events) - 1; i >= 0 && f.err == nil; i-- {
		e := f.events[i]
		if e.Mint() != q.Mint || e.BlockTime < q.From || e.BlockTime > q.To || q.Before != (market.Position{}) && e.Position.Compare(q.Before) >= 0 {
			continue
		}
		if err := fn(&e); err != nil {
			return f.state.Seq, err
		}
	}
	return f.state.Seq, f.err
}

func (f *fakeReader) EventsBack(_ context.Context, before market.Position, fn func(*market.Event) error) (market.Seq, error) {
	for i := len(f.events) - 1; i >= 0 && f.err == nil; i-- {
		if e := f.events[i]; before == (market.Position{}) || e.Position.Compare(before) < 0 {
			if err := fn(&e); err != nil {
				return f.state.Seq, err
			}
		}
	}
	return f.state.Seq, f.err
}

func (f *fakeReader) UserEvents(_ context.Context, u market.Pubkey, m *market.Pubkey, page store.Page) (store.EventPage, error) {
	var list []market.Event
	for _, e := range f.events {
		if e.Owner == u && (m == nil || e.Mint() == *m) {
			list = append(list, e)
		}
	}
	if !page.OldestFirst {
		slices.Reverse(list)
	}
	return store.EventPage{Events: cut(list, page), Total: len(list)}, f.err
}

func (f *fakeReader) history(keep func(*market.Event) bool, limit int, fn func(*market.Event) error) (h store.History, err error) {
	var list []market.Event
	for _, e := range f.events {
		if keep(&e) {
			list = append(list, e)
		}
	}
	h = store.History{Seq: f.state.Seq, Seen: min(limit, len(list)), More: len(list) > limit}
	for _, e := range list[len(list)-h.Seen:] {
		if err := fn(&e); err != nil {
			return h, err
		}
	}
	return h, f.err
}

func (f *fakeReader) UserHistory(_ context.Context, u market.Pubkey, m *market.Pubkey, limit int, fn func(*market.Event) error) (store.History, error) {
	return f.history(func(e *market.Event) bool { return e.Owner == u && (m == nil || e.Mint() == *m) }, limit, fn)
}

func (f *fakeReader) MintHistory(_ context.Context, m market.Pubkey, limit int, fn func(*market.Event) error) (store.History, error) {
	return f.history(func(e *market.Event) bool { return e.Mint() == m }, limit, fn)
}

func (f *fakeReader) UserOrders(_ context.Context, u market.Pubkey, m *market.Pubkey, page store.Page) (store.OrderPage, error) {
	var list []market.Order
	for _, o := range f.orders {
		if o.Terms.User == u && (m == nil || o.MintAccount == *m) {
			list = append(list, o)
		}
	}
	if !page.OldestFirst {
		slices.Reverse(list)
	}
	return store.OrderPage{Orders: cut(list, page), Total: len(list)}, f.err
}

func (f *fakeReader) MintOrders(_ context.Context, m market.Pubkey, short bool, page store.Page) (store.OrderPage, error) {
	var list []market.Order
	for _, o := range f.orders {
		if o.MintAccount == m && (o.Terms.OrderType == market.OrderShort) == short {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(x, y market.Order) int {
		order := x.Terms.LockLpStartPrice.Cmp(y.Terms.LockLpStartPrice)
		if !short {
			order = -order
		}
		return order
	})
	return store.OrderPage{Orders: cut(list, page), Total: len(list)}, f.err
}

func (f *fakeReader) Mints(_ context.Context, q store.MintQuery) (store.MintPage, error) {
	var list []market.Pubkey
	if q.All {
		list = append(list, uncreated)
	}
	for _, token := range f.tokens {
		list = append(list, token.Mint)
	}
	if q.Sort == store.CreatedAsc {
		slices.Reverse(list)
	}
	total := len(list)
	if q.Cursor != "" {
		after, err := market.ParsePubkey(q.Cursor)
		at := slices.Index(list, after)
		if err != nil || at < 0 {
			return store.MintPage{}, fmt.Errorf("mints: %w", store.ErrCursor)
		}
		list = list[at+1:]
	}
	result := store.MintPage{Total: total}
	for _, m := range cut(list, store.Page{Offset: q.Offset, Limit: q.Limit}) {
		token := market.Token{Mint: m}
		if i := slices.IndexFunc(f.tokens, func(t market.Token) bool { return t.Mint == m }); i >= 0 {
			token = f.tokens[i]
		}
		result.Tokens = append(result.Tokens, token)
	}
	if n := len(result.Tokens); n > 0 && q.Offset+n < len(list) {
		result.NextCursor = result.Tokens[n-1].Mint.String()
	}
	return result, f.err
}

func (f *fakeReader) Tokens(_ context.Context, mints []market.Pubkey) ([]market.Token, error) {
	var found []market.Token
	for _, m := range mints {
		for _, token := range f.tokens {
			if token.Mint == m {
				found = append(found, token)
			}
		}
	}
	return found, f.err
}

func (f *fakeReader) Gaps(_ context.Context, m *market.Pubkey, state *market.GapState) ([]market.Gap, error) {
	var list []market.Gap
	for _, g := range f.gapList {
		if (m == nil || g.Mint == *m || g.Mint.IsZero()) && (state == nil || g.State == *state) {
			list = append(list, g)
		}
	}
	return list, f.err
}

func (f *fakeReader) DBStats() (store.DBStats, error) {
	return store.DBStats{TreeBytes: 1, ValueLogBytes: 2, Seq: 42}, f.err
}

// The export's view of the same data.

func (f *fakeReader) CandleSeries(ctx context.Context, m market.Pubkey, interval market.Interval, from, to int64, limit int) ([]market.Candle, bool, error) {
	page, err := f.Candles(ctx, m, interval, store.CandleQuery{From: from, To: to, Limit: limit, OldestFirst: true})
	return page.Candles, false, err
}

func (f *fakeReader) Supplies(_ context.Context, mints []market.Pubkey) (list []market.Supply, err error) {
	for i := range f.tokens {
		if t := &f.tokens[i]; slices.Contains(mints, t.Mint) {
			list = append(list, t.SupplyFrom(f.infos[t.Mint], firstTime))
		}
	}
	return list, f.err
}

func (f *fakeReader) Programs() []market.Program { return []market.Program{spinpet.Program} }

func (f *fakeReader) KnownMints() (known []market.Pubkey) {
	for i := range f.tokens {
		known = append(known, f.tokens[i].Mint)
	}
	return known
}

func (f *fakeReader) TimesAround(context.Context, market.Slot, market.Slot) (before, after int64, err error) {
	return 0, 0, f.err
}

func (f *fakeReader) EventsAfter(_ context.Context, m market.Pubkey, after market.Position, limit int) ([]market.Event, error) {
	var list []market.Event
	for _, e := range f.events {
		if e.Mint() == m && e.Position.Compare(after) > 0 && len(list) < limit {
			list = append(list, e)
		}
	}
	return list, f.err
}

func (f *fakeReader) AllEventsAfter(_ context.Context, after market.Position, limit int) ([]market.Event, error) {
	var list []market.Event
	for _, e := range f.events {
		if e.Position.Compare(after) > 0 && len(list) < limit {
			list = append(list, e)
		}
	}
	return list, f.err
}

func (f *fakeReader) OrdersOf(ctx context.Context, m market.Pubkey, short bool, offset, limit int) ([]market.Order, error) {
	page, err := f.MintOrders(ctx, m, short, store.Page{Offset: offset, Limit: limit})
	return page.Orders, err
}

func (f *fakeReader) CountEvents(context.Context, *market.Pubkey) error { return f.err }

func (f *fakeReader) CountCandles(context.Context, market.Pubkey, market.Interval, int64, int64) error {
	return f.err
}

func (f *fakeReader) Seq() market.Seq { return 42 }

func (f *fakeReader) Horizon() int64 { return 0 }

func (f *fakeReader) Commits(context.Context, market.Seq, func(*market.Commit) error) error {
	return errors.New("no commit log")
}

var (
	_ rest.Reader   = (*fakeReader)(nil)
	_ export.Source = (*fakeReader)(nil)
)

type fakeStream struct{}

func (fakeStream) Metrics() wire.StreamMetrics {
	return wire.StreamMetrics{Connections: wire.StreamConnections{TotalConnections: 9, ActiveConnections: 2, TotalMessagesSent: 1000, TotalSubscriptions: 3}, MessagesPerSecond: 1.5}
}

func (fakeStream) Clients() []wire.StreamClient {
	return []wire.StreamClient{{ID: "a", Transport: "websocket", Subscriptions: []string{"kline:" + mint.String() + ":m1"}}, {ID: "b", Transport: "polling"}}
}

func (fakeStream) Rooms() map[string]int {
	return map[string]int{"kline:" + mint.String() + ":m1": 1, "price:" + mint.String(): 1, "events": 1, "kline:" + nobody.String() + ":s1": 1}
}

type fakeMetadata struct{}

func (fakeMetadata) URIData(m market.Pubkey) *wire.URIData {
	if m != mint {
		return nil
	}
	return &wire.URIData{Name: new("Seven"), Image: new("https://example.org/7.png"), ShowName: new(true)}
}

func (fakeMetadata) Picture(_ context.Context, m market.Pubkey) ([]byte, string, error) {
	if m != mint {
		return nil, "", nil
	}
	return []byte("\x89PNG"), "image/png", nil
}

// tickers are those of 150 mints; with mints those, whichever they are.
func (f *fakeReader) tickers(_ context.Context, q rest.TickerQuery) (rest.TickerPage, error) {
	page := rest.TickerPage{Total: 150, ChainTime: firstTime}
	mints := q.Mints
	for i := q.Offset; len(q.Mints) == 0 && i < min(150, q.Offset+q.Limit); i++ {
		mints = append(mints, key(byte(i))) //nolint:gosec // below 150
	}
	for _, m := range mints {
		t := wire.NewTicker(&market.Token{Mint: m})
		t.H1 = &wire.Span{Change: 0.5, Trades: uint64(len(q.Window + string(q.SortBy)))}
		if q.Spark {
			t.Spark = []float64{1, 2}
		}
		page.Tickers = append(page.Tickers, t)
	}
	if len(q.Mints) > 0 {
		page.Total = len(q.Mints)
	}
	return page, f.err
}

func deps(f *fakeReader) rest.Deps {
	return rest.Deps{
		Reader: f, Stream: fakeStream{}, Metadata: fakeMetadata{}, Tickers: f.tickers, Export: f,
		Feed: func() rest.FeedStatus {
			return rest.FeedStatus{Running: true, Connection: "connected", Slot: 1001, Lag: 3, Backfill: wire.Backfill{Running: true, Done: 1, Total: 2}}
		},
		Endpoints: func() []wire.Endpoint {
			return []wire.Endpoint{
				{Name: "https://one.example/…", State: "down", Errors: 2, LastError: "no route"}, {Name: "https://two.example", State: "connected", InUse: true, Slot: 9, LagSlots: new(uint64(3))},
			}
		},
		Log:     fakeLog,
		Alerts:  fakeAlerts{},
		Now:     func() time.Time { return time.Unix(1_755_000_000, 500_000_000) },
		Kline:   wire.KlineConfig{Intervals: []string{"s1"}, HistoryLimitDefault: 100},
		Cluster: "demo", ProgramID: key(1), Version: "test", Logger: slog.New(slog.DiscardHandler),
	}
}

// fakeAlerts are two rules and 70 alerts, the newest with the seq 70.
type fakeAlerts struct{ err error }

func (fakeAlerts) Rules() []wire.AlertRule {
	return []wire.AlertRule{
		{ID: "up", Kind: "price_above", Symbol: mint.String(), Price: "0.00000003", CreatedAt: 1_755_000_000_123},
		{ID: "jump", Kind: "percent_move", Direction: "both", Percent: 12.5, WindowSeconds: 60, Once: true, Spent: true, CreatedAt: 1},
	}
}

func (f fakeAlerts) Alerts(_ context.Context, offset, limit int) ([]wire.Alert, int, error) {
	const total = 70
	var list []wire.Alert
	for n := total - offset; n > 0 && len(list) < limit; n-- {
		list = append(list, wire.Alert{ID: fmt.Sprint(n), Rule: "up", Kind: "price_above", Symbol: mint.String(), Message: "m", Value: 3e-8, ValueExact: "0.00000003", Timestamp: firstTime * 1000, Seq: uint64(n)})
	}
	return list, total, f.err
}

// fakeLog holds the records 101 to 600, of the four levels in turn.
func fakeLog(after uint64, least slog.Level, limit int) wire.Log {
	log := wire.Log{Records: []wire.LogRecord{}, Oldest: 101, Newest: 600}
	names := []string{"debug", "info", "warn", "error"}
	for n := log.Newest; n >= log.Oldest && n > after && len(log.Records) < limit; n-- {
		if level := slog.Level(n%4*4) + slog.LevelDebug; level >= least {
			log.Records = append(log.Records, wire.LogRecord{Seq: n, Level: names[n%4], Message: "m", Attrs: []wire.LogAttr{{Key: "component", Value: "fake"}}})
		}
	}
	slices.Reverse(log.Records)
	return log
}

// serve runs the API behind a real socket.
func serve(t testing.TB, d rest.Deps) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(rest.New(d))
	t.Cleanup(server.Close)
	return server
}

var _ http.Handler = (*rest.API)(nil)

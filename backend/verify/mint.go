package verify

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"spinscope/backend/candle"
	"spinscope/backend/market"
)

// clockSlack is how far, in seconds, block times may run against the order of slots.
const clockSlack = 120

// replay is one mint's events folded anew.
type replay struct {
	check  *check
	mint   market.Pubkey
	book   market.Book
	held   []candle.Tick // waiting for earlier ones, which may still come
	series []*series
	orders map[market.Pubkey]market.OrderChange
	token  market.Token // the totals
	fix    market.Commit
}

func (c *check) mint(ctx context.Context, mint market.Pubkey) error {
	c.report.Mints++
	r := &replay{check: c, mint: mint, book: market.Book{Mint: mint}, orders: map[market.Pubkey]market.OrderChange{}}
	for _, interval := range c.options.Intervals {
		r.series = append(r.series, &series{ctx: ctx, replay: r, interval: interval, next: c.from()})
	}
	var err error
	if r.token, err = c.store.Pruned(mint); err != nil {
		return fmt.Errorf("read what retention deleted: %w", err)
	}
	if err := c.store.MintEvents(mint, market.Position{}, func(e *market.Event) error {
		if err := r.event(e); err != nil {
			return err
		}
		return ctx.Err()
	}); err != nil {
		return err
	}
	if err := r.release(math.MaxInt64); err != nil {
		return err
	}
	if err := r.finish(); err != nil {
		return err
	}
	return c.repair(&r.fix)
}

func (r *replay) event(e *market.Event) error {
	r.check.report.Events++
	if address, ok := e.Order(); ok {
		order := r.orders[address].Order
		if r.orders[address].Closed {
			order = market.Order{}
		}
		stored := e.Owner
		copied := *e
		r.orders[address] = order.Fold(&copied)
		if copied.Owner != stored {
			r.check.differ("%s at slot %d belongs to %s and is stored as %s's", e.Kind(), e.Slot, copied.Owner, stored)
		}
	}
	trade, ok := e.Trade()
	if !ok {
		return nil
	}
	r.token.Trades++
	r.token.TotalSolAmount = r.token.TotalSolAmount.Add(market.U64(trade.SolAmount))
	tick := candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position, Provisional: e.Provisional}
	at := sort.Search(len(r.held), func(i int) bool { return candle.Compare(r.held[i], tick) > 0 })
	r.held = slices.Insert(r.held, at, tick)
	return r.release(tick.Time - clockSlack)
}

// release folds the held ticks up to a time; later events cannot come before them any more.
func (r *replay) release(until int64) error {
	n := sort.Search(len(r.held), func(i int) bool { return r.held[i].Time >= until })
	for i := range r.held[:n] {
		candle.Fold(&r.book, r.check.options.Intervals, &r.held[i])
		if err := r.seal(r.held[i].Time); err != nil {
			return err
		}
	}
	r.held = slices.Delete(r.held, 0, n)
	return nil
}

// seal hands the candles that end before a time to the comparison.
func (r *replay) seal(time int64) (err error) {
	candle.Seal(&r.book, r.check.options.Intervals, min(time, r.check.options.ChainTime), func(interval market.Interval, c market.Candle) {
		if err == nil {
			err = r.of(interval).compare(c)
		}
	})
	return err
}

// from is the time from which candles are whole.
func (c *check) from() int64 {
	if c.options.Horizon > 0 {
		return c.options.Horizon
	}
	return math.MinInt64
}

func (r *replay) of(interval market.Interval) *series {
	return r.series[slices.Index(r.check.options.Intervals, interval)]
}

// finish compares what is left: the open candles, stored ones too many, orders and totals.
func (r *replay) finish() error {
	if err := r.seal(math.MaxInt64); err != nil {
		return err
	}
	before := r.check.report.Differences
	for _, s := range r.series {
		for _, c := range r.book.Open[s.interval] {
			if err := s.compare(c); err != nil {
				return err
			}
		}
		if err := s.rest(); err != nil {
			return err
		}
	}
	if r.check.report.Differences > before {
		r.fix.Books = []market.Book{r.book}
		r.fix.Evicted = []market.Pubkey{r.mint}
	}
	if err := r.compareOrders(); err != nil {
		return err
	}
	token, _, err := r.check.store.Token(r.mint)
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	if token.Trades != r.token.Trades || token.TotalSolAmount != r.token.TotalSolAmount || token.LatestPrice != r.book.Price {
		r.check.differ("token %s: %d trades over %s lamports at %s are stored, the events say %d over %s at %s", r.mint,
			token.Trades, token.TotalSolAmount, token.LatestPrice, r.token.Trades, r.token.TotalSolAmount, r.book.Price)
		token.Mint, token.Trades, token.TotalSolAmount = r.mint, r.token.Trades, r.token.TotalSolAmount
		token.LatestPrice, token.LatestTradeTime = r.book.Price, r.book.BlockTime
		r.fix.Tokens = []market.Token{token}
	}
	return nil
}

func (r *replay) compareOrders() error {
	for address, want := range r.orders {
		r.check.report.Orders++
		stored, found, err := r.check.store.Order(address)
		if err != nil {
			return fmt.Errorf("read order %s: %w", address, err)
		}
		delete(r.check.open, address)
		switch {
		case want.Closed && !found:
		case want.Closed:
			r.check.differ("order %s of %s is stored as open and was closed", address, r.mint)
			r.fix.Orders = append(r.fix.Orders, want)
		case !found:
			r.check.differ("order %s of %s is open and not stored", address, r.mint)
			r.fix.Orders = append(r.fix.Orders, want)
		case stored != want.Order:
			r.check.differ("order %s of %s differs: %+v is stored, the events say %+v", address, r.mint, stored, want.Order)
			r.fix.Orders = append(r.fix.Orders, want)
		}
	}
	return nil
}

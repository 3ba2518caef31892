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

// replay is one mint's events folded anew.
type replay struct {
	check   *check
	mint    market.Pubkey
	candles market.OpenCandles
	held    []candle.Tick // waiting for earlier ones, which may still come
	series  []*series
	orders  map[market.Pubkey]market.OrderChange
	token   market.Token // the totals, and what else the events say
	fix     market.Commit

	complete int64 // chain time of the coin's own addresses
}

// mints compares some mints together.
func (c *check) mints(ctx context.Context, mints []market.Pubkey) error {
	replays := make([]*replay, len(mints))
	for i, mint := range mints {
		var err error
		if replays[i], err = c.replay(ctx, mint); err != nil {
			return err
		}
	}

	err := c.store.EventsOf(ctx, mints, func(mint int, e *market.Event) error { return replays[mint].event(e) })
	if err != nil {
		return err
	}

	for _, r := range replays {
		if err := r.finish(); err != nil {
			return fmt.Errorf("verify %s: %w", r.mint, err)
		}
		if err := c.repair(&r.fix); err != nil {
			return fmt.Errorf("verify %s: %w", r.mint, err)
		}
		c.report.Mints++
		if c.options.Progress != nil {
			c.options.Progress(c.report.Mints, c.of)
		}
	}

	return nil
}

func (c *check) replay(ctx context.Context, mint market.Pubkey) (*replay, error) {
	r := &replay{check: c, mint: mint, candles: market.OpenCandles{Mint: mint}, orders: map[market.Pubkey]market.OrderChange{}, complete: math.MaxInt64}
	if c.options.CompleteTo != nil {
		r.complete = c.options.CompleteTo(mint)
	}
	for _, interval := range c.options.Intervals {
		r.series = append(r.series, &series{ctx: ctx, replay: r, interval: interval, next: c.from(), reached: c.from()})
	}
	var err error
	if r.token, err = c.store.Pruned(mint); err != nil {
		return nil, fmt.Errorf("read what retention deleted of %s: %w", mint, err)
	}
	return r, nil
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

	r.token.Count(e)
	if body, ok := e.Body.(market.TokenBody); ok {
		body.ChangeToken(&r.token)
	}
	trade, ok := e.Trade()
	if !ok {
		return nil
	}

	tick := candle.Tick{Trade: trade, Time: e.BlockTime, At: e.Position, Provisional: e.Provisional}
	at := sort.Search(len(r.held), func(i int) bool { return candle.Compare(r.held[i], tick) > 0 })
	r.held = slices.Insert(r.held, at, tick)
	return r.release(tick.Time - market.ClockSlack)
}

// release folds the held ticks up to a time; later events cannot come before them any more.
func (r *replay) release(until int64) error {
	n := sort.Search(len(r.held), func(i int) bool { return r.held[i].Time >= until })
	for i := range r.held[:n] {
		candle.Fold(&r.candles, r.check.options.Intervals, &r.held[i])
		if err := r.closeEnded(r.held[i].Time); err != nil {
			return err
		}
	}
	r.held = slices.Delete(r.held, 0, n)
	return nil
}

// closeEnded hands the candles that end before a time to the comparison, oldest first. One that holds an estimated block time is
// not final, however old it is: it has its turn among the others, and stays open.
func (r *replay) closeEnded(time int64) error {
	end := min(time, r.check.options.ChainTime)
	for _, s := range r.series {
		for _, c := range r.candles.Open[s.interval] {
			if c.Time+s.interval.Seconds() > end {
				break
			}
			c.Final = !c.Provisional
			if err := s.compare(c, c.Time+s.interval.Seconds() > r.complete); err != nil {
				return err
			}
		}
	}

	candle.Close(&r.candles, r.check.options.Intervals, end, func(market.Interval, market.Candle) {})
	return nil
}

// from is the time from which candles are whole.
func (c *check) from() int64 {
	if c.options.Horizon > 0 {
		return c.options.Horizon
	}
	return math.MinInt64
}

// finish compares what is left: the ticks that were held, the open candles, stored ones too many, orders and totals.
func (r *replay) finish() error {
	if err := r.release(math.MaxInt64); err != nil {
		return err
	}
	if err := r.closeEnded(math.MaxInt64); err != nil {
		return err
	}

	before := r.check.report.Differences
	for _, s := range r.series {
		for _, c := range r.candles.Open[s.interval] {
			if err := s.compare(c, r.complete != math.MaxInt64); err != nil { // its own chain time may be ahead
				return err
			}
		}
		if err := s.rest(); err != nil {
			return err
		}
	}

	if r.check.report.Differences > before {
		r.fix.OpenCandles = []market.OpenCandles{r.candles}
		r.fix.Evicted = []market.Pubkey{r.mint}
	}
	if err := r.compareOrders(); err != nil {
		return err
	}

	token, _, err := r.check.store.Token(r.mint)
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}

	differences := r.check.report.Differences
	if r.candles.Price.IsZero() {
		r.token.Pair = token.Pair // nothing says what it is: a coin whose trades were rolled back keeps what they said
	}
	got, want := token.Totals(), r.token.Totals()
	if got != want || token.LatestPrice != r.candles.Price {
		r.check.differ("token %s: %s, at %s are stored, the events say %s, at %s", r.mint, got.In(token.Pair), token.LatestPrice,
			want.In(r.token.Pair), r.candles.Price)
	}

	if token.Pair != r.token.Pair {
		r.check.differ("token %s is stored as %s, the events say %s", r.mint, token.Pair, r.token.Pair)
	}
	if r.check.report.Differences == differences {
		return nil
	}

	token.Mint, token.Pair = r.mint, r.token.Pair
	token.SetTotals(want)
	token.LatestPrice, token.LatestTradeTime = r.candles.Price, r.candles.BlockTime
	r.fix.Tokens = []market.Token{token}
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

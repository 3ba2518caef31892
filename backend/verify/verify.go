package verify

import (
	"context"
	"fmt"
	"slices"

	"spinscope/backend/market"
)

// together is how many mints are compared at once. Their events lie beside each other, so that they are read from the disk
// once for all of them; each mint takes as much memory as page says.
const together = 64

// maxListed bounds the findings that are described; all are counted.
const maxListed = 100

// Store is what is verified. Iterations stop with the error that fn returns.
type Store interface {
	AllOpenCandles(fn func(*market.OpenCandles) error) error
	OpenCandles(mint market.Pubkey) (market.OpenCandles, bool, error)
	Token(mint market.Pubkey) (market.Token, bool, error)
	Order(address market.Pubkey) (market.Order, bool, error)
	Orders(ctx context.Context, fn func(*market.Order) error) error
	// EventsOf gives the events of some mints in chain order, each with the place of its mint in the list.
	EventsOf(ctx context.Context, mints []market.Pubkey, fn func(mint int, e *market.Event) error) error
	// CandlesFrom gives at most limit candles with from <= time <= to, oldest first, open ones included.
	CandlesFrom(ctx context.Context, mint market.Pubkey, interval market.Interval, from, to int64, limit int) ([]market.Candle, error)
	// Pruned sums up a mint's events that retention deleted.
	Pruned(mint market.Pubkey) (market.Token, error)
	Commit(c *market.Commit) error
}

// Options say what to verify and how.
type Options struct {
	Intervals []market.Interval // kept ones
	ChainTime int64             // of the store: candles ending at or before it must be final
	Seq       market.Seq        // newest commit
	// CompleteTo is the chain time of a coin that is followed by addresses of its own, math.MaxInt64 for others; nil: there
	// are none. A candle that ends between that and ChainTime may be final or not: the coin may have been left alone since.
	CompleteTo func(coin market.Pubkey) int64
	Horizon    int64 // below this block time retention deletes candles and most events; 0: nothing is deleted
	Repair     bool
	Progress   func(mints, of int) // after each mint; may be nil
}

// Report says what was compared and what differed.
type Report struct {
	Mints, Events, Candles, Orders int
	Differences                    int      // found, repaired or not
	Findings                       []string // the first of them, described
	Repaired                       int
}

// check is a verification under way.
type check struct {
	store   Store
	options Options
	report  Report
	seq     market.Seq
	of      int                            // mints
	open    map[market.Pubkey]market.Order // stored open orders not met among the events yet
}

// Run compares everything and, if asked to, writes what the events say over what differs.
func Run(ctx context.Context, store Store, options Options) (Report, error) {
	c := &check{store: store, options: options, seq: options.Seq, open: map[market.Pubkey]market.Order{}}
	var mints []market.Pubkey
	if err := store.AllOpenCandles(func(open *market.OpenCandles) error {
		mints = append(mints, open.Mint)
		return nil
	}); err != nil {
		return c.report, fmt.Errorf("list mints: %w", err)
	}
	if err := store.Orders(ctx, func(order *market.Order) error {
		c.open[order.Address] = *order
		return ctx.Err()
	}); err != nil {
		return c.report, fmt.Errorf("list orders: %w", err)
	}

	c.of = len(mints)
	for some := range slices.Chunk(mints, together) {
		if err := c.mints(ctx, some); err != nil {
			return c.report, err
		}
	}

	return c.report, c.strayOrders()
}

func (c *check) differ(format string, args ...any) {
	c.report.Differences++
	if len(c.report.Findings) < maxListed {
		c.report.Findings = append(c.report.Findings, fmt.Sprintf(format, args...))
	}
}

// strayOrders finds stored orders that no event speaks of.
func (c *check) strayOrders() error {
	var changes []market.OrderChange
	for address, order := range c.open {
		c.differ("order %s of %s is stored, and no event opened it", address, order.MintAccount)
		changes = append(changes, market.OrderChange{Order: order, Closed: true})
	}
	return c.repair(&market.Commit{Orders: changes})
}

// repair commits what a check found to be different, if there is anything and it was asked for.
func (c *check) repair(commit *market.Commit) error {
	n := len(commit.Candles) + len(commit.Orders) + len(commit.Tokens) + len(commit.OpenCandles)
	if !c.options.Repair || n == 0 {
		return nil
	}
	commit.Seq, commit.ChainTime = c.seq+1, c.options.ChainTime
	if err := c.store.Commit(commit); err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	c.seq++
	c.report.Repaired += n
	return nil
}

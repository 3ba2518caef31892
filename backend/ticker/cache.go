package ticker

import (
	"cmp"
	"context"
	"slices"

	"spinscope/backend/market"
)

// maxRanked is how many mints a ranking holds: those traded last.
const maxRanked = 10_000

// Order is what mints are ranked by, the highest first where it is not said otherwise.
type Order uint8

// The orders. The mint traded last comes first among equals.
const (
	ByQuoteVolume Order = iota // those paid in the same thing together (market.Pair.CompareQuotes): SOL and USDC are no one number
	ByTrades
	ByGain // the largest rise first
	ByLoss // the largest fall first
	ByLastTrade
)

// Cache answers for tickers and keeps them as long as they hold.
type Cache struct {
	source    Source
	intervals [NumWindows]*market.Interval // that the windows are read from; nil: the window cannot be told

	turn chan struct{} // guards kept
	kept map[market.Pubkey]*kept
}

// New returns a cache over source, of which the given intervals are kept.
func New(source Source, intervals []market.Interval) *Cache {
	b := &Cache{source: source, turn: make(chan struct{}, 1), kept: map[market.Pubkey]*kept{}}
	for window := range Window(NumWindows) {
		b.intervals[window] = window.interval(intervals)
	}
	return b
}

// Answer is some tickers out of Total, as of ChainTime. They are shared: nobody may change them.
type Answer struct {
	Tickers   []*Ticker
	Total     int
	ChainTime int64 // Unix seconds; where the windows end
}

func (a *Answer) take(list []*kept) {
	for _, k := range list {
		a.Tickers = append(a.Tickers, &k.Ticker)
	}
}

// Tickers gives the known ones among the mints, in the order asked.
func (b *Cache) Tickers(ctx context.Context, mints []market.Pubkey) (answer Answer, err error) {
	err = b.take(ctx, func() error {
		answer.ChainTime = b.source.ChainTime()
		found, err := b.current(ctx, b.source.Marks(mints), answer.ChainTime)
		answer.Total = len(found)
		answer.take(found)
		return err
	})
	return answer, err
}

// Filter is which mints a ranking holds. The zero Filter takes all.
type Filter struct {
	Quote   *market.Pubkey  // those that are paid in it
	Program *market.Program // those that trade there now
	Trades  uint64          // those with so many in the window, or more
	Volume  uint64          // those with so much paid in the window, or more: 10^-9 of what each is paid in
	Age     int64           // those created so many seconds ago, in chain time, or less; 0: all. Whose creation is not stored has no age
}

// takes reports whether a mint is one of those, at a chain time.
func (f *Filter) takes(t *Ticker, window Window, now int64) bool {
	span := &t.Spans[window]
	switch {
	case f.Quote != nil && t.Token.Pair.Quote() != *f.Quote, f.Program != nil && t.Token.Pair.Program() != *f.Program:
		return false
	case span.Trades < f.Trades, f.Volume > 0 && t.Token.Pair.Weight(span.QuoteVolume).Less(market.U64(f.Volume)):
		return false
	case f.Age > 0 && (t.Token.Created == nil || now-t.Token.CreateTime > f.Age):
		return false
	}
	return true
}

// Rank gives a page of the mints that traded in the last 24 hours of chain time and that the filter takes, in order. The window
// is the one that ByQuoteVolume, ByTrades, ByGain, ByLoss and the filter look at; mints that did not trade in it stand between
// those that rose and those that fell.
func (b *Cache) Rank(ctx context.Context, order Order, window Window, filter Filter, offset, limit int) (answer Answer, err error) {
	err = b.take(ctx, func() error {
		now := b.source.ChainTime()
		marks := b.source.Traded(now-H24.Seconds(), maxRanked)
		list, err := b.current(ctx, marks, now)
		if err != nil {
			return err
		}
		b.forget(marks)
		if filter != (Filter{}) {
			list = slices.DeleteFunc(list, func(k *kept) bool { return !filter.takes(&k.Ticker, window, now) })
		}
		if order != ByLastTrade {
			slices.SortStableFunc(list, func(x, y *kept) int { return compare(order, window, x, y) })
		}
		answer.ChainTime, answer.Total = now, len(list)
		offset := min(max(offset, 0), len(list))
		answer.take(list[offset:min(len(list), offset+max(limit, 0))])
		return nil
	})
	return answer, err
}

// take runs fn alone, or gives up waiting when ctx ends.
func (b *Cache) take(ctx context.Context, fn func() error) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.turn }()
	return fn()
}

// current brings the tickers of marks up to date.
func (b *Cache) current(ctx context.Context, marks []market.MintMark, now int64) ([]*kept, error) {
	list := make([]*kept, 0, len(marks))
	for _, mark := range marks {
		k := b.kept[mark.Mint]
		if k == nil || k.seq != mark.Seq || now >= k.until || now < k.at {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			var err error
			if k, err = b.read(mark, now); err != nil {
				return nil, err
			}
			b.keep(k)
		}
		list = append(list, k)
	}
	return list, nil
}

// keep holds a ticker for the next question. One may ask for mints that no ranking holds, too; there are never more than
// twice as many as a ranking has.
func (b *Cache) keep(k *kept) {
	if len(b.kept) >= 2*maxRanked {
		clear(b.kept)
	}
	b.kept[k.Token.Mint] = k
}

// forget lets go of what is in no ranking any more.
func (b *Cache) forget(marks []market.MintMark) {
	if len(b.kept) <= len(marks) {
		return
	}
	ranked := make(map[market.Pubkey]struct{}, len(marks))
	for _, mark := range marks {
		ranked[mark.Mint] = struct{}{}
	}
	for mint := range b.kept {
		if _, ok := ranked[mint]; !ok {
			delete(b.kept, mint)
		}
	}
}

// compareUnits compares the volume of two mints that are paid in the same thing.
func compareUnits(x, y *kept, window Window) int {
	return x.Token.Pair.Weight(x.Spans[window].QuoteVolume).Cmp(y.Token.Pair.Weight(y.Spans[window].QuoteVolume))
}

func compare(order Order, window Window, x, y *kept) int {
	switch order {
	case ByQuoteVolume:
		return cmp.Or(x.Token.Pair.CompareQuotes(y.Token.Pair), compareUnits(y, x, window))
	case ByTrades:
		return cmp.Compare(y.Spans[window].Trades, x.Spans[window].Trades)
	case ByGain:
		return cmp.Compare(y.change[window], x.change[window])
	case ByLoss:
		return cmp.Compare(x.change[window], y.change[window])
	default:
		return 0
	}
}

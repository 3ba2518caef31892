package ticker

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
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
	ByMarketCap // as ByQuoteVolume, those that are paid in the same thing together; without a known supply last, either way
	ByPrice     // likewise together
	ByProgress  // how near graduation; what does not graduate, or is not known, last, either way
	ByCreation  // the newest first; whose creation is not stored last, either way

	// Ascending is added to an order to turn it round: the lowest first.
	Ascending Order = 1 << 7
)

// Facts tell of a coin what its candles do not. Nil: nothing is known.
type Facts struct {
	// Info is what the cluster keeps of a mint, as far as that is known already.
	Info func(mint market.Pubkey) market.MintInfo
	// Progress is how much of what its curve began to sell is sold, 0 to 1; false for a coin that does not graduate, and where that is
	// not known.
	Progress func(ctx context.Context, token *market.Token) (float64, bool, error)
}

// Cache answers for tickers and keeps them as long as they hold.
type Cache struct {
	Facts     Facts // set before the first question
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

// Mints are those of the tickers, in their order.
func (a *Answer) Mints() []market.Pubkey {
	mints := make([]market.Pubkey, len(a.Tickers))
	for i, t := range a.Tickers {
		mints[i] = t.Token.Mint
	}
	return mints
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

	// MinCap and MaxCap bound the market cap, both inclusive: 10^-9 of what each is paid in; 0: no bound. A coin whose supply is not
	// known is in none.
	MinCap, MaxCap uint64
	// MinProgress and MaxProgress bound Facts.Progress, both inclusive; 0: no bound. A coin that has none is in none.
	MinProgress, MaxProgress float64

	low, high *big.Int // MinCap and MaxCap as market caps are compared, made once for all coins
}

// capped and curved report whether a filter looks at the market cap and at the way to graduation.
func (f *Filter) capped() bool { return f.MinCap > 0 || f.MaxCap > 0 }
func (f *Filter) curved() bool { return f.MinProgress > 0 || f.MaxProgress > 0 }

// takes reports whether a mint is one of those, at a chain time.
func (f *Filter) takes(t *kept, window Window, now int64) bool {
	span := &t.Spans[window]
	switch {
	case f.Quote != nil && t.Token.Pair.Quote() != *f.Quote, f.Program != nil && t.Token.Pair.Program() != *f.Program:
		return false
	case span.Trades < f.Trades, f.Volume > 0 && t.Token.Pair.Weight(span.QuoteVolume).Less(market.U64(f.Volume)):
		return false
	case f.Age > 0 && (t.Token.Created == nil || now-t.Token.CreateTime > f.Age):
		return false
	case f.capped() && (t.cap == nil || t.cap.Cmp(f.low) < 0 || f.MaxCap > 0 && t.cap.Cmp(f.high) > 0):
		return false
	case f.curved() && (t.progress == nil || *t.progress < f.MinProgress || f.MaxProgress > 0 && *t.progress > f.MaxProgress):
		return false
	}
	return true
}

// Rank gives a page of the mints that traded in the last 24 hours of chain time and that the filter takes, in order. The window
// is the one that ByQuoteVolume, ByTrades, ByGain, ByLoss and the filter's amounts look at; mints that did not trade in it stand between
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
		if order&^Ascending == ByMarketCap || filter.capped() {
			b.weigh(list)
		}
		if order&^Ascending == ByProgress || filter.curved() {
			if err := b.follow(ctx, list); err != nil {
				return err
			}
		}

		if filter != (Filter{}) {
			filter.low, filter.high = market.CapOf(filter.MinCap), market.CapOf(filter.MaxCap)
			list = slices.DeleteFunc(list, func(k *kept) bool { return !filter.takes(k, window, now) })
		}
		switch order {
		case ByLastTrade:
		case ByLastTrade | Ascending:
			slices.Reverse(list)
		default:
			slices.SortStableFunc(list, func(x, y *kept) int { return compare(order, window, x, y) })
		}

		answer.ChainTime, answer.Total = now, len(list)
		offset := min(max(offset, 0), len(list))
		answer.take(list[offset:min(len(list), offset+max(limit, 0))])
		return nil
	})
	return answer, err
}

// Progress is Facts.Progress of some mints; those that have none are not in it.
func (b *Cache) Progress(ctx context.Context, mints []market.Pubkey) (found map[market.Pubkey]float64, err error) {
	err = b.take(ctx, func() error {
		list, err := b.current(ctx, b.source.Marks(mints), b.source.ChainTime())
		if err == nil {
			err = b.follow(ctx, list)
		}
		found = make(map[market.Pubkey]float64, len(list))
		for _, k := range list {
			if k.progress != nil {
				found[k.Token.Mint] = *k.progress
			}
		}
		return err
	})
	return found, err
}

// weigh finds the market caps, whose supply may change without a commit.
func (b *Cache) weigh(list []*kept) {
	for _, k := range list {
		var info market.MintInfo
		if b.Facts.Info != nil {
			info = b.Facts.Info(k.Token.Mint)
		}
		k.cap = nil
		if supply, _, known := k.Token.Supply(info); known && !k.Token.LatestPrice.IsZero() {
			k.cap = market.Cap(k.Token.LatestPrice, supply, k.Token.Pair)
		}
	}
}

// follow finds how near graduation coins are, once for each state of a coin.
func (b *Cache) follow(ctx context.Context, list []*kept) error {
	for _, k := range list {
		if k.followed || b.Facts.Progress == nil {
			continue
		}
		progress, known, err := b.Facts.Progress(ctx, &k.Token)
		if err != nil {
			return fmt.Errorf("progress of %s: %w", k.Token.Mint, err)
		}
		if k.followed = true; known {
			k.progress = &progress
		}
	}
	return nil
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

// compare orders two mints: the higher first or, turned round, the lower. Those traded last come first among equals.
func compare(order Order, window Window, x, y *kept) int {
	way := func(lower int) int {
		if order&Ascending != 0 {
			return lower
		}
		return -lower
	}
	quotes := x.Token.Pair.CompareQuotes(y.Token.Pair)

	switch order &^ Ascending {
	case ByQuoteVolume:
		paid := func(k *kept) market.U128 { return k.Token.Pair.Weight(k.Spans[window].QuoteVolume) }
		return cmp.Or(quotes, way(paid(x).Cmp(paid(y))))
	case ByTrades:
		return way(cmp.Compare(x.Spans[window].Trades, y.Spans[window].Trades))
	case ByGain:
		return way(cmp.Compare(x.change[window], y.change[window]))
	case ByLoss:
		return cmp.Compare(x.change[window], y.change[window])
	case ByPrice:
		return cmp.Or(quotes, way(market.U128(x.Token.LatestPrice).Cmp(market.U128(y.Token.LatestPrice))))
	case ByMarketCap:
		if x.cap == nil || y.cap == nil {
			return unknownLast(x.cap == nil, y.cap == nil)
		}
		return cmp.Or(quotes, way(x.cap.Cmp(y.cap)))
	case ByProgress:
		if x.progress == nil || y.progress == nil {
			return unknownLast(x.progress == nil, y.progress == nil)
		}
		return way(cmp.Compare(*x.progress, *y.progress))
	case ByCreation:
		if x.Token.Created == nil || y.Token.Created == nil {
			return unknownLast(x.Token.Created == nil, y.Token.Created == nil)
		}
		return way(cmp.Compare(x.Token.CreateTime, y.Token.CreateTime))
	default:
		return 0
	}
}

// unknownLast orders two mints of which at least one is not known.
func unknownLast(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return 1
	}
	return -1
}

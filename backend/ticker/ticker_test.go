package ticker

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/candle"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

const start = 1_700_000_000

// chain is a market of a few mints as one would keep it without a store: every trade in a list.
type chain struct {
	*rand.Rand
	now   int64
	seq   market.Seq
	mints []market.Pubkey
	ticks map[market.Pubkey][]candle.Tick
	marks map[market.Pubkey]market.Seq
	reads int
	fail  error
}

func newChain(seed uint64, mints byte) *chain {
	c := &chain{
		Rand: rand.New(rand.NewPCG(seed, 1)), now: start, //nolint:gosec // a test
		ticks: map[market.Pubkey][]candle.Tick{}, marks: map[market.Pubkey]market.Seq{},
	}
	for i := range mints {
		c.mints = append(c.mints, market.Pubkey{i + 1})
	}
	return c
}

// pairOf has every third coin paid in USDC.
func pairOf(mint market.Pubkey) market.Pair {
	if mint[0]%3 == 0 {
		return market.MustPair(0, market.USDC, 6, 6)
	}
	return market.Pair{}
}

// step trades, takes a trade back or lets time pass.
func (c *chain) step() {
	mint := c.mints[c.IntN(len(c.mints))]
	switch list := c.ticks[mint]; c.IntN(8) {
	case 0:
		c.now += int64(c.IntN(40_000))
	case 1:
		c.now += int64(c.IntN(200))
	case 2:
		if len(list) > 0 {
			c.touch(mint, list[:len(list)-1])
		}
	default:
		c.now += int64(c.IntN(20))
		trade := market.Trade{
			Price: market.Price{Lo: (c.Uint64N(5) + 1) * 1e10}, Base: c.Uint64N(1000), Quote: c.Uint64N(5), Buy: c.IntN(2) == 0,
		}
		c.touch(mint, append(list, candle.Tick{Trade: trade, At: market.Position{Slot: market.Slot(c.seq)}, Time: c.now}))
	}
}

func (c *chain) touch(mint market.Pubkey, ticks []candle.Tick) {
	c.seq++
	c.ticks[mint], c.marks[mint] = ticks, c.seq
}

func (c *chain) lastTrade(mint market.Pubkey) int64 {
	if list := c.ticks[mint]; len(list) > 0 {
		return list[len(list)-1].Time
	}
	return 0
}

func (c *chain) ChainTime() int64 { return c.now }

func (c *chain) Traded(since int64, limit int) []market.MintMark {
	mints := slices.DeleteFunc(slices.Clone(c.mints), func(m market.Pubkey) bool { return c.lastTrade(m) < max(since, 1) })
	slices.SortStableFunc(mints, func(a, b market.Pubkey) int { return cmp.Compare(c.lastTrade(b), c.lastTrade(a)) })
	return c.Marks(mints[:min(limit, len(mints))])
}

func (c *chain) Marks(mints []market.Pubkey) (marks []market.MintMark) {
	for _, mint := range mints {
		if seq, known := c.marks[mint]; known {
			marks = append(marks, market.MintMark{Mint: mint, Seq: seq})
		}
	}
	return marks
}

func (c *chain) Token(mint market.Pubkey) (market.Token, bool, error) {
	c.reads++
	t := market.Token{Mint: mint, LatestTradeTime: c.lastTrade(mint), Pair: pairOf(mint)}
	if list := c.ticks[mint]; len(list) > 0 {
		t.LatestPrice, t.Trades = list[len(list)-1].Price, uint64(len(list))
	}
	if at, known := createdAt(mint); known {
		t.Created, t.CreateTime = &spinpet.TokenCreated{Mint: mint}, at
	}
	return t, true, c.fail
}

func (c *chain) CandlesFrom(mint market.Pubkey, interval market.Interval, from int64) ([]market.Candle, error) {
	all := candle.Build(interval, market.Price{}, c.ticks[mint])
	first := slices.IndexFunc(all, func(c market.Candle) bool { return c.Time >= from })
	if first < 0 {
		return nil, c.fail
	}
	return all[first:], c.fail
}

// naive is a span summed from the trades themselves.
func (c *chain) naive(mint market.Pubkey, window Window, interval market.Interval) (s Span) {
	list := c.ticks[mint]
	if len(list) == 0 {
		return s
	}
	from := c.now - window.Seconds()
	s = Span{Since: c.lastTrade(mint), Open: list[len(list)-1].Price}
	whole := interval.Floor(from+interval.Seconds()-1) - 1 // the last second before the first candle inside
	first := slices.IndexFunc(list, func(t candle.Tick) bool { return t.Time > whole })
	if first < 0 {
		return s
	}
	s.Since, s.Open = interval.Floor(list[first].Time), list[max(first-1, 0)].Price
	for _, t := range list[first:] {
		tokens := market.U128{Lo: t.Base}
		s.Volume, s.QuoteVolume, s.Trades = s.Volume.Add(tokens), s.QuoteVolume.Add(market.U128{Lo: t.Quote}), s.Trades+1
		if t.Buy {
			s.BuyVolume = s.BuyVolume.Add(tokens)
		}
	}
	return s
}

// createdAt is when a coin was created, where that is known: of every fourth it is not.
func createdAt(mint market.Pubkey) (at int64, known bool) {
	return start - 30_000 + 10_000*int64(mint[0]), mint[0]%4 != 0
}

// filter chooses by some of what can be chosen by.
func (c *chain) filter() (f Filter) {
	if c.IntN(2) == 0 {
		f.Quote = new(market.USDC)
	}
	if c.IntN(4) == 0 {
		f.Program = new(market.Program(c.IntN(2))) //nolint:gosec // small
	}
	if c.IntN(2) == 0 {
		f.Trades = c.Uint64N(4)
	}
	if c.IntN(2) == 0 {
		f.Volume = c.Uint64N(10_000)
	}
	if c.IntN(2) == 0 {
		f.Age = 1 + c.Int64N(c.now-start+40_000)
	}
	if c.IntN(4) == 0 {
		f.MinCap, f.MaxCap = c.Uint64N(10), c.Uint64N(3)*20
	}
	if c.IntN(4) == 0 {
		f.MinProgress, f.MaxProgress = float64(c.IntN(20))/40, float64(c.IntN(2))*0.8
	}
	return f
}

// info knows the supply of all coins but every fifth.
func (c *chain) info(mint market.Pubkey) (info market.MintInfo) {
	if mint[0]%5 != 0 {
		info.Supply, info.Counted = uint64(mint[0])*1e15, true
	}
	return info
}

// progress knows how near graduation all coins but every third are, by how often they traded.
func (c *chain) progress(_ context.Context, token *market.Token) (float64, bool, error) {
	return min(1, float64(token.Trades%40)/40), token.Mint[0]%3 != 0, c.fail
}

// capOf is a market cap in 10^-9 of what a coin is paid in, and whether it is known.
func (c *chain) capOf(t *Ticker) (whole float64, known bool) {
	info := c.info(t.Token.Mint)
	return math.Round(t.Token.LatestPrice.Float() * float64(info.Supply) / 1e6 * 1e9), info.Counted && !t.Token.LatestPrice.IsZero()
}

// wanted says naively whether a filter takes a coin.
func (c *chain) wanted(one *Ticker, f *Filter, window Window) bool {
	paid, unit := one.Spans[window].QuoteVolume.Lo, uint64(1) // SOL has nine decimals
	if one.Token.Pair.Quote() == market.USDC {
		unit = 1000
	}
	created, known := createdAt(one.Token.Mint)
	return (f.Quote == nil || *f.Quote == one.Token.Pair.Quote()) && (f.Program == nil || *f.Program == one.Token.Pair.Program()) &&
		one.Spans[window].Trades >= f.Trades && paid*unit >= f.Volume && (f.Age == 0 || known && created+f.Age >= c.now) &&
		c.bounded(one, f)
}

// bounded says naively whether a coin's market cap and progress lie in a filter's bounds.
func (c *chain) bounded(one *Ticker, f *Filter) bool {
	whole, known := c.capOf(one)
	low, high := float64(f.MinCap), float64(f.MaxCap)
	capped := f.MinCap == 0 && f.MaxCap == 0 || known && whole >= low && (high == 0 || whole <= high)
	sold, curved, _ := c.progress(context.Background(), &one.Token)
	return capped && (f.MinProgress == 0 && f.MaxProgress == 0 || curved && sold >= f.MinProgress && (f.MaxProgress == 0 || sold <= f.MaxProgress))
}

// check compares a ticker with the trades.
func (c *chain) check(t *testing.T, b *Cache, got *Ticker) {
	t.Helper()
	for window := range Window(NumWindows) {
		var want Span
		if interval := b.intervals[window]; interval != nil {
			want = c.naive(got.Token.Mint, window, *interval)
		}
		if got.Spans[window] != want {
			t.Fatalf("at %d, %s of %v:\n got %+v\nwant %+v", c.now, window, got.Token.Mint[0], got.Spans[window], want)
		}
	}
	if list := c.ticks[got.Token.Mint]; b.intervals[H24] != nil && len(list) > 0 && got.Spark[SparkPoints-1] != list[len(list)-1].Price {
		t.Fatalf("the line ends at %v, the last price is %v", got.Spark[SparkPoints-1], list[len(list)-1].Price)
	}
}

func TestTickersEqualTheTrades(t *testing.T) {
	for seed, intervals := range [][]market.Interval{
		market.AllIntervals(), {market.M1, market.M5}, {market.H1}, {market.D1}, {market.S1, market.S30, market.H4},
	} {
		c := newChain(uint64(seed), 9) //nolint:gosec // small
		b := New(c, intervals)
		b.Facts = Facts{Info: c.info, Progress: c.progress}
		rankings, filtered := 0, 0
		for range 2000 {
			c.step()
			order, window := Order(c.IntN(9)), Window(c.IntN(NumWindows)) //nolint:gosec // small
			if order != ByLoss && c.IntN(2) == 0 {
				order |= Ascending
			}
			answer, err := b.Rank(context.Background(), order, window, Filter{}, 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			want := c.Traded(c.now-H24.Seconds(), 100)
			if answer.Total != len(want) || len(answer.Tickers) != len(want) || answer.ChainTime != c.now || len(b.kept) > len(want) {
				t.Fatalf("%d of %d tickers, %d kept; %d mints traded", len(answer.Tickers), answer.Total, len(b.kept), len(want))
			}
			if len(want) > 5 {
				rankings++
			}
			for i, got := range answer.Tickers {
				c.check(t, b, got)
				if i > 0 && !c.inOrder(order, window, answer.Tickers[i-1], got) {
					t.Fatalf("order %d, %s: %+v before %+v", order, window, answer.Tickers[i-1].Spans[window], got.Spans[window])
				}
			}
			filter := c.filter()
			chosen, err := b.Rank(context.Background(), order, window, filter, 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			only := slices.DeleteFunc(slices.Clone(answer.Tickers), func(one *Ticker) bool { return !c.wanted(one, &filter, window) })
			if chosen.Total != len(only) || !slices.Equal(chosen.Tickers, only) {
				t.Fatalf("%+v takes %d coins, not %d", filter, chosen.Total, len(only))
			}
			if len(only) > 0 && len(only) < len(want) {
				filtered++
			}

			asked := []market.Pubkey{{200}, c.mints[c.IntN(9)], c.mints[0]}
			some, err := b.Tickers(context.Background(), asked)
			if err != nil {
				t.Fatal(err)
			}
			if known := c.Marks(asked); len(some.Tickers) != len(known) || len(known) > 1 && some.Tickers[1].Token.Mint != known[1].Mint {
				t.Fatalf("%d tickers of %d mints", len(some.Tickers), len(known))
			}
			for _, got := range some.Tickers {
				c.check(t, b, got)
			}
		}
		if filtered < 100 {
			t.Errorf("only %d filters took some and left some: the test looks at little", filtered)
		}
		if rankings < 100 {
			t.Errorf("only %d rankings of more than five mints: the test looks at little", rankings)
		}
	}
}

// inOrder tells by plain rules whether x may stand before y.
func (c *chain) inOrder(order Order, window Window, x, y *Ticker) bool {
	later := x.Token.LatestTradeTime >= y.Token.LatestTradeTime
	if order == ByLastTrade|Ascending {
		return x.Token.LatestTradeTime <= y.Token.LatestTradeTime
	}
	if order == ByLastTrade {
		return later
	}

	quotes := x.Token.Pair.CompareQuotes(y.Token.Pair)
	if base := order &^ Ascending; quotes != 0 && (base == ByQuoteVolume || base == ByPrice) {
		return quotes < 0
	}
	a, known := c.figure(order, window, x)
	b, knownToo := c.figure(order, window, y)
	switch {
	case known != knownToo:
		return known
	case !known:
		return later
	case order&^Ascending == ByMarketCap && quotes != 0:
		return quotes < 0
	case a == b:
		return later
	}
	return (a < b) == (order&Ascending != 0 || order == ByLoss)
}

// figure is what a coin is ranked by.
func (c *chain) figure(order Order, window Window, t *Ticker) (figure float64, known bool) {
	created, dated := createdAt(t.Token.Mint)
	switch order &^ Ascending {
	case ByQuoteVolume:
		return float64(t.Spans[window].QuoteVolume.Lo), true
	case ByTrades:
		return float64(t.Spans[window].Trades), true
	case ByPrice:
		return float64(t.Token.LatestPrice.Lo), true
	case ByMarketCap:
		return c.capOf(t)
	case ByProgress:
		figure, known, _ = c.progress(context.Background(), &t.Token)
		return figure, known
	case ByCreation:
		return float64(created), dated
	default:
		figure, _ = t.Change(window)
		return figure, true
	}
}

func TestLineOfADay(t *testing.T) {
	c := newChain(5, 3)
	interval := market.M5
	for range 400 {
		c.step()
		answer, err := New(c, []market.Interval{interval}).Tickers(context.Background(), c.mints)
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range answer.Tickers {
			list := c.ticks[got.Token.Mint]
			from := c.now - H24.Seconds()
			if len(list) > 0 && interval.Floor(list[0].Time) > from {
				from = interval.Floor(list[0].Time)
			}
			for i, point := range got.Spark {
				var want market.Price
				for _, tick := range list {
					open := interval.Floor(tick.Time)
					if end := from + (c.now-from)*int64(i+1)/SparkPoints; open < from || i == SparkPoints-1 || open < end {
						want = tick.Price
					}
				}
				if point != want {
					t.Fatalf("at %d, point %d of %v: %v, want %v", c.now, i, got.Token.Mint[0], point, want)
				}
			}
		}
	}
}

func TestNothingIsReadTwice(t *testing.T) {
	c := newChain(1, 6)
	for len(c.Traded(c.now-100, 10)) < 6 {
		c.step()
	}
	b := New(c, market.AllIntervals())
	rank := func() int {
		t.Helper()
		c.reads = 0
		if _, err := b.Rank(context.Background(), ByGain, H1, Filter{}, 0, 10); err != nil {
			t.Fatal(err)
		}
		return c.reads
	}
	if first, again := rank(), rank(); first != 6 || again != 0 {
		t.Errorf("%d reads, then %d", first, again)
	}
	c.touch(c.mints[2], c.ticks[c.mints[2]])
	if reads := rank(); reads != 1 {
		t.Errorf("%d reads after a commit about one mint", reads)
	}
	c.now += 2 * H1.Seconds()
	if reads := rank(); reads != 6 {
		t.Errorf("%d reads after every candle has left a window", reads)
	}
}

func TestPagesAndBounds(t *testing.T) {
	c := newChain(3, 5)
	for len(c.Traded(c.now-100, 10)) < 5 {
		c.step()
	}
	b := New(c, market.AllIntervals())
	for _, page := range [][3]int{{0, 2, 2}, {4, 2, 1}, {5, 2, 0}, {-1, 1, 1}, {0, -1, 0}, {1 << 40, 10, 0}} {
		if answer, err := b.Rank(context.Background(), ByTrades, M5, Filter{}, page[0], page[1]); err != nil || len(answer.Tickers) != page[2] || answer.Total != 5 {
			t.Errorf("page %v: %d of %d, %v", page, len(answer.Tickers), answer.Total, err)
		}
	}
	for i := range 2*maxRanked + 10 {
		b.keep(&kept{Ticker: Ticker{Token: market.Token{Mint: market.Pubkey{1: byte(i), 2: byte(i >> 8), 3: byte(i >> 16)}}}})
	}
	if len(b.kept) > 2*maxRanked {
		t.Errorf("%d are kept", len(b.kept))
	}
}

func TestFailures(t *testing.T) {
	c := newChain(4, 3)
	for len(c.Traded(c.now-100, 10)) < 3 {
		c.step()
	}
	b := New(c, market.AllIntervals())
	c.fail = errors.New("a damaged block")
	if _, err := b.Rank(context.Background(), ByTrades, M5, Filter{}, 0, 9); !errors.Is(err, c.fail) {
		t.Errorf("a failing store gives %v", err)
	}
	c.fail = nil
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := b.Rank(ended, ByTrades, M5, Filter{}, 0, 9); !errors.Is(err, context.Canceled) {
		t.Errorf("a question nobody waits for gives %v", err)
	}
	if answer, err := b.Rank(context.Background(), ByTrades, M5, Filter{}, 0, 9); err != nil || answer.Total != 3 {
		t.Errorf("after that: %v %v", answer, err)
	}
	if w, err := ParseWindow("h1"); w != H1 || err != nil {
		t.Error(w, err)
	}
	if _, err := ParseWindow("d1"); !errors.Is(err, ErrWindow) {
		t.Error(err)
	}
}

// A window is read from the kept interval whose length is nearest to the best one, and is shorter than the window.
func TestIntervalOfAWindow(t *testing.T) {
	for _, c := range []struct {
		window Window
		kept   []market.Interval
		want   string
	}{
		{H24, market.StoredIntervals(), "m5"},
		{H1, market.StoredIntervals(), "m1"},
		{M5, market.StoredIntervals(), "s5"},
		{H24, []market.Interval{market.M1, market.M15, market.H1}, "m15"},
		{H24, []market.Interval{market.S1, market.H4, market.D1}, "h4"},
		{H1, []market.Interval{market.S15, market.M5, market.H1}, "s15"},
		{M5, []market.Interval{market.S1, market.M1, market.M5}, "s1"},
		{M5, []market.Interval{market.M5, market.M15}, "none"},
		{H24, []market.Interval{market.D1}, "none"},
	} {
		got := "none"
		if interval := c.window.interval(c.kept); interval != nil {
			got = interval.String()
		}
		if got != c.want {
			t.Errorf("%s of %v: %s, want %s", c.window, market.IntervalNames(c.kept), got, c.want)
		}
	}
}

package stream

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"spinscope/backend/candle"
	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// keeper is a client that keeps the candles of one topic as the protocol says.
type keeper struct {
	candles map[int64]wire.Candle
	finals  map[int64]bool
	seq     market.Seq
}

func newKeeper() *keeper {
	return &keeper{candles: map[int64]wire.Candle{}, finals: map[int64]bool{}}
}

// take takes what the client got.
func (k *keeper) take(t *testing.T, got []parsed) {
	t.Helper()
	for _, p := range got {
		switch p.event {
		case "gap":
			clear(k.candles)
			clear(k.finals)
		case "history_data":
			for _, c := range parseCandles(t, p.Data) {
				k.candles[c.Time], k.finals[c.Time] = c, c.IsFinal
			}
			k.seq = max(k.seq, p.Seq)
		case "kline_data":
			var c wire.Candle
			if err := json.Unmarshal(p.Data, &c); err != nil {
				t.Fatal(err)
			}
			if p.Seq < k.seq {
				t.Fatalf("seq %d after %d", p.Seq, k.seq)
			}

			k.seq = p.Seq
			switch was := k.finals[c.Time]; {
			case c.UpdateType == "final" && was:
				t.Fatalf("%d: %d became final twice", p.Seq, c.Time)
			case c.UpdateType == "correction" && !was && c.Trades > 0:
				t.Fatalf("%d: %d is corrected and was not final", p.Seq, c.Time)
			case c.UpdateType == "realtime" && was:
				t.Fatalf("%d: %d moved on after it was final", p.Seq, c.Time)
			}

			k.candles[c.Time], k.finals[c.Time] = c, c.IsFinal
			if c.Trades == 0 {
				delete(k.candles, c.Time)
				delete(k.finals, c.Time)
			}
		}
	}
}

// equal compares what the client has with the store.
func (k *keeper) equal(t *testing.T, s *store.Store, interval market.Interval, step int) {
	t.Helper()
	candles, _, _, err := s.NewestCandles(t.Context(), testMints[0], interval, minTime, maxTime, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if len(candles) != len(k.candles) {
		t.Fatalf("step %d: the client has %d %s candles, the store %d", step, len(k.candles), interval, len(candles))
	}
	for _, c := range candles {
		want, have := wire.HistoryCandle(c, s.Pair(testMints[0])), k.candles[c.Time]
		have.UpdateType = want.UpdateType
		if have != want {
			t.Fatalf("step %d, %s:\nthe client has %+v\nthe store        %+v", step, interval, have, want)
		}
	}
}

// Whoever follows candles that are merged has after every commit what history says, final ones once, also where the last
// of a candle's parts is empty, a correction changes or a rollback removes a part, and a client that resumes has it too. So it is
// of a coin that is followed by addresses of its own, whether the program is ahead of them or behind, and of one that nobody follows
// of programs of which all coins are kept.
func TestMergedCandlesArePushed(t *testing.T) {
	for name, ahead := range map[string]int64{"of the program": 0, "of a coin that is behind": 5000, "of a coin that is ahead": -5000} {
		t.Run(name, func(t *testing.T) { mergedCandlesArePushed(t, ahead, false) })
	}
	t.Run("of a coin that nobody follows", func(t *testing.T) { mergedCandlesArePushed(t, 5000, true) })
}

func mergedCandlesArePushed(t *testing.T, ahead int64, whole bool) {
	addresses := []market.Pubkey{{1}, {2}}
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 77)) //nolint:gosec // a test that repeats
		options := store.Options{Dir: t.TempDir(), Intervals: testIntervals}
		if ahead != 0 {
			options.Addresses = func(market.Pubkey, market.Pair) []market.Pubkey { return addresses }
		}

		if whole {
			options.Whole, options.Addresses = addresses, func(market.Pubkey, market.Pair) []market.Pubkey { return []market.Pubkey{{3}} }
		}
		durable, err := store.Open(options)
		if err != nil {
			t.Fatal(err)
		}
		intervals := slices.Concat(testIntervals, []market.Interval{market.M3})
		b := newBench(t, func(o *Options) { o.Store, o.Intervals, o.HistoryDefault = durable, intervals, 5000 })
		b.writer.random = r
		b.writer.before = func(c *market.Commit) {
			c.Seq = durable.Seq() + 1
			if ahead != 0 { // one of the two is further, by turns
				at := c.ChainTime
				for i, address := range addresses {
					c.Reached = append(c.Reached, market.Reached{Address: address, ChainTime: at + int64(c.Seq+market.Seq(i))%2*7000}) //nolint:gosec // small
				}
				c.ChainTime += ahead
			}
			if err := durable.Commit(c); err != nil {
				t.Fatal(err)
			}
		}

		kline := object{"symbol": testMints[0].String(), "interval": "m3"}
		follower, _ := b.client(t, openSpace, "live")
		live, back := newKeeper(), newKeeper()
		_, got := ask(t, follower, "subscribe_kline", kline)
		live.take(t, got)
		kinds := map[string]int{}
		for step := range 700 {
			b.writer.now += r.Int64N(30)
			if r.IntN(20) == 0 {
				b.writer.now += r.Int64N(1000)
			}
			b.writer.step()
			if r.IntN(25) == 0 {
				b.remove(t, durable, r)
			}

			if r.IntN(15) == 0 {
				b.late(t, durable, market.M1.Floor(b.writer.now-100-r.Int64N(2000)))
			}
			if r.IntN(3) > 0 {
				continue
			}

			b.tick(t)
			got := taken(t, follower)
			for _, p := range got {
				var c wire.Candle
				if p.event == "kline_data" && json.Unmarshal(p.Data, &c) == nil {
					kinds[c.UpdateType]++
				}
			}

			live.take(t, got)
			live.equal(t, durable, market.M3, step)
			if r.IntN(10) == 0 { // comes back, and leaves again
				s, _ := b.client(t, openSpace, "back")
				_, got := ask(t, s, "subscribe_kline", with(kline, "since_seq", float64(back.seq+1)))
				back.take(t, got)
				back.equal(t, durable, market.M3, step)
				b.disconnect(s, "leaves")
			}
		}

		if kinds["final"] < 20 || kinds["realtime"] < 20 || kinds["correction"] < 5 {
			t.Errorf("the pushes were %v", kinds)
		}
		if err := durable.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// remove takes one of the newest final m1 candles away, as a rollback does: the next one opens at the close before it.
func (b *bench) remove(t *testing.T, s *store.Store, r *rand.Rand) {
	t.Helper()
	candles, _, _, err := s.NewestCandles(t.Context(), testMints[0], market.M1, minTime, maxTime, 8)
	if err != nil {
		t.Fatal(err)
	}

	if len(candles) < 3 {
		return
	}
	i := 1 + r.IntN(len(candles)-2)
	next, gone, before := candles[i-1], candles[i], candles[i+1]
	if !gone.Final {
		return
	}

	change := market.CandleChange{Mint: testMints[0], Interval: market.M1, Type: market.Correction, Removed: true}
	change.Candle = candle.Flat(gone.Time, before.Close)
	change.Candle.Final, change.Candle.Corrected = true, true
	c := &market.Commit{ChainTime: b.writer.now - 1, Candles: []market.CandleChange{change}}

	reopened := func(c *market.Candle) {
		c.Open = before.Close
		if c.High.Less(c.Open) {
			c.High = c.Open
		}
		if c.Open.Less(c.Low) {
			c.Low = c.Open
		}
	}
	change.Removed, change.Candle = false, next
	reopened(&change.Candle)
	if change.Candle.Corrected = next.Final; !next.Final {
		change.Type = market.Realtime
		open := b.writer.open[0].Open[market.M1]
		for i := range open {
			if open[i].Time == next.Time {
				reopened(&open[i])
			}
		}
	}

	c.Candles = append(c.Candles, change)
	b.writer.publish(c)
}

// late makes a final m1 candle where there was none, as a trade at the last price does that comes late.
func (b *bench) late(t *testing.T, s *store.Store, time int64) {
	t.Helper()
	c, found, err := s.CandleBefore(testMints[0], market.M1, time+60)
	if err != nil {
		t.Fatal(err)
	}
	if !found || c.Time == time {
		return
	}
	c = candle.Flat(time, c.Close)
	c.Trades, c.Final = 1, true
	b.writer.publish(&market.Commit{ChainTime: b.writer.now - 1, Candles: []market.CandleChange{{
		Mint: testMints[0], Interval: market.M1, Type: market.Final, Candle: c,
	}}})
}

// A merged candle becomes final once, whatever its parts do and in whatever order the store tells of it.
func TestWhyAMergedCandleIsPushed(t *testing.T) {
	const start, over = int64(1800), int64(1980)
	part := func(time int64, kind market.UpdateType, trades uint64) *market.CandleChange {
		return &market.CandleChange{Interval: market.M1, Type: kind, Removed: trades == 0, Candle: market.Candle{Time: time, Trades: trades, Final: true}}
	}
	type step struct {
		parts  []*market.CandleChange
		now    int64
		trades uint64 // 0: there is no such candle
		final  bool
	}
	for name, c := range map[string]struct {
		steps []step
		want  string // what each step pushes: r(ealtime), f(inal), c(orrection), g(one) or nothing, -
	}{
		"closed after its end, as an estimated time was waited for": {[]step{
			{nil, over, 3, false},
			{[]*market.CandleChange{part(start, market.Final, 2)}, over + 60, 3, true},
		}, "-f"},
		"closed by chain time alone, and corrected": {[]step{
			{nil, over, 3, true},
			{[]*market.CandleChange{part(start, market.Correction, 4)}, over + 60, 4, true},
		}, "fc"},
		"gone, and back": {[]step{
			{nil, over, 3, true},
			{[]*market.CandleChange{part(start, market.Correction, 0)}, over, 0, false},
			{[]*market.CandleChange{part(start+60, market.Final, 1)}, over, 1, true},
		}, "fgf"},
		"gone, and back by two commits that are read at once": {[]step{
			{nil, over, 3, true},
			{[]*market.CandleChange{part(start, market.Correction, 0)}, over, 0, false},
			{[]*market.CandleChange{part(start+60, market.Final, 1)}, over, 2, true},
			{[]*market.CandleChange{part(start, market.Final, 1)}, over, 2, true},
		}, "fgf-"},
		"back before it was told that it went": {[]step{
			{nil, over, 3, true},
			{[]*market.CandleChange{part(start, market.Correction, 0), part(start+60, market.Final, 1)}, over, 1, true},
		}, "fc"},
		"a late part beside one that is corrected": {[]step{
			{nil, over, 3, true},
			{[]*market.CandleChange{part(start+120, market.Correction, 3), part(start, market.Final, 1)}, over, 4, true},
		}, "fc"},
		"made late, and changed before it was told of": {[]step{
			{nil, over, 0, false},
			{[]*market.CandleChange{part(start, market.Final, 1), part(start, market.Correction, 2)}, over + 60, 2, true},
		}, "-f"},
		"read before its commit": {[]step{
			{[]*market.CandleChange{part(start, market.Realtime, 1)}, over - 1, 2, true},
			{[]*market.CandleChange{part(start+60, market.Final, 1)}, over, 2, true},
			{[]*market.CandleChange{part(start+60, market.Correction, 1)}, over, 2, true},
		}, "rf-"},
	} {
		var topic derivedTopic
		got, before := "", over-60
		for i, s := range c.steps {
			touch := &touch{topic: key{kind: klineTopic, interval: market.M3}, time: start, made: map[int64]uint64{}}
			for _, change := range s.parts {
				touch.part(change)
			}

			now := market.Candle{Time: start, Trades: s.trades, Final: s.final}
			change, ok := topic.tell(touch, now, s.trades > 0, s.now, before)
			switch {
			case !ok:
				got += "-"
			case change.Removed:
				got += "g"
			default:
				got += change.Type.String()[:1]
			}

			if ok && change.Candle.Time != start {
				t.Errorf("%s, step %d: %+v", name, i, change)
			}
			before = s.now
		}

		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

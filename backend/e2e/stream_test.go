package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
)

// historyData is an answer with candles.
type historyData struct {
	Symbol     string   `json:"symbol"`
	Interval   string   `json:"interval"`
	Data       []candle `json:"data"`
	HasMore    bool     `json:"has_more"`
	TotalCount int      `json:"total_count"`
	Seq        uint64   `json:"seq"`
}

// klineData is a pushed candle.
type klineData struct {
	Symbol         string          `json:"symbol"`
	Interval       string          `json:"interval"`
	SubscriptionID json.RawMessage `json:"subscription_id"`
	Data           candle          `json:"data"`
	Timestamp      int64           `json:"timestamp"`
	Seq            uint64          `json:"seq"`
	Slot           uint64          `json:"slot"`
	BlockTime      int64           `json:"block_time"`
	PublishedAt    int64           `json:"published_at"`
}

// topic is a candle stream as one client of one namespace sees it.
type topic struct{ ns, mint, interval string }

func (t topic) String() string { return t.ns + " " + t.mint + " " + t.interval }

// seen is what a client knows about a topic, put together from the answers and the pushes.
type seen struct {
	seq      uint64
	base     uint64 // of the newest answer: pushes are above it
	answered bool
	oldest   int64 // first candle of the first answer
	finals   map[int64]candle
	pushed   map[int64]int // how often a final was pushed
	open     map[int64]state
}

// state is the newest word on an open candle. Two slots' grace keep a candle open while the next one begins.
type state struct {
	seq    uint64
	trades int
}

// follower reads a client's messages as a careful chart would, and checks every rule of delivery on the way. One
// follower is for one connection; a client that comes back gets a new one, with the old one's topics.
//
// On a machine so slow that block times come late, events are provisional at first and candles are corrected: for mints
// whose event stream said so, and only for them, candles may change after all.
type follower struct {
	topics map[topic]*seen
	place  int
	ns     map[string]uint64 // newest seq pushed on each namespace
	late   map[string]uint64 // by mint: the last commit with events whose block time was, or had been, an estimate
	guess  map[string]bool   // those events
	rough  bool              // the market has faults: candles of every mint may change
}

func newFollower() *follower {
	return &follower{topics: map[topic]*seen{}, ns: map[string]uint64{}, late: map[string]uint64{}, guess: map[string]bool{}}
}

// resume takes over what another connection's follower knew. An answer to since_seq may repeat finals.
func (f *follower) resume() *follower {
	next := newFollower()
	next.late, next.guess = f.late, f.guess
	for name, s := range f.topics {
		kept := *s
		kept.answered = false
		kept.pushed = map[int64]int{}
		next.topics[name] = &kept
	}
	return next
}

// follow takes what came since the last time.
func (f *follower) follow(c *client) error { return f.followTo(c, len(c.all(0))) }

// exact reports whether no candle of the mint may change once it is final.
func (f *follower) exact(mint string) bool { return !f.rough && f.late[mint] == 0 }

// followTo takes what came since the last time and before the place.
func (f *follower) followTo(c *client, end int) error {
	for list := c.all(0); f.place < end; f.place++ {
		if err := f.take(&list[f.place]); err != nil {
			return fmt.Errorf("message %d: %w", f.place, err)
		}
	}
	return nil
}

func (f *follower) take(m *message) error {
	switch m.Event {
	case "error", "gap", "@disconnect", "@connect_error":
		return fmt.Errorf("%s %s %s", m.NS, m.Event, m.Args)
	case "event_data":
		var e streamed
		if err := m.read(&e); err != nil {
			return err
		}
		if e.EventData.Provisional || f.guess[e.id()] {
			f.guess[e.id()], f.late[e.Symbol] = true, e.Seq
		}
	case "history_data":
		var h historyData
		if err := m.read(&h); err != nil {
			return err
		}
		return f.history(m.NS, &h)
	case "kline_data":
		var k klineData
		if err := m.read(&k); err != nil {
			return err
		}
		if err := f.push(m.NS, &k); err != nil {
			return fmt.Errorf("%w: %s %s", err, m.NS, m.Args[0])
		}
	}

	return nil
}

func (f *follower) history(ns string, h *historyData) error {
	name := topic{ns, h.Symbol, h.Interval}
	s := f.topics[name]
	if s == nil {
		s = &seen{finals: map[int64]candle{}, pushed: map[int64]int{}, open: map[int64]state{}}
		f.topics[name] = s
	}

	newestFirst := ns == "/kline"
	for i := 1; i < len(h.Data); i++ {
		if newestFirst != (h.Data[i].Time < h.Data[i-1].Time) || h.Data[i].Time == h.Data[i-1].Time {
			return fmt.Errorf("%s: history is not in order", name)
		}
	}

	if newestFirst {
		slices.Reverse(h.Data)
	}
	if h.Seq < s.seq {
		return fmt.Errorf("%s: history with seq %d after %d", name, h.Seq, s.seq)
	}

	if s.oldest == 0 && len(h.Data) > 0 {
		s.oldest = h.Data[0].Time
	}
	s.answered, s.seq, s.base = true, h.Seq, h.Seq
	for _, c := range h.Data {
		if c.UpdateType == "correction" {
			return fmt.Errorf("%s: history holds a correction", name)
		}
		if old, known := s.finals[c.Time]; known && old != c && f.exact(h.Symbol) {
			return fmt.Errorf("%s: a final candle changed from %+v to %+v", name, old, c)
		}
		if err := marked(s.finals[c.Time], c, false); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}

		if delete(s.finals, c.Time); c.IsFinal {
			s.finals[c.Time] = c
		}
		s.open[c.Time] = state{h.Seq, c.Trades}
	}

	return nil
}

func (f *follower) push(ns string, k *klineData) error {
	name := topic{ns, k.Symbol, k.Interval}
	s := f.topics[name]
	c := k.Data
	switch {
	case s == nil || !s.answered:
		return fmt.Errorf("a push before the history")
	case string(k.SubscriptionID) != "null":
		return fmt.Errorf("subscription_id is %s", k.SubscriptionID)
	case k.Seq < f.ns[ns]:
		return fmt.Errorf("seq %d after %d on the namespace", k.Seq, f.ns[ns])
	case k.Seq <= s.base:
		return fmt.Errorf("seq %d after an answer as of %d", k.Seq, s.base)
	case k.Seq < s.seq:
		return fmt.Errorf("seq %d after %d on the topic", k.Seq, s.seq)
	case k.Seq <= s.open[c.Time].seq:
		return fmt.Errorf("seq %d after %d on the candle", k.Seq, s.open[c.Time].seq)
	case c.Trades < s.open[c.Time].trades && f.exact(k.Symbol):
		return fmt.Errorf("goes back behind %d trades", s.open[c.Time].trades)
	case c.Low > min(c.Open, c.Close), c.High < max(c.Open, c.Close):
		return fmt.Errorf("high and low do not hold open and close")
	case c.UpdateType == "correction" && f.exact(k.Symbol):
		return fmt.Errorf("a correction, in a market without faults")
	case c.IsFinal != (c.UpdateType != "realtime"):
		return fmt.Errorf("is_final does not fit update_type")
	case k.Timestamp != k.PublishedAt:
		return fmt.Errorf("timestamp is not published_at")
	}

	emptied := c.IsFinal && c.Trades == 0 // also said of open candles
	if _, known := s.finals[c.Time]; known != (c.UpdateType == "correction") && !emptied && !f.rough {
		return fmt.Errorf("final before: %v", known)
	}

	f.ns[ns], s.seq, s.open[c.Time] = k.Seq, k.Seq, state{k.Seq, c.Trades}
	switch {
	case emptied:
		delete(s.finals, c.Time)
	case c.IsFinal:
		if c.UpdateType == "correction" && !c.Corrected {
			return fmt.Errorf("a correction that does not say corrected")
		}
		c.UpdateType = "final"
		if err := marked(s.finals[c.Time], c, true); err != nil {
			return err
		}
		s.finals[c.Time] = c
	}

	if k.Data.UpdateType == "final" {
		s.pushed[c.Time]++
	}
	return nil
}

// marked reports whether a candle says that it was corrected when it is another than the final one known so far; and, if
// every change of it was seen, only then.
func marked(known, now candle, whole bool) error {
	same := now
	same.Corrected = known.Corrected
	must := known.Corrected || same != known
	if known.IsFinal && (must && !now.Corrected || whole && now.Corrected && !must) {
		return fmt.Errorf("corrected is %v, from %+v to %+v", now.Corrected, known, now)
	}
	return nil
}

// live counts the finals from a time on that were pushed for a topic.
func (f *follower) live(name topic, since int64) (count int) {
	if s := f.topics[name]; s != nil {
		for time := range s.pushed {
			if time >= since {
				count++
			}
		}
	}
	return count
}

// newest is the highest seq seen.
func (f *follower) newest() uint64 {
	var highest uint64
	for _, s := range f.topics {
		highest = max(highest, s.seq)
	}
	return highest
}

// compare holds what was received against the ledger: every candle right, none missing between the first answer and
// the last final.
func (f *follower) compare(t *testing.T, l *ledger) {
	t.Helper()
	for name, s := range f.topics {
		list := l.buckets(name.mint, name.interval)
		var newest int64
		for time, c := range s.finals {
			newest = max(newest, time)
			b, err := byTime(list, time)
			if err == nil {
				err = b.check(c)
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}

		missing := 0
		for i := range list {
			if b := &list[i]; b.time >= s.oldest && b.time <= newest {
				if _, ok := s.finals[b.time]; !ok {
					missing++
					t.Logf("%s: no final candle at %d", name, b.time)
				}
			}
		}

		if missing > 0 {
			t.Errorf("%s: %d of %d candles are missing", name, missing, len(list))
		}
	}
}

// complete reports whether a final candle came for each of the ledger's buckets since the first answer.
func (f *follower) complete(l *ledger, intervals ...string) error {
	for name, s := range f.topics {
		if !slices.Contains(intervals, name.interval) {
			continue
		}
		for _, b := range l.buckets(name.mint, name.interval) {
			if _, ok := s.finals[b.time]; !ok && b.time >= s.oldest {
				return fmt.Errorf("%s: the candle at %d is not final yet", name, b.time)
			}
		}
	}
	return nil
}

// interims compares every pushed open candle with the ledger, and its stamps with its last trade. It returns how many
// there were; those of late commits cannot be compared, as trades moved between them.
func interims(t *testing.T, c *client, l *ledger, late map[string]uint64) (count int) {
	t.Helper()
	cut := map[topic][]bucket{}
	failures := 0
	for _, m := range c.all(0) {
		var k klineData
		if m.Event != "kline_data" || m.read(&k) != nil || k.Data.IsFinal || k.Seq <= late[k.Symbol] {
			continue
		}

		name := topic{"", k.Symbol, k.Interval}
		if cut[name] == nil {
			cut[name] = l.buckets(name.mint, name.interval)
		}
		b, err := byTime(cut[name], k.Data.Time)
		if err == nil {
			err = b.check(k.Data)
		}

		if err == nil {
			if last := b.trades[k.Data.Trades-1]; last.slot != k.Slot || last.time != k.BlockTime {
				err = fmt.Errorf("slot %d and block time %d, its last trade has %d and %d", k.Slot, k.BlockTime, last.slot, last.time)
			}
		}

		if err != nil {
			if failures++; failures <= 5 {
				t.Errorf("%s %s: %v", m.NS, name, err)
			}
		}
		count++
	}

	return count
}

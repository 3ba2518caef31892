package stream

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"spinscope/backend/leaktest"
	"spinscope/backend/market"
	"spinscope/backend/wire"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// parsed is any push or answer as a client reads it.
type parsed struct {
	event     string
	Symbol    string          `json:"symbol"`
	Interval  string          `json:"interval"`
	Topic     string          `json:"topic"`
	Success   bool            `json:"success"`
	Message   string          `json:"message"`
	Code      int             `json:"code"`
	Data      json.RawMessage `json:"data"`
	Seq       market.Seq      `json:"seq"`
	FromSeq   market.Seq      `json:"from_seq"`
	ToSeq     market.Seq      `json:"to_seq"`
	Signature string          `json:"signature"`
	EventType string          `json:"event_type"`
	HasMore   bool            `json:"has_more"`
	Total     int             `json:"total_count"`
	ID        *string         `json:"subscription_id"`
	Price     string          `json:"price_exact"`
	Store     string          `json:"store"`
	Reason    string          `json:"reason"`
	State     string          `json:"state"`
	Done      int64           `json:"done"`
}

func parse(t testing.TB, r received) parsed {
	t.Helper()
	p := parsed{event: r.event}
	if err := json.Unmarshal(r.payload, &p); err != nil {
		t.Fatalf("%v in %s", err, r.payload)
	}
	return p
}

func parseCandles(t testing.TB, text []byte) (list []wire.Candle) {
	t.Helper()
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return list
}

// course is what happened to one topic, commit after commit.
type course struct {
	key     key
	changes []stepped
	at      map[[2]int64]market.CandleChange // by seq and time
}

type stepped struct {
	seq    market.Seq
	change market.CandleChange
}

func (m *memory) course(k key) *course {
	c := &course{key: k, at: make(map[[2]int64]market.CandleChange)}
	for _, commit := range m.commits {
		for _, change := range commit.Candles {
			if (key{kind: klineTopic, interval: change.Interval, mint: change.Mint}) == k {
				c.changes = append(c.changes, stepped{commit.Seq, change})
				c.at[[2]int64{int64(commit.Seq), change.Candle.Time}] = change
			}
		}
	}
	return c
}

// history is the model's: the newest limit candles after a commit, oldest first.
func (c *course) history(seq market.Seq, limit int) []wire.Candle {
	latest := make(map[int64]wire.Candle)
	for _, s := range c.changes {
		if s.seq > seq {
			break
		}
		latest[s.change.Candle.Time] = wire.HistoryCandle(s.change.Candle, market.Pair{})
		if s.change.Removed {
			delete(latest, s.change.Candle.Time)
		}
	}
	list := slices.SortedFunc(maps.Values(latest), func(a, b wire.Candle) int { return cmp.Compare(a.Time, b.Time) })
	return list[max(0, len(list)-limit):]
}

// checkKline replays what a client got for one topic and compares it with the model at every seq: each push is what its
// commit did, nothing final is missing or doubled, and what was left out was replaced by something newer.
func checkKline(t *testing.T, c *course, got []parsed) {
	t.Helper()
	name, symbol, interval := c.key.room(), c.key.mint.String(), c.key.interval.String()
	var seen market.Seq           // of the last answer or push
	pushed := map[[2]int64]bool{} // seq and time
	following := false
	var from market.Seq // seq of the answer that began this stretch
	check := func(upTo market.Seq, interim bool) {
		newest := make(map[int64]market.Seq) // last push of a candle
		for at := range pushed {
			newest[at[1]] = max(newest[at[1]], market.Seq(at[0]))
		}

		for _, s := range c.changes {
			if !following || s.seq <= from || s.seq > upTo || pushed[[2]int64{int64(s.seq), s.change.Candle.Time}] {
				continue
			}
			if s.change.Type != market.Realtime || interim && newest[s.change.Candle.Time] < s.seq {
				t.Fatalf("%s: %s of %d in commit %d never came (history %d, checked to %d)", name, s.change.Type, s.change.Candle.Time, s.seq, from, upTo)
			}
		}
	}
	for _, p := range got {
		if p.Symbol != symbol || p.Interval != interval {
			continue
		}
		switch p.event {
		case "history_data":
			check(p.Seq, false) // the answer has what is newest
			if candles, want := parseCandles(t, p.Data), c.history(p.Seq, 100); !slices.Equal(candles, want) {
				t.Fatalf("%s: history at %d is not the model's", name, p.Seq)
			}
			if p.Seq < seen {
				t.Fatalf("%s: history at %d after a push of %d", name, p.Seq, seen)
			}
			from, seen, following, pushed = p.Seq, p.Seq, true, map[[2]int64]bool{}
		case "unsubscribe_confirmed":
			check(seen, false)
			following = false
		case "kline_data":
			if !following {
				t.Fatalf("%s: push of %d without a subscription", name, p.Seq)
			}
			if p.Seq <= from || p.Seq < seen {
				t.Fatalf("%s: push of %d after %d, history %d", name, p.Seq, seen, from)
			}

			seen = p.Seq
			var pushedCandle wire.Candle
			if err := json.Unmarshal(p.Data, &pushedCandle); err != nil {
				t.Fatal(err)
			}

			at := [2]int64{int64(p.Seq), pushedCandle.Time}
			change, ok := c.at[at]
			if !ok || pushedCandle != wire.NewCandle(change.Candle, market.Pair{}, change.Type) {
				t.Fatalf("%s: push of %d is not what the commit did: %+v", name, p.Seq, pushedCandle)
			}

			if pushed[at] {
				t.Fatalf("%s: push of %d twice", name, p.Seq)
			}
			pushed[at] = true
		}
	}

	check(newestSeq, true)
}

func TestHistoryAndLiveMeetWithoutGap(t *testing.T) {
	b := newBench(t, func(o *Options) { o.BatchTimeout = 2 * time.Millisecond })
	b.meet(t, 120, 2000)
}

// meet lets clients come and go while a writer commits flat out, and checks what each of them got.
func (b *bench) meet(t *testing.T, clients int, commits market.Seq) {
	t.Helper()
	b.run(t)
	stop := make(chan struct{})
	var writing, reading sync.WaitGroup
	writing.Go(func() {
		for {
			if b.memory.Seq() < commits {
				b.writer.step()
			}
			select {
			case <-stop: // on a busy machine the clients may be done before the writer has begun
				if b.memory.Seq() >= commits/10 {
					return
				}
			default:
			}
		}
	})

	peers := make([]*fakePeer, clients)
	for i := range peers {
		space := i % numSpaces
		s, p := b.client(t, openSpace, fmt.Sprint(i))
		s.space = spaces()[space]
		s.space.oldest = true
		p.rooms = b.rooms[space]
		peers[i] = p
		reading.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 5))
			subscribe, unsubscribe, history := "subscribe_kline", "unsubscribe_kline", "get_history"
			if space == spinSpace {
				subscribe, unsubscribe, history = "subscribe", "unsubscribe", "history"
			}

			for range 10 {
				topic := map[string]any{
					"symbol":   testMints[random.IntN(len(testMints))].String(),
					"interval": testIntervals[random.IntN(len(testIntervals))].String(),
				}
				switch random.IntN(5) {
				default:
					s.request(subscribe, []any{topic}, nil)
				case 0:
					s.request(unsubscribe, []any{topic}, nil)
				case 1:
					k, _ := fields(topic).candles(testIntervals)
					if b.broadcaster.follows(s, k) {
						s.request(history, []any{topic}, nil)
					}
				}
			}
		})
	}

	reading.Wait()
	close(stop)
	writing.Wait()
	b.awaitSent(t)
	var courses []*course
	for _, mint := range testMints {
		for _, interval := range testIntervals {
			courses = append(courses, b.memory.course(key{kind: klineTopic, interval: interval, mint: mint}))
		}
	}

	pushes := 0
	for _, p := range peers {
		var got []parsed
		for _, r := range p.take() {
			got = append(got, parse(t, r))
			if r.event == "error" || r.event == "gap" {
				t.Errorf("%s: %s", r.event, r.payload)
			}
			if r.event == "kline_data" {
				pushes++
			}
		}

		for _, c := range courses {
			checkKline(t, c, got)
		}
	}

	t.Logf("%d commits, %d pushes, %d conflated", b.memory.Seq(), pushes, b.Metrics().Conflated)
	if pushes == 0 {
		t.Error("nothing was pushed")
	}
}

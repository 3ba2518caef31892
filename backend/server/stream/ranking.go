package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"spinscope/backend/wire"
)

// Rank gives the first limit of the mints that traded in the last 24 hours of chain time, as /api/tickers ranks them by a
// sort_by in a window, how many there are, and the chain time. It may be called from any goroutine.
type Rank func(ctx context.Context, window, sortBy string, limit int) (list []wire.Ticker, total int, chainTime int64, err error)

// Where requests for rankings name a window or an order, these are the words; the first is the default.
var (
	rankWindows = []string{"h24", "h1", "m5"}
	rankOrders  = wire.TickerSorts()
	rankLimits  = []int64{10, 100, 1000}
)

// rankEvery is how often rankings are looked at.
const rankEvery = time.Second

// ranking is what the subscribers of a ranking were sent, so that only what changed is sent next. The broadcaster's mutex
// guards it.
type ranking struct {
	window, order string
	limit         int

	mints   []string // in order
	tickers map[string]ranked
	total   int
	time    int64 // chain time
}

// ranked is a ticker as it was last sent.
type ranked struct {
	ticker *wire.Ticker
	text   []byte // encoded, to be compared with
}

// ranked reads window, sort_by and limit, which is rounded up to one of rankLimits: so many clients share few rankings.
func (f fields) ranked() (key, error) {
	window, err := f.choice("window", rankWindows)
	if err != nil {
		return key{}, err
	}
	order, err := f.choice("sort_by", rankOrders)
	if err != nil {
		return key{}, err
	}
	limit, err := f.integer("limit", 100)
	if err != nil {
		return key{}, err
	}
	maximum := rankLimits[len(rankLimits)-1]
	if limit < 1 || limit > maximum {
		return key{}, invalid("limit must be from 1 to %d", maximum)
	}
	place, _ := slices.BinarySearch(rankLimits, limit)
	return key{kind: tickerTopic, detail: detailOf(fmt.Sprintf("window=%s/sort_by=%s/limit=%d", window, order, rankLimits[place]))}, nil
}

// choice is one of the words; the first when there is none.
func (f fields) choice(name string, words []string) (string, error) {
	text, err := f.text(name)
	switch {
	case err != nil:
		return "", err
	case text == "":
		return words[0], nil
	case !slices.Contains(words, text):
		return "", invalid("%s: unknown value %.40q: use one of %v", name, text, words)
	}
	return text, nil
}

// newRanking is the one that a topic's detail names, with nothing in it yet.
func newRanking(text string) *ranking {
	parts := bytes.Split([]byte(text), []byte("/")) // written by ranked: three
	value := func(i int) string { _, v, _ := bytes.Cut(parts[i], []byte("=")); return string(v) }
	limit, _ := strconv.Atoi(value(2))
	return &ranking{window: value(0), order: value(1), limit: limit, tickers: map[string]ranked{}}
}

// errNoTickers is the answer where nobody ranks.
var errNoTickers = invalid("this server ranks no mints")

func (s *session) subscribeTickers(f fields) (any, error) {
	if s.stream.rank == nil {
		return nil, errNoTickers
	}
	k, err := f.ranked()
	if err != nil {
		return nil, err
	}
	id, err := f.subscriptionID()
	if err != nil {
		return nil, err
	}

	// Read before the mutex is taken, for the case that nobody follows this ranking yet.
	fresh := newRanking(k.detail.String())
	if _, err := s.stream.readRanking(fresh); err != nil {
		return nil, err
	}
	if err := s.awaitSpace(s.stream.ctx, fresh.size()); err != nil {
		return nil, err
	}

	b := s.stream.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	sub := s.subs[k]
	was := sub != nil
	if !was {
		if sub, err = b.register(s, k); err != nil {
			return nil, err
		}
		b.enter(s, sub)
	}
	if sub.topic.ranking == nil {
		sub.topic.ranking = fresh
	}

	reply := s.confirm(k, id, subscribedText(!was))
	s.emit(k.event(), sub.topic.ranking.whole())
	return reply, nil
}

func (s *session) unsubscribeTickers(f fields) (any, error) {
	k, err := f.ranked()
	if err != nil {
		return nil, err
	}
	return s.unsubscribe(k, f)
}

// readRanking brings a ranking that nobody else has up to date, and tells which tickers changed.
func (st *Stream) readRanking(r *ranking) (changed []string, err error) {
	list, total, now, err := st.rank(st.ctx, r.window, r.order, r.limit)
	if err != nil {
		return nil, fmt.Errorf("rank mints: %w", err)
	}

	tickers := make(map[string]ranked, len(list))
	r.mints, r.total, r.time = make([]string, len(list)), total, now
	for i := range list {
		mint := list[i].Mint
		text, err := json.Marshal(&list[i])
		if err != nil {
			return nil, fmt.Errorf("encode ticker: %w", err)
		}
		if !bytes.Equal(text, r.tickers[mint].text) {
			changed = append(changed, mint)
		}
		r.mints[i], tickers[mint] = mint, ranked{&list[i], text}
	}
	r.tickers = tickers
	return changed, nil
}

func (r *ranking) size() (bytes int) {
	for _, one := range r.tickers {
		bytes += len(one.text)
	}
	return bytes
}

// whole is the push that gives a ranking to who has none of it.
func (r *ranking) whole() []byte { return r.push(r.mints, true, true) }

// push encodes some of the tickers, and the order where it is told.
func (r *ranking) push(mints []string, ordered, whole bool) []byte {
	p := wire.TickersPush{Window: r.window, SortBy: r.order, Limit: r.limit, Whole: whole, Total: r.total, ChainTime: r.time, Tickers: []wire.Ticker{}}
	for _, mint := range mints {
		p.Tickers = append(p.Tickers, *r.tickers[mint].ticker)
	}
	if ordered {
		p.Mints = r.mints
	}
	text, _ := json.Marshal(p) // texts and numbers, encoded once before
	return text
}

// pushRankings sends once a second what changed in the rankings that somebody follows, until ctx ends.
func (st *Stream) pushRankings(ctx context.Context) {
	ticker := time.NewTicker(rankEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		st.lookAtRankings()
	}
}

// lookAtRankings sends what changed since the last look.
func (st *Stream) lookAtRankings() {
	for _, t := range st.broadcaster.followedRankings() {
		st.broadcaster.mu.Lock()
		next := *t.ranking
		st.broadcaster.mu.Unlock()

		before := next.mints
		changed, err := st.readRanking(&next)
		if err != nil {
			if st.ctx.Err() == nil {
				st.log.Error("ranking not read", "topic", t.name, "err", err)
			}
			continue
		}

		ordered := !slices.Equal(before, next.mints)
		st.broadcaster.pushRanking(t, &next, changed, ordered)
	}
}

// followedRankings are the topics of rankings.
func (b *broadcaster) followedRankings() (list []*topic) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rankings == 0 {
		return nil
	}
	for k, t := range b.topics {
		if k.kind == tickerTopic && t.ranking != nil {
			list = append(list, t)
		}
	}
	return list
}

// pushRanking sends a ranking's changes, and keeps it.
func (b *broadcaster) pushRanking(t *topic, next *ranking, changed []string, ordered bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t.ranking = next
	if b.topics[t.key] != t || len(changed) == 0 && !ordered {
		return
	}
	t.sent = b.now()
	b.send(t, push{0, t.event(), next.push(changed, ordered, false)})
	b.counts.updates.Add(1)
}

package stream

import (
	"context"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// everyMint stands for all mints where a request names one.
const everyMint = "*"

// maxListed is how many mints one request may name.
const maxListed = 1000

// mints reads symbols: a list of addresses, each once, in the order given.
func (f fields) mints() ([]market.Pubkey, error) {
	if f["symbol"] != nil {
		return nil, invalid("symbol and symbols: give one of them")
	}
	values, ok := f["symbols"].([]any)
	switch {
	case !ok:
		return nil, invalid("symbols must be a list of addresses, not %s", kindOf(f["symbols"]))
	case len(values) == 0:
		return nil, invalid("symbols is empty")
	case len(values) > maxListed:
		return nil, invalid("symbols: %d given, at most %d are taken", len(values), maxListed)
	}

	list := make([]market.Pubkey, 0, len(values))
	seen := make(map[market.Pubkey]struct{}, len(values))
	for i, value := range values {
		text, ok := value.(string)
		if !ok {
			return nil, invalid("symbols: entry %d must be a string, not %s", i, kindOf(value))
		}
		mint, err := market.ParsePubkey(text)
		if err != nil {
			return nil, invalid("symbols: entry %d: %v", i, err)
		}
		if _, twice := seen[mint]; !twice {
			seen[mint] = struct{}{}
			list = append(list, mint)
		}
	}
	return list, nil
}

// every is the topic of the candles of all mints. Those of an interval that is merged from a shorter one are in no commit.
func (f fields) every(known []market.Interval) (key, error) {
	interval, err := f.interval(known)
	if err == nil && !interval.Stored() {
		err = invalid("interval: %s is merged from shorter ones, which cannot be had of all mints: ask for symbols, or for one of %v",
			interval, market.IntervalNames(market.StoredOf(known)))
	}
	return key{kind: everyTopic, interval: interval}, err
}

// listNames are what confirmations call lists of topics.
var listNames = map[kind]string{klineTopic: "kline", priceTopic: "price", eventsTopic: "events"}

// list reads a request's topics of a kind, and what it calls them.
func (s *session) list(f fields, k kind) (keys []key, reply wire.SubscriptionConfirmed, err error) {
	mints, err := f.mints()
	if err != nil {
		return nil, reply, err
	}
	id, err := f.subscriptionID()
	if err != nil {
		return nil, reply, err
	}
	reply = wire.SubscriptionConfirmed{Topic: listNames[k], SubscriptionID: id, Success: true, Store: s.stream.store.ID(), Symbols: symbols(mints)}

	one := key{kind: k}
	switch k {
	case klineTopic:
		one.interval, err = f.interval(s.stream.intervals)
		reply.Interval = new(one.interval.String())
	case eventsTopic:
		if one.detail, err = f.filter(); one.detail != (detail{}) {
			reply.Topic += "/" + one.detail.String()
		}
	}
	keys = make([]key, len(mints))
	for i, mint := range mints {
		keys[i] = one
		keys[i].mint = mint
	}
	return keys, reply, err
}

// subscribeList follows a topic for each mint of a list, or none of them: when they are more than the client may have, or when
// an answer cannot be read. It is answered like one request for each, but for the confirmation, which is one for all.
func (s *session) subscribeList(f fields, k kind) (any, error) {
	keys, reply, err := s.list(f, k)
	if err != nil {
		return nil, err
	}
	from, err := s.resume(f)
	if err != nil {
		return nil, err
	}
	query := s.stream.newest(s.space.oldest)
	if query.limit, err = f.limit(query.limit, s.stream.historyMax); err != nil {
		return nil, err
	}

	s.weight = listWeight
	fresh, err := s.stream.broadcaster.fresh(s, keys)
	if err != nil {
		return nil, err
	}
	reply.Message = fmt.Sprintf("subscribed to %d", len(fresh))
	if known := len(keys) - len(fresh); known > 0 {
		reply.Message += fmt.Sprintf(", already to %d", known)
	}

	unknown := from.unknown(s.stream.store.Seq())
	switch {
	case k == klineTopic:
		err = s.klineList(keys, from, query)
	case k == priceTopic && (!from.asked || unknown != ""):
		err = s.priceList(keys, unknown)
	default:
		return s.eventList(keys, from, reply)
	}

	if err != nil {
		for _, one := range fresh {
			s.stream.broadcaster.unfollow(s, one, func(bool) {})
		}
		return nil, err
	}
	s.emitJSON("subscription_confirmed", reply)
	return reply, nil
}

// fresh are the topics that a client does not follow yet; errLimit when it may not have all of them.
func (b *broadcaster) fresh(s *session, keys []key) (list []key, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, k := range keys {
		if s.subs[k] == nil {
			list = append(list, k)
		}
	}
	return list, s.mayHold(len(list))
}

// klineList sends the history of each topic in its place among the pushes. The client is paused once for all of them.
func (s *session) klineList(keys []key, from resume, query historyQuery) error {
	for i, k := range keys {
		read := func(ctx context.Context) (*answer, error) {
			if from.asked {
				return s.stream.changes(ctx, k, from, s.space.oldest)
			}
			return s.stream.history(ctx, k, query)
		}
		if _, err := s.insertOne(k, i < len(keys)-1, read, func(a *answer, _ bool) { s.emit("history_data", a.text) }); err != nil {
			return err
		}
	}
	return nil
}

// priceList sends the last price of each topic in its place among the pushes, after a gap when there is a reason for one.
func (s *session) priceList(keys []key, unknown string) error {
	for i, k := range keys {
		read := func(ctx context.Context) (*answer, error) { return s.stream.lastPrice(ctx, k) }
		_, err := s.insertOne(k, i < len(keys)-1, read, func(a *answer, _ bool) {
			if unknown != "" {
				s.gap(k, 1, a.seq, unknown)
			}
			if a.last != nil {
				s.emit("price_update", a.text)
				s.stream.broadcaster.noteTrade(k, a.last)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eventList follows topics that have no answer to wait for, or sends what commits from a seq on brought, in one reading for all.
// The confirmation comes before any push.
func (s *session) eventList(keys []key, from resume, reply wire.SubscriptionConfirmed) (any, error) {
	s.emitJSON("subscription_confirmed", reply)
	p := &pursuit{}
	for _, k := range keys {
		var err error
		if from.asked {
			err = s.rewind(p, k, from, func(bool) {})
		} else {
			err = s.stream.broadcaster.follow(s, k, func(bool) {})
		}
		if err != nil {
			return nil, err
		}
	}
	if from.asked {
		if err := s.pursue(p, false); err != nil {
			s.fallBack(err)
		}
	}
	return reply, nil
}

// unsubscribeList ends the subscriptions of a list, however they were begun.
func (s *session) unsubscribeList(f fields, k kind) (any, error) {
	keys, reply, err := s.list(f, k)
	if err != nil {
		return nil, err
	}
	gone := 0
	for _, one := range keys {
		s.stream.broadcaster.unfollow(s, one, func(removed bool) {
			if removed {
				gone++
			}
		})
	}
	reply.Message = fmt.Sprintf("unsubscribed from %d", gone)
	if never := len(keys) - gone; never > 0 {
		reply.Message += fmt.Sprintf(", was not subscribed to %d", never)
	}
	s.emitJSON("unsubscribe_confirmed", reply)
	return reply, nil
}

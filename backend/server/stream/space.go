package stream

import (
	"encoding/json"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// handler serves one request of a client. What it returns answers the acknowledgement, as an object with success: true.
type handler func(s *session, f fields) (reply any, err error)

// space is a namespace: its names for requests, and its habits.
type space struct {
	index    int
	name     string
	oldest   bool // history is oldest first unless asked otherwise
	handlers map[string]handler
	greeting func(clientID, store string, now int64, intervals []string, symbols func() []string) any
}

// plainName is what clients without Socket.IO are listed under.
const plainName = "/ws"

// spaces are the namespaces over the same core. What needs no Socket.IO speaks the language of /ws/kline.
func spaces() [numSpaces]*space {
	open := &space{
		index: openSpace, name: "/ws/kline", oldest: true,
		handlers: map[string]handler{
			"subscribe_kline":          (*session).subscribeKline,
			"unsubscribe_kline":        (*session).unsubscribeKline,
			"get_history":              (*session).getHistory,
			"subscribe_price":          (*session).subscribePrice,
			"unsubscribe_price":        (*session).unsubscribePrice,
			"subscribe_events":         (*session).subscribeEvents,
			"unsubscribe_events":       (*session).unsubscribeEvents,
			"subscribe_user":           (*session).subscribeUser,
			"unsubscribe_user":         (*session).unsubscribeUser,
			"subscribe_token_events":   subscribeTo(tokenTopic),
			"unsubscribe_token_events": unsubscribeFrom(tokenTopic),
			"subscribe_alerts":         subscribeTo(alertTopic),
			"unsubscribe_alerts":       unsubscribeFrom(alertTopic),
			"subscribe_tickers":        (*session).subscribeTickers,
			"unsubscribe_tickers":      (*session).unsubscribeTickers,
			"ping":                     (*session).pong,
		},
		greeting: func(id, store string, now int64, intervals []string, symbols func() []string) any {
			return wire.ConnectionSuccess{ClientID: id, ServerTime: now, SupportedSymbols: symbols(), SupportedIntervals: intervals, Store: store}
		},
	}
	spin := &space{
		index: spinSpace, name: "/kline",
		handlers: map[string]handler{
			"subscribe":   (*session).subscribeKline,
			"unsubscribe": (*session).unsubscribeKline,
			"history":     (*session).getHistory,
			"ping":        (*session).pong,
		},
		greeting: func(id, store string, now int64, intervals []string, _ func() []string) any {
			return wire.SpinConnectionSuccess{ClientID: id, ServerTime: now, SupportedSymbols: []string{}, SupportedIntervals: intervals, Store: store}
		},
	}

	plain := *open
	plain.index, plain.name = plainSpace, plainName
	return [numSpaces]*space{openSpace: open, spinSpace: spin, plainSpace: &plain}
}

// subscribeTo and unsubscribeFrom serve the topics that are one for all mints.
func subscribeTo(k kind) handler {
	return func(s *session, f fields) (any, error) { return s.subscribeWhole(key{kind: k}, f) }
}

func unsubscribeFrom(k kind) handler {
	return func(s *session, f fields) (any, error) { return s.unsubscribe(key{kind: k}, f) }
}

// subscribeWhole follows a topic of events, from a seq on if the request says so.
func (s *session) subscribeWhole(k key, f fields) (any, error) {
	id, err := f.subscriptionID()
	if err != nil {
		return nil, err
	}
	from, err := s.resume(f)
	if err != nil {
		return nil, err
	}
	switch {
	case from.asked && k.kind != alertTopic:
		return s.replay(k, id, from)
	case from.asked && s.stream.alerts != nil:
		return s.replayAlerts(id, from)
	}
	var reply wire.SubscriptionConfirmed
	err = s.stream.broadcaster.follow(s, k, func(added bool) { reply = s.confirm(k, id, subscribedText(added)) })
	return reply, err
}

// unsubscribe ends any subscription. Ending one that is not there succeeds.
func (s *session) unsubscribe(k key, f fields) (any, error) {
	id, err := f.subscriptionID()
	if err != nil {
		return nil, err
	}
	var reply wire.SubscriptionConfirmed
	s.stream.broadcaster.unfollow(s, k, func(removed bool) {
		text := "unsubscribed"
		if !removed {
			text = "was not subscribed"
		}
		reply = s.confirmation(k, id, text)
		s.emitJSON("unsubscribe_confirmed", reply)
	})
	return reply, nil
}

// confirm sends subscription_confirmed and returns it for the acknowledgement.
func (s *session) confirm(k key, id *string, message string) wire.SubscriptionConfirmed {
	reply := s.confirmation(k, id, message)
	s.emitJSON("subscription_confirmed", reply)
	return reply
}

func (s *session) confirmation(k key, id *string, message string) wire.SubscriptionConfirmed {
	reply := wire.SubscriptionConfirmed{Topic: k.room(), SubscriptionID: id, Success: true, Message: message, Store: s.stream.store.ID()}
	switch {
	case k.kind <= eventsTopic:
		reply.Symbol = new(k.mint.String())
	case k.kind == everyTopic:
		reply.Symbol = new(everyMint)
	}
	if k.kind == klineTopic || k.kind == everyTopic {
		reply.Interval = new(k.interval.String())
	}
	return reply
}

func subscribedText(added bool) string {
	if added {
		return "subscribed"
	}
	return "already subscribed"
}

// emitJSON sends a small payload of fixed shape.
func (s *session) emitJSON(event string, value any) {
	text, err := json.Marshal(value)
	if err != nil { // texts, numbers and booleans only
		s.stream.log.Error("payload not encoded", "event", event, "err", err)
		return
	}
	s.emit(event, text)
}

func symbols(mints []market.Pubkey) []string {
	list := make([]string, len(mints))
	for i, mint := range mints {
		list[i] = mint.String()
	}
	return list
}

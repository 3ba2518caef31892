package stream

import (
	"time"

	"spinscope/backend/market"
)

// kind is a sort of topic.
type kind uint8

const (
	klineTopic  kind = iota // candles of a mint and interval
	priceTopic              // newest price of a mint
	eventsTopic             // events of a mint
	allTopic                // events of all mints
	tokenTopic              // new mints
	alertTopic              // alerts
)

// key identifies a topic.
type key struct {
	kind     kind
	interval market.Interval
	mint     market.Pubkey
}

// room is the topic's name, which its room has too.
func (k key) room() string {
	switch k.kind {
	case klineTopic:
		return "kline:" + k.mint.String() + ":" + k.interval.String()
	case priceTopic:
		return "price:" + k.mint.String()
	case eventsTopic:
		return "events:" + k.mint.String()
	case allTopic:
		return "events"
	case tokenTopic:
		return "token_events"
	default:
		return "alerts"
	}
}

// event is the name its pushes go by.
func (k key) event() string {
	return [...]string{"kline_data", "price_update", "event_data", "event_data", "token_created", "alert"}[k.kind]
}

// topic is one that has subscribers. The broadcaster's mutex guards it.
type topic struct {
	key
	name    string
	symbol  string                     // "" where the topic has no mint
	length  string                     // the interval's name
	members [numSpaces]int             // in the room, by namespace
	holders int                        // subscriptions of any state
	apart   map[*subscription]struct{} // those that are not in the room
	sent    time.Time                  // last push
	interim int                        // 1 + place in pending of the candle or price that a newer one may replace, else 0
	closed  int64                      // time of the newest candle sent as final
	newest  mark                       // price topics: the event shown last
	merged  derivedTopic               // of candles that are not stored
}

func newTopic(k key) *topic {
	t := &topic{key: k, name: k.room(), apart: make(map[*subscription]struct{})}
	if k.kind <= eventsTopic {
		t.symbol = k.mint.String()
	}
	if k.kind == klineTopic {
		t.length = k.interval.String()
	}
	return t
}

// mark is the place of a price event in the order candles take them.
type mark struct {
	time int64
	at   market.Position
}

func markOf(e *market.Event) mark { return mark{e.BlockTime, e.Position} }

func (m mark) after(other mark) bool {
	return m.time > other.time || m.time == other.time && m.at.Compare(other.at) > 0
}

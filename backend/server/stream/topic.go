package stream

import (
	"time"
	"unique"

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
	everyTopic              // candles of an interval, of all mints
	tickerTopic             // a ranking
)

// key identifies a topic.
type key struct {
	kind     kind
	interval market.Interval
	mint     market.Pubkey
	detail   detail // which events, or which ranking; none is the zero value
}

// detail is what tells topics of one kind and mint apart, in the words of the topic's name. Equal ones are one value.
type detail unique.Handle[string]

func detailOf(text string) detail {
	if text == "" {
		return detail{}
	}
	return detail(unique.Make(text))
}

// String is "" for none.
func (d detail) String() string {
	if d == (detail{}) {
		return ""
	}
	return unique.Handle[string](d).Value()
}

// allEvents and mintEvents tell topics that show every event: of all mints, and of one.
func (k key) allEvents() bool  { return k.kind == allTopic && k.detail == detail{} }
func (k key) mintEvents() bool { return k.kind == eventsTopic && k.detail == detail{} }

// wide is the topic without its filter.
func (k key) wide() key {
	k.detail = detail{}
	return k
}

// room is the topic's name, which its room has too.
func (k key) room() string {
	name := k.base()
	if text := k.detail.String(); text != "" {
		name += "/" + text
	}
	return name
}

func (k key) base() string {
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
	case everyTopic:
		return "kline:*:" + k.interval.String()
	case tickerTopic:
		return "tickers"
	default:
		return "alerts"
	}
}

// event is the name its pushes go by.
func (k key) event() string {
	return [...]string{"kline_data", "price_update", "event_data", "event_data", "token_created", "alert", "kline_data", "tickers"}[k.kind]
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
	places  map[market.Pubkey]int      // topics of all mints: interim, by mint
	filter  *filter                    // nil: every event
	ranking *ranking                   // of tickers: what its subscribers were sent
	merged  derivedTopic               // of candles that are not stored
}

func newTopic(k key) *topic {
	t := &topic{key: k, name: k.room(), apart: make(map[*subscription]struct{})}
	if k.kind <= eventsTopic {
		t.symbol = k.mint.String()
	}
	if k.kind == klineTopic || k.kind == everyTopic {
		t.length = k.interval.String()
	}
	switch k.kind {
	case eventsTopic, allTopic:
		t.filter = compileFilter(k.detail.String())
	case everyTopic:
		t.places = map[market.Pubkey]int{}
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

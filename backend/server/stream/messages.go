package stream

import (
	"reflect"

	"spinscope/backend/wire"
)

// Message is a request that clients may send, or what is sent to them. AsyncAPI describes them from these.
type Message struct {
	Name    string
	Doc     string
	Request bool
	Spaces  []string     // where it is known: /ws/kline, /kline, and of what only a plain WebSocket has /ws
	Payload reflect.Type // nil: none
}

// The payloads of requests, as docs/protocol.md has them. They are read field by field (request.go); these only describe.
type (
	candlesRequest struct {
		Symbol         string   `json:"symbol,omitempty" doc:"The mint's address, or * for all"`
		Symbols        []string `json:"symbols,omitempty" maxItems:"1000" doc:"A list in place of symbol"`
		Interval       string   `json:"interval,omitempty"`
		SubscriptionID string   `json:"subscription_id,omitempty" doc:"Echoed in the confirmation"`
		SinceSeq       uint64   `json:"since_seq,omitempty" doc:"The newest seq seen: what came after it is sent first"`
		Store          string   `json:"store,omitempty" doc:"The store that since_seq is of"`
		Limit          int      `json:"limit,omitempty" doc:"Candles of the history"`
	}
	pastRequest struct {
		Symbol   string `json:"symbol"`
		Interval string `json:"interval"`
		Limit    int    `json:"limit,omitempty"`
		From     int64  `json:"from,omitempty" doc:"Unix seconds, inclusive"`
		To       int64  `json:"to,omitempty" doc:"Unix seconds, inclusive"`
		Order    string `json:"order,omitempty" enum:"asc,desc"`
		Fill     bool   `json:"fill,omitempty" doc:"Flat candles for empty buckets; needs from and to"`
		Event    bool   `json:"event,omitempty" default:"true" doc:"false: the acknowledgement alone has the history"`
	}
	priceRequest struct {
		Symbol         string   `json:"symbol,omitempty"`
		Symbols        []string `json:"symbols,omitempty" maxItems:"1000" doc:"A list in place of symbol"`
		SubscriptionID string   `json:"subscription_id,omitempty" doc:"Echoed in the confirmation"`
		SinceSeq       uint64   `json:"since_seq,omitempty" doc:"The newest seq seen: what came after it is sent first"`
		Store          string   `json:"store,omitempty" doc:"The store that since_seq is of"`
	}
	eventsRequest struct {
		Symbol         string   `json:"symbol,omitempty" doc:"Left out: all mints"`
		Symbols        []string `json:"symbols,omitempty" maxItems:"1000" doc:"A list in place of symbol"`
		Types          []string `json:"types,omitempty" maxItems:"64" doc:"Names of event_type"`
		Accounts       []string `json:"accounts,omitempty" maxItems:"100" doc:"Events that belong to one of them"`
		MinSize        string   `json:"min_size,omitempty" doc:"Trades of at least so much, such as 2.5"`
		SubscriptionID string   `json:"subscription_id,omitempty" doc:"Echoed in the confirmation"`
		SinceSeq       uint64   `json:"since_seq,omitempty" doc:"The newest seq seen: what came after it is sent first"`
		Store          string   `json:"store,omitempty" doc:"The store that since_seq is of"`
	}
	userRequest struct {
		User           string `json:"user" doc:"The wallet's address"`
		SubscriptionID string `json:"subscription_id,omitempty" doc:"Echoed in the confirmation"`
		SinceSeq       uint64 `json:"since_seq,omitempty" doc:"The newest seq seen: what came after it is sent first"`
		Store          string `json:"store,omitempty" doc:"The store that since_seq is of"`
	}
	wholeRequest struct {
		SubscriptionID string `json:"subscription_id,omitempty" doc:"Echoed in the confirmation"`
		SinceSeq       uint64 `json:"since_seq,omitempty" doc:"The newest seq seen: what came after it is sent first"`
		Store          string `json:"store,omitempty" doc:"The store that since_seq is of"`
	}
	rankingRequest struct {
		Window         string `json:"window,omitempty" enum:"h24,h1,m5"`
		SortBy         string `json:"sort_by,omitempty" doc:"As of /api/tickers"`
		Limit          int    `json:"limit,omitempty" minimum:"1" maximum:"1000"`
		SubscriptionID string `json:"subscription_id,omitempty" doc:"Echoed in the confirmation"`
	}
	authRequest struct {
		Token string `json:"token"`
	}
	ackAnswer struct {
		Success bool   `json:"success" doc:"With true, the answer's own members stand beside it"`
		Code    int    `json:"code,omitempty" doc:"As of error"`
		Message string `json:"message,omitempty"`
	}
	pongAnswer struct {
		Timestamp int64 `json:"timestamp" doc:"Unix milliseconds"`
	}
)

// Messages lists every request and everything that is sent.
func Messages() []Message {
	open, spin := []string{"/ws/kline"}, []string{"/kline"}
	both := []string{"/ws/kline", "/kline"}
	request := func(spaces []string, payload reflect.Type, doc string, names ...string) (list []Message) {
		for _, name := range names {
			list = append(list, Message{Name: name, Doc: doc, Request: true, Spaces: spaces, Payload: payload})
		}
		return list
	}

	list := request(open, reflect.TypeFor[candlesRequest](), "Candles of a mint, of a list or of all", "subscribe_kline", "unsubscribe_kline")
	list = append(list, request(open, reflect.TypeFor[pastRequest](), "Candles once", "get_history")...)
	list = append(list, request(open, reflect.TypeFor[priceRequest](), "Prices of a mint or of a list", "subscribe_price", "unsubscribe_price")...)
	list = append(list, request(open, reflect.TypeFor[eventsRequest](), "Events of a mint, of a list or of all", "subscribe_events", "unsubscribe_events")...)
	list = append(list, request(open, reflect.TypeFor[userRequest](), "Events of a wallet, on all mints", "subscribe_user", "unsubscribe_user")...)
	list = append(list, request(open, reflect.TypeFor[wholeRequest](), "Creations of tokens", "subscribe_token_events", "unsubscribe_token_events")...)
	list = append(list, request(open, reflect.TypeFor[wholeRequest](), "Alerts", "subscribe_alerts", "unsubscribe_alerts")...)
	list = append(list, request(open, reflect.TypeFor[rankingRequest](), "A ranking of mints", "subscribe_tickers", "unsubscribe_tickers")...)
	list = append(list, request(both, nil, "Answered by pong", "ping")...)
	list = append(list, request(spin, reflect.TypeFor[candlesRequest](), "Candles, with spin-server's name", "subscribe", "unsubscribe")...)
	list = append(list, request(spin, reflect.TypeFor[pastRequest](), "Candles once, the newest first", "history")...)

	list = append(list, request([]string{plainName}, reflect.TypeFor[authRequest](), "The token, as the first message of who can send no header", "auth")...)

	return append(list,
		Message{Name: "ack", Doc: "Answers a request that has an id", Spaces: []string{plainName}, Payload: reflect.TypeFor[ackAnswer]()},
		Message{Name: "connection_success", Doc: "The greeting", Spaces: open, Payload: reflect.TypeFor[wire.ConnectionSuccess]()},
		Message{Name: "connection_success", Doc: "The greeting, with spin-server's names", Spaces: spin, Payload: reflect.TypeFor[wire.SpinConnectionSuccess]()},
		Message{Name: "subscription_confirmed", Doc: "Answers what subscribes", Spaces: both, Payload: reflect.TypeFor[wire.SubscriptionConfirmed]()},
		Message{Name: "unsubscribe_confirmed", Doc: "Answers what unsubscribes", Spaces: both, Payload: reflect.TypeFor[wire.SubscriptionConfirmed]()},
		Message{Name: "history_data", Doc: "Candles that are stored", Spaces: both, Payload: reflect.TypeFor[wire.HistoryData]()},
		Message{Name: "kline_data", Doc: "A candle that changed", Spaces: both, Payload: reflect.TypeFor[wire.KlineData]()},
		Message{Name: "price_update", Doc: "The newest price of a mint", Spaces: open, Payload: reflect.TypeFor[wire.PriceUpdate]()},
		Message{Name: "event_data", Doc: "An event", Spaces: open, Payload: reflect.TypeFor[wire.EventData]()},
		Message{Name: "token_created", Doc: "The creation of a token: its event, flat, with seq, block_time, received_at and published_at", Spaces: open, Payload: reflect.TypeFor[wire.Event]()},
		Message{Name: "alert", Doc: "A rule that fired", Spaces: open, Payload: reflect.TypeFor[wire.Alert]()},
		Message{Name: "tickers", Doc: "A ranking, or what changed in it", Spaces: open, Payload: reflect.TypeFor[wire.TickersPush]()},
		Message{Name: "gap", Doc: "Pushes that cannot be served again", Spaces: both, Payload: reflect.TypeFor[wire.StreamGap]()},
		Message{Name: "watch_status", Doc: "How far a coin that is followed by its own addresses is read", Spaces: both, Payload: reflect.TypeFor[wire.WatchStatus]()},
		Message{Name: "error", Doc: "A request was refused", Spaces: both, Payload: reflect.TypeFor[wire.StreamError]()},
		Message{Name: "pong", Doc: "Answers ping", Spaces: both, Payload: reflect.TypeFor[pongAnswer]()},
	)
}

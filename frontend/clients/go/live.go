package spinscope

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	namespace      = "/ws/kline"
	attemptTimeout = 20 * time.Second
	firstRetry     = 500 * time.Millisecond
	longestRetry   = 5 * time.Second
	maxMessage     = 64 << 20 // bytes
)

// listener hears what comes of a topic, one thing at a time, in the server's order and with the mutex of live held.
type listener interface {
	push(seq uint64, payload json.RawMessage) error
	history(h *history)
	whole(h *history) // of a coin that was read meanwhile
	gap(g *streamGap)
	watch(w WatchUpdate)
	fail(err error)
}

type history struct {
	Symbol   string   `json:"symbol"`
	Interval string   `json:"interval"`
	Data     []Candle `json:"data"`
	HasMore  bool     `json:"has_more"`
	Position
}

type streamGap struct {
	Topic   string `json:"topic"`
	FromSeq uint64 `json:"from_seq"`
	ToSeq   uint64 `json:"to_seq"`
	Reason  string `json:"reason"`
}

// feed is a subscription: how far it has come, and whom it tells.
type feed struct {
	topic, kind string // kind as in subscribe_kline
	payload     map[string]any
	to          listener
	at          *Position // nil: nothing came
	resumes     bool
	asked       int  // requests that were not acknowledged: not all that came before has been sent
	ready       bool // takes pushes: what comes before its history is in the history
}

func (f *feed) candles() bool { return f.kind == "kline" }

// request is one that was not acknowledged.
type request struct {
	number   uint64
	feed     *feed
	answered bool // its history has come, or none will
}

// live is one connection, which comes back by itself and asks again for everything that is wanted.
type live struct {
	base, token string
	http        *http.Client
	onLink      func(link, reason string)

	mu       sync.Mutex
	feeds    []*feed
	requests []*request // in the order in which they are answered
	number   uint64
	joined   bool
	outbox   []string
	outgoing chan struct{} // something is in the outbox
	seen     uint64        // the newest commit of which all topics that are live have been told
	greeting *Greeting     // of the connection
	greeted  chan struct{} // closed once the first greeting or a refusal came
	refusal  *RequestError
	refused  func(*RequestError) // is called with the mutex held
}

// store is that of the server that is connected. The mutex is held.
func (l *live) store() string {
	if l.greeting == nil {
		return ""
	}
	return l.greeting.Store
}

// subscribe asks for a feed. The mutex is held.
func (l *live) subscribe(f *feed) {
	f.ready = !f.candles()
	l.feeds = append(l.feeds, f)
	if l.joined {
		l.ask(f)
	}
}

// unsubscribe ends a feed. The mutex is held.
func (l *live) unsubscribe(f *feed) {
	at := slices.Index(l.feeds, f)
	if at < 0 {
		return
	}
	l.feeds = slices.Delete(l.feeds, at, at+1)
	if l.joined && len(l.of(f.topic)) == 0 {
		l.emit("", "unsubscribe_"+f.kind, f.payload)
	}
}

// of are the feeds of a topic. The mutex is held.
func (l *live) of(topic string) (feeds []*feed) {
	for _, f := range l.feeds {
		if f.topic == topic {
			feeds = append(feeds, f)
		}
	}
	return feeds
}

// ask sends a feed's request. The mutex is held.
func (l *live) ask(f *feed) {
	f.asked++
	payload := map[string]any{}
	for name, value := range f.payload {
		payload[name] = value
	}
	if f.resumes && f.at != nil {
		payload["since_seq"] = f.at.Seq
		if f.at.Store != "" {
			payload["store"] = f.at.Store // the one that was told from: whether it is this one, the server knows
		}
	}
	l.number++
	l.requests = append(l.requests, &request{l.number, f, !f.candles()})
	l.emit(strconv.FormatUint(l.number, 10), "subscribe_"+f.kind, payload)
}

// emit queues an event. The mutex is held.
func (l *live) emit(number, event string, payload any) {
	text, err := json.Marshal([]any{event, payload})
	if err != nil {
		panic(err) // of texts and numbers alone
	}
	l.outbox = append(l.outbox, "42"+namespace+","+number+string(text))
	select {
	case l.outgoing <- struct{}{}:
	default:
	}
}

// run connects again and again until the context ends, or the token is refused.
func (l *live) run(ctx context.Context) {
	l.onLink("connecting", "")
	delay := firstRetry
	for ctx.Err() == nil {
		err := l.connection(ctx, &delay)
		if ctx.Err() != nil {
			return
		}
		var refusal *RequestError
		if errors.As(err, &refusal) && refusal.Code == CodeUnauthorized {
			l.mu.Lock()
			l.refusal = refusal
			l.refused(refusal)
			if l.greeting == nil {
				closeOnce(l.greeted)
			}
			l.mu.Unlock()
			l.onLink("unauthorized", refusal.Message)
			return
		}
		l.onLink("offline", err.Error())
		if pause(ctx, delay/2+rand.N(delay)) != nil { //nolint:gosec // so that clients do not come back at once
			return
		}
		delay = min(2*delay, longestRetry)
	}
}

func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

// connection serves one connection until it ends.
func (l *live) connection(ctx context.Context, delay *time.Duration) error {
	opening, stop := context.WithTimeout(ctx, attemptTimeout)
	defer stop()
	address := strings.Replace(l.base, "http", "ws", 1) + "/socket.io/?EIO=4&transport=websocket"
	socket, answer, err := websocket.Dial(opening, address, &websocket.DialOptions{HTTPClient: l.http}) //nolint:bodyclose // the library closes it
	switch {
	case err != nil && answer != nil && answer.StatusCode != http.StatusSwitchingProtocols:
		return fmt.Errorf("the answer is %s", answer.Status)
	case err != nil:
		return err
	}
	socket.SetReadLimit(maxMessage)
	defer func() { _ = socket.CloseNow() }()
	patience, err := l.join(opening, socket)
	if err != nil {
		return err
	}

	writing, end := context.WithCancel(ctx)
	var writer sync.WaitGroup
	defer writer.Wait()
	defer end()
	defer l.lost()
	writer.Add(1)
	go func() {
		defer writer.Done()
		l.write(writing, socket, patience)
	}()
	l.onLink("connected", "")
	for {
		text, err := read(ctx, socket, patience)
		if err != nil {
			return err
		}
		if text == "2" { // a heartbeat, which does not wait behind what we ask
			if err := send(ctx, socket, patience, "3"); err != nil {
				return err
			}
			continue
		}
		if text == "1" || strings.HasPrefix(text, "41"+namespace) {
			return errors.New("the server ended the session")
		}
		if rest, ok := strings.CutPrefix(text, "42"+namespace+","); ok {
			*delay = firstRetry
			err = l.receive(rest)
		} else if rest, ok := strings.CutPrefix(text, "43"+namespace+","); ok {
			err = l.acknowledged(rest)
		}
		if err != nil {
			return err
		}
	}
}

// join enters the namespace and returns how long the server may say nothing.
func (l *live) join(ctx context.Context, socket *websocket.Conn) (patience time.Duration, err error) {
	for {
		text, err := read(ctx, socket, attemptTimeout)
		switch {
		case err != nil:
			return 0, err
		case strings.HasPrefix(text, "0"):
			var hello struct{ PingInterval, PingTimeout int } // milliseconds
			if err := json.Unmarshal([]byte(text[1:]), &hello); err != nil {
				return 0, err
			}
			patience = time.Duration(hello.PingInterval+hello.PingTimeout) * time.Millisecond
			auth := map[string]string{}
			if l.token != "" {
				auth["token"] = l.token
			}
			greeting, err := json.Marshal(auth)
			if err != nil {
				return 0, err
			}
			if err := send(ctx, socket, attemptTimeout, "40"+namespace+","+string(greeting)); err != nil {
				return 0, err
			}
		case strings.HasPrefix(text, "44"+namespace+","):
			var refused struct {
				Message string
				Data    struct{ Code Code }
			}
			if err := json.Unmarshal([]byte(text[len("44"+namespace+","):]), &refused); err != nil {
				return 0, err
			}
			return 0, &RequestError{Code: refused.Data.Code, Message: refused.Message}
		case strings.HasPrefix(text, "40"+namespace+","):
			l.mu.Lock()
			defer l.mu.Unlock()
			l.joined, l.outbox, l.seen = true, nil, 0
			for _, f := range l.feeds {
				f.asked = 0
				l.ask(f)
			}
			return patience, nil
		}
	}
}

func read(ctx context.Context, socket *websocket.Conn, patience time.Duration) (string, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, text, err := socket.Read(waiting)
	return string(text), err
}

func send(ctx context.Context, socket *websocket.Conn, patience time.Duration, text string) error {
	writing, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return socket.Write(writing, websocket.MessageText, []byte(text))
}

// write sends what is in the outbox. When that fails the connection has ended, which its reader finds too.
func (l *live) write(ctx context.Context, socket *websocket.Conn, patience time.Duration) {
	for {
		l.mu.Lock()
		outbox := l.outbox
		l.outbox = nil
		l.mu.Unlock()
		for _, text := range outbox {
			if send(ctx, socket, patience, text) != nil {
				_ = socket.CloseNow()
				return
			}
		}
		select {
		case <-l.outgoing:
		case <-ctx.Done():
			return
		}
	}
}

// lost forgets the requests of a connection that has ended.
func (l *live) lost() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.feeds {
		// Pushes never go back over all topics: what was live has been told of everything up to here.
		if f.asked == 0 && f.at != nil && l.seen > f.at.Seq {
			f.at = &Position{l.seen, l.store()}
		}
		f.ready = !f.candles()
	}
	l.joined, l.requests, l.outbox = false, nil, nil
}

func (l *live) acknowledged(text string) error {
	head, body, _ := strings.Cut(text, "[")
	number, err := strconv.ParseUint(head, 10, 64)
	if err != nil {
		return fmt.Errorf("unexpected acknowledgement %.40q", text)
	}
	var answers []struct {
		Success bool `json:"success"`
		RequestError
	}
	if err := json.Unmarshal([]byte("["+body), &answers); err != nil || len(answers) == 0 {
		return fmt.Errorf("unexpected acknowledgement %.40q: %w", text, err)
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.IndexFunc(l.requests, func(r *request) bool { return r.number == number })
	if at < 0 {
		return nil
	}
	f := l.requests[at].feed
	l.requests = slices.Delete(l.requests, at, at+1)
	f.asked--
	if wanted := slices.Index(l.feeds, f); !answers[0].Success && wanted >= 0 {
		l.feeds = slices.Delete(l.feeds, wanted, wanted+1)
		refused := answers[0].RequestError
		refused.Topic = f.topic
		f.to.fail(&refused)
	}
	return nil
}

// receive takes an event of the server.
func (l *live) receive(text string) error {
	var parts []json.RawMessage
	if err := json.Unmarshal([]byte(text), &parts); err != nil || len(parts) < 2 {
		return err
	}
	var name string
	if err := json.Unmarshal(parts[0], &name); err != nil {
		return err
	}
	payload := parts[1]

	l.mu.Lock()
	defer l.mu.Unlock()
	switch name {
	case "connection_success":
		var greeting Greeting
		err := json.Unmarshal(payload, &greeting)
		l.greeting = &greeting
		closeOnce(l.greeted)
		return err
	case "history_data":
		var h history
		if err := json.Unmarshal(payload, &h); err != nil {
			return err
		}
		l.history(&h)
	case "gap":
		var g streamGap
		if err := json.Unmarshal(payload, &g); err != nil {
			return err
		}
		l.gap(&g)
	case "watch_status":
		var w WatchUpdate
		if err := json.Unmarshal(payload, &w); err != nil {
			return err
		}
		for _, f := range slices.Clone(l.feeds) {
			if f.payload["symbol"] == w.Symbol {
				f.to.watch(w)
			}
		}
	case "kline_data", "price_update", "event_data", "token_created":
		return l.push(name, payload)
	}
	return nil
}

// push hands a push on. The mutex is held.
func (l *live) push(name string, payload json.RawMessage) error {
	var of struct {
		Symbol, Interval string
		Seq              uint64
	}
	if err := json.Unmarshal(payload, &of); err != nil {
		return err
	}
	topics := map[string][]string{
		"kline_data": {"kline:" + of.Symbol + ":" + of.Interval}, "price_update": {"price:" + of.Symbol},
		"event_data": {"events:" + of.Symbol, "events"}, "token_created": {"token_events"},
	}[name]
	for _, topic := range topics {
		feeds := l.of(topic)
		if len(feeds) > 0 && !slices.ContainsFunc(feeds, func(f *feed) bool { return f.asked > 0 }) {
			l.seen = max(l.seen, of.Seq)
		}
		for _, f := range feeds {
			if !f.ready || f.at != nil && of.Seq < f.at.Seq {
				continue
			}
			f.at = &Position{of.Seq, l.store()}
			if err := f.to.push(of.Seq, payload); err != nil {
				return err
			}
		}
	}
	return nil
}

// waiting is the first request for a history of a topic that has not come. The mutex is held.
func (l *live) waiting(topic string) *request {
	for _, r := range l.requests {
		if r.feed.topic == topic && !r.answered {
			return r
		}
	}
	return nil
}

// history hands a history on. The mutex is held.
func (l *live) history(h *history) {
	topic := "kline:" + h.Symbol + ":" + h.Interval
	asked := l.waiting(topic)
	if asked == nil {
		for _, f := range l.of(topic) {
			if f.ready {
				f.at = &Position{h.Seq, h.Store}
				f.to.whole(h)
			}
		}
		return
	}
	asked.answered = true
	if f := asked.feed; slices.Contains(l.feeds, f) {
		f.ready, f.at = true, &Position{h.Seq, h.Store}
		f.to.history(h)
	}
}

// gap hands a gap on, to whom it is about. The mutex is held.
func (l *live) gap(g *streamGap) {
	asked := l.waiting(g.Topic)
	for _, f := range l.of(g.Topic) {
		if asked == nil || asked.feed == f {
			f.at = nil
			f.to.gap(g)
		}
	}
}

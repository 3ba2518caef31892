package stream

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/plain"
	"spinscope/backend/wire"
)

// maxTopics is how many topics one request for server-sent events may name; each may be a list.
const maxTopics = 100

// wish is a topic as a request names it: what a client with a socket would ask for.
type wish struct {
	event  string
	fields fields
}

// Events serves server-sent events: the topics that the request's query names, from Last-Event-ID on if it has one.
func (st *Stream) Events(server *plain.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wishes, err := st.wishes(r)
		if err != nil {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write(wire.AppendFailure(nil, err.Error())) //nolint:gosec // JSON, escaped for HTML too
			return
		}
		server.ServeEvents(w, r, func(c *plain.Conn) {
			s, ok := c.Data().(*session)
			if !ok {
				return
			}
			for _, one := range wishes {
				s.request(one.event, []any{map[string]any(one.fields)}, nil)
			}
			st.mark(s, c)
		})
	})
}

// mark tells a client from where on it may resume all its topics, once it has been answered all that it asked for.
func (st *Stream) mark(s *session, c *plain.Conn) {
	for s.stream.desk.waits(s) {
		select {
		case <-st.ctx.Done():
			return
		case <-time.After(lookEvery):
		}
	}

	s.serving.Lock() // no answer is under way
	defer s.serving.Unlock()
	s.recovered()
	b := st.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.paused[commitOrder] == nil {
		c.Mark(st.EventID(uint64(b.flushed)))
	}
}

// waits reports whether requests of a client wait until it is known what their symbols are.
func (d *desk) waits(s *session) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return s.waiting > 0 && !s.away
}

// EventID names the place of a commit among a client's pushes: the store, the commit and, once one fired, the commit of the newest
// alert that was pushed, as alerts have an order of their own.
func (st *Stream) EventID(seq uint64) string {
	id := st.store.ID() + ":" + strconv.FormatUint(seq, 10)
	if alert := st.alertSeq.Load(); alert > 0 {
		id += ":" + strconv.FormatUint(alert, 10)
	}
	return id
}

// place is what EventID names.
type place struct {
	store      string
	seq, alert uint64
}

func parsePlace(id string) (p place, err error) {
	parts := strings.Split(id, ":")
	bad := invalid("Last-Event-ID: %.80q is none of this server's: send what an event's id was, or nothing", id)
	if len(parts) != 2 && len(parts) != 3 || parts[0] == "" || len(parts[0]) > 64 {
		return p, bad
	}
	p.store = parts[0]
	for i, number := range []*uint64{&p.seq, &p.alert} {
		if i+1 == len(parts) {
			break
		}
		if *number, err = strconv.ParseUint(parts[i+1], 10, 53); err != nil {
			return p, bad
		}
	}
	if len(parts) == 2 {
		p.alert = p.seq
	}
	return p, nil
}

// wishes reads a request's topics, and where they are to go on.
func (st *Stream) wishes(r *http.Request) ([]wish, error) {
	query := r.URL.Query()
	names := query["topic"]
	switch {
	case len(names) == 0:
		return nil, invalid("topic is missing: name one or several, such as ?topic=kline:MINT:m1&topic=events")
	case len(names) > maxTopics:
		return nil, invalid("topic: %d given, at most %d are taken: several symbols may stand in one, with commas between them", len(names), maxTopics)
	}

	id := r.Header.Get("Last-Event-ID")
	if id == "" {
		id = query.Get("last_event_id")
	}
	var from *place
	if id != "" {
		p, err := parsePlace(id)
		if err != nil {
			return nil, err
		}
		from = &p
	}

	var list []wish
	for _, name := range names {
		one, err := parseWish(name)
		if err == nil {
			err = st.check(one)
		}
		if err != nil {
			return nil, fmt.Errorf("topic %.120q: %w", name, err)
		}
		if from != nil && one.event != "subscribe_tickers" {
			one.fields["store"], one.fields["since_seq"] = from.store, float64(from.seq)
			if one.event == "subscribe_alerts" {
				one.fields["since_seq"] = float64(from.alert)
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// check says what is wrong with a topic, without subscribing.
func (st *Stream) check(one wish) (err error) {
	f := one.fields
	switch {
	case f["symbols"] != nil:
		if _, err = f.mints(); err == nil && one.event == "subscribe_kline" {
			_, err = f.interval(st.intervals)
		}
	case one.event == "subscribe_kline" && f["symbol"] == everyMint:
		_, err = f.every(st.intervals)
	case one.event == "subscribe_kline":
		_, err = f.candles(st.intervals)
	case one.event == "subscribe_price":
		_, err = f.mint()
	case one.event == "subscribe_events":
		_, err = eventsKey(f)
	case one.event == "subscribe_tickers":
		_, err = f.ranked()
	}
	if err == nil && one.event == "subscribe_events" {
		_, err = f.filter()
	}
	return err
}

// options are what may stand behind a topic's name, by its first word; those in lists have several values.
var (
	topicOptions = map[string][]string{
		"kline": {"limit"}, "events": {"types", "accounts", "min_size"}, "tickers": {"window", "sort_by", "limit"},
		"price": nil, "token_events": nil, "alerts": nil,
	}
	listOptions   = []string{"types", "accounts"}
	numberOptions = []string{"limit"}
)

// parseWish reads a topic's name, as confirmations have it: several symbols may stand where one does, with commas between them.
func parseWish(name string) (wish, error) {
	base, rest, _ := strings.Cut(name, "/")
	parts := strings.Split(base, ":")
	first := parts[0]
	known, ok := topicOptions[first]
	if !ok {
		return wish{}, invalid("unknown: it begins with kline, price, events, token_events, alerts or tickers")
	}
	one := wish{event: "subscribe_" + first, fields: fields{}}
	switch {
	case first == "kline" && len(parts) == 3:
		one.fields["interval"] = parts[2]
		one.fields.name(parts[1])
	case (first == "price" || first == "events") && len(parts) == 2:
		one.fields.name(parts[1])
	case first != "kline" && first != "price" && len(parts) == 1:
	case first == "kline":
		return wish{}, invalid("a topic of candles is kline:MINT:INTERVAL")
	default:
		return wish{}, invalid("what stands behind %s is not understood", first)
	}
	if rest == "" {
		return one, nil
	}

	for part := range strings.SplitSeq(rest, "/") {
		option, value, _ := strings.Cut(part, "=")
		switch {
		case !slices.Contains(known, option):
			return wish{}, invalid("%s has no option %.40q", first, option)
		case slices.Contains(listOptions, option):
			one.fields[option] = anyTexts(value)
		case slices.Contains(numberOptions, option):
			number, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return wish{}, invalid("%s must be a whole number", option)
			}
			one.fields[option] = float64(number)
		default:
			one.fields[option] = value
		}
	}
	return one, nil
}

// name puts in the symbol, or the list of them.
func (f fields) name(text string) {
	if strings.Contains(text, ",") {
		f["symbols"] = anyTexts(text)
		return
	}
	f["symbol"] = text
}

func anyTexts(text string) (list []any) {
	for one := range strings.SplitSeq(text, ",") {
		list = append(list, one)
	}
	return list
}

// noteAlert remembers the commit of an alert that is pushed.
func (st *Stream) noteAlert(payload []byte) {
	var alert struct {
		Seq market.Seq `json:"seq"`
	}
	if json.Unmarshal(payload, &alert) == nil && uint64(alert.Seq) > st.alertSeq.Load() {
		st.alertSeq.Store(uint64(alert.Seq))
	}
}

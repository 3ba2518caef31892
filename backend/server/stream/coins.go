package stream

import (
	"context"
	"slices"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
	"spinscope/backend/wire"
)

// Coins follows coins for clients that ask for them. Its methods may be called from any goroutine; none calls back.
type Coins interface {
	// Demand has a coin followed for as long as clients want it (Stream.Wants), unless it is, or needs not be. waits reports
	// that it is not known yet what the mint is: ask again. An error says why it is not followed, for the client to read.
	Demand(mint market.Pubkey) (waits bool, err error)
	// Statuses say how far those of the mints are that are followed by coin, or that clients asked for.
	Statuses(mints []market.Pubkey) []wire.WatchStatus
	// Refusals are the coins that Statuses would say are refused, of those that are followed by coin.
	Refusals() []market.Pubkey
}

const (
	lookEvery     = 100 * time.Millisecond // at requests that wait until it is known what a mint is
	tellEvery     = 5                      // looks: how often a client is told of a coin at most
	refusalsEvery = 2 * time.Second        // looks at whether a coin that was live is refused, one for all clients and coins
	waitsFor      = 5 * time.Second        // that such a request waits; then it is answered with what there is

	maxWaiting = 32 // requests of one client that wait
	maxAgain   = 16 // of its histories of one coin that are answered again
	maxLive    = 64 // coins of one client that it was told are live, before those are dropped that it is not subscribed to
)

// desk is where clients ask for coins that are followed one by one. A request for a coin of which nothing is known waits here
// until it is known what the mint is, and so does whatever the client asks for the same mint meanwhile; requests for other
// mints go on. A client is told how far the coin is until its history is whole, and then gets anew what it was answered before. A
// subscriber who was told so is told, too, when an endpoint refuses the coin afterwards.
type desk struct {
	coins Coins         // nil: no coin is followed by its own addresses
	work  chan struct{} // wakes attend

	mu    sync.Mutex
	asked map[market.Pubkey]map[*session]*inquiry
	live  map[market.Pubkey]map[*session]struct{} // who was told last that the coin is live; also session.live
}

// inquiry is what one client wants of one coin. The desk's mutex guards it.
type inquiry struct {
	waiting []*request // in their order
	since   time.Time  // of the first
	serving bool       // they are being served
	again   []past     // answered before the coin's history was whole
	sent    wire.WatchStatus
}

// past is a history that was answered.
type past struct {
	key
	query      historyQuery
	subscribed bool // of a subscription: it matters only as long as that lasts
}

func newDesk(coins Coins) *desk {
	return &desk{
		coins: coins, work: make(chan struct{}, 1),
		asked: map[market.Pubkey]map[*session]*inquiry{}, live: map[market.Pubkey]map[*session]struct{}{},
	}
}

// demanding are the requests that have a coin followed, with the history that they are answered with, nil for none. Their error
// says that the request is wrong: it has nothing followed, and is refused by whoever serves it.
var demanding = map[string]func(*session, fields) (*past, error){
	"subscribe_kline":  (*session).pastOfSubscription,
	"subscribe":        (*session).pastOfSubscription,
	"get_history":      (*session).pastOfRequest,
	"history":          (*session).pastOfRequest,
	"subscribe_price":  func(*session, fields) (*past, error) { return nil, nil },
	"subscribe_events": func(*session, fields) (*past, error) { return nil, nil },
}

func (s *session) pastOfSubscription(f fields) (*past, error) {
	k, err := f.candles(s.stream.intervals)
	return &past{k, s.stream.newest(s.space.oldest), true}, err
}

func (s *session) pastOfRequest(f fields) (*past, error) {
	k, err := f.candles(s.stream.intervals)
	if err != nil {
		return nil, err
	}
	q, err := f.history(s.stream.newest(s.space.oldest), k.interval, s.stream.historyMax)
	return &past{k, q, false}, err
}

// holds reports whether a request waits at the desk or was refused there; else it is to be served.
func (d *desk) holds(r *request) bool {
	mint, err := r.fields.mint()
	if d.coins == nil || err != nil {
		return false
	}
	if waits, fits := d.wait(r, mint, false); waits || !fits {
		return true
	}

	ask := demanding[r.event]
	if ask == nil {
		return false
	}
	answer, err := ask(r.session, r.fields)
	if err != nil {
		return false
	}

	switch waits, err := d.coins.Demand(mint); {
	case err != nil:
		r.session.refuse(invalid("%v", err), r.ack)
		return true
	case waits:
		d.wait(r, mint, true)
		return true
	}
	d.note(r, mint, answer)
	return false
}

// wait puts a request behind those of the same client and mint that wait; first says that it waits although there are none.
// fits is false when the client has too many, which it is told.
func (d *desk) wait(r *request, mint market.Pubkey, first bool) (waits, fits bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.asked[mint][r.session]
	if !first && (one == nil || !one.serving && len(one.waiting) == 0) {
		return false, true
	}
	if r.session.waiting >= maxWaiting {
		r.session.refuse(&failure{Code: wire.CodeRateLimited, Message: "too many requests wait until it is known what their symbols are"}, r.ack)
		return false, false
	}

	if one = d.inquiry(r.session, mint); one == nil {
		return true, true // the client has gone
	}
	if len(one.waiting) == 0 {
		one.since = r.session.stream.now()
	}
	one.waiting = append(one.waiting, r)
	r.session.waiting++
	return true, true
}

// inquiry is that of a client and a mint, a new one if need be; nil when the client has gone. mu is held.
func (d *desk) inquiry(s *session, mint market.Pubkey) *inquiry {
	if s.away {
		return nil
	}
	if d.asked[mint] == nil {
		d.asked[mint] = map[*session]*inquiry{}
	}
	one := d.asked[mint][s]
	if one == nil {
		one = &inquiry{}
		d.asked[mint][s] = one
	}
	wake.Up(d.work)
	return one
}

// note has a client told how far a coin is that is followed by its own addresses, and answered again when its history is whole.
// Of one that is whole a subscriber is told before the answer: so the histories that come after the word are whole.
func (d *desk) note(r *request, mint market.Pubkey, answer *past) {
	s := r.session
	statuses := d.coins.Statuses([]market.Pubkey{mint})
	if len(statuses) == 0 {
		return
	}
	if statuses[0].State == stateLive {
		if answer == nil || answer.subscribed {
			s.emitJSON("watch_status", statuses[0])
			r.live = &mint
		}
		return
	}

	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.inquiry(s, mint)
	if one == nil || answer == nil || slices.Contains(one.again, *answer) || len(one.again) >= maxAgain {
		return
	}
	one.again = append(one.again, *answer)
}

// answering marks that a client is answered, perhaps with a history that is not whole: it is told of no coin until done, so that
// this one cannot come after the word that the coin is live.
func (d *desk) answering(s *session) (done func()) {
	d.mark(s, true)
	return func() { d.mark(s, false) }
}

func (d *desk) mark(s *session, answered bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.answered = answered
}

// Some states of a coin.
const (
	stateLive    = "live"    // its history is whole
	stateRefused = "refused" // nothing of it comes live; what lists have of it does, and its message changes then
)

// forget drops what a client wanted.
func (d *desk) forget(s *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s.away = true
	for mint := range d.asked {
		d.drop(s, mint)
	}
	for mint := range s.live {
		d.dropLive(s, mint)
	}
}

// drop ends an inquiry; mu is held.
func (d *desk) drop(s *session, mint market.Pubkey) {
	if one := d.asked[mint][s]; one != nil {
		s.waiting -= len(one.waiting)
		one.waiting = nil
		delete(d.asked[mint], s)
	}
	if len(d.asked[mint]) == 0 {
		delete(d.asked, mint)
	}
}

// wants reports whether a client waits for a coin, or for the whole of its history.
func (d *desk) wants(mint market.Pubkey) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.asked[mint] {
		if one.serving || len(one.waiting)+len(one.again) > 0 {
			return true
		}
	}
	return false
}

// Wants reports whether a client is subscribed to a coin, or waits for it. Safe for concurrent use.
func (st *Stream) Wants(mint market.Pubkey) bool {
	if st.desk.wants(mint) {
		return true
	}
	b := st.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, interval := range st.intervals {
		if b.topics[key{kind: klineTopic, interval: interval, mint: mint}] != nil {
			return true
		}
	}
	events := key{kind: eventsTopic, mint: mint}
	return b.topics[key{kind: priceTopic, mint: mint}] != nil || b.topics[events] != nil || len(b.filtered[events]) > 0
}

// attend serves the desk until ctx ends. What it starts is among st.jobs, as it is itself.
func (st *Stream) attend(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for looks := 0; ; looks++ {
		if !st.desk.busy() {
			ticker.Stop()
			select {
			case <-ctx.Done():
				return
			case <-st.desk.work:
			}
			ticker.Reset(lookEvery)
			looks = 0
		}

		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		st.serveWaiting()
		if looks%tellEvery == 0 {
			st.pushStatuses()
		}
	}
}

func (d *desk) busy() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.asked) > 0
}

// serveWaiting serves the requests of coins of which it is known by now what they are, or that have waited long enough.
func (st *Stream) serveWaiting() {
	d, now := st.desk, st.now()
	type ready struct {
		session *session
		mint    market.Pubkey
		since   time.Time
	}
	var list []ready
	d.mu.Lock()
	for mint, clients := range d.asked {
		for s, one := range clients {
			if len(one.waiting) > 0 && !one.serving {
				list = append(list, ready{s, mint, one.since})
			}
		}
	}
	d.mu.Unlock()

	for _, r := range list {
		waits, err := d.coins.Demand(r.mint)
		if waits && now.Sub(r.since) < waitsFor || !d.begin(r.session, r.mint) {
			continue
		}
		st.jobs.Go(func() {
			for r.session.serveNext(r.mint, err) {
			}
		})
	}
}

// begin marks that the waiting requests of a client are served; false when it has gone.
func (d *desk) begin(s *session, mint market.Pubkey) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.asked[mint][s]
	if one == nil {
		return false
	}
	one.serving = true
	return true
}

// serveNext serves the first request of a mint that waits; refused says why those that ask for the coin are not served. It
// reports whether there was one.
func (s *session) serveNext(mint market.Pubkey, refused error) bool {
	s.serving.Lock()
	defer s.serving.Unlock()
	d := s.stream.desk
	r := d.next(s, mint)
	if r == nil {
		return false
	}

	if !s.begin(r.ack) {
		return true
	}
	if ask := demanding[r.event]; ask != nil {
		if refused != nil {
			s.refuse(invalid("%v", refused), r.ack)
			return true
		}
		if answer, err := ask(s, r.fields); err == nil {
			d.note(r, mint, answer)
		}
	}
	s.serve(r)
	return true
}

// next takes the first request of a mint that waits; nil, and the client's are served, when there is none.
func (d *desk) next(s *session, mint market.Pubkey) *request {
	d.mu.Lock()
	defer d.mu.Unlock()
	one := d.asked[mint][s]
	switch {
	case one == nil:
		return nil
	case len(one.waiting) == 0:
		one.serving = false
		return nil
	}
	r := one.waiting[0]
	one.waiting = one.waiting[1:]
	s.waiting--
	return r
}

// pushStatuses tells clients how far the coins are that they asked for, as far as that has changed, and answers anew what was
// answered before a coin was whole, or before it was read by lists.
func (st *Stream) pushStatuses() {
	d := st.desk
	d.mu.Lock()
	mints := make([]market.Pubkey, 0, len(d.asked))
	for mint := range d.asked {
		mints = append(mints, mint)
	}
	d.mu.Unlock()

	statuses := map[string]wire.WatchStatus{}
	for _, status := range d.coins.Statuses(mints) {
		statuses[status.Symbol] = status
	}
	for _, mint := range mints {
		status, known := statuses[mint.String()]
		for s, again := range d.news(mint, status, known) {
			s.emitJSON("watch_status", status)
			if len(again) > 0 {
				st.jobs.Go(func() { s.answerAgain(again) })
			}
		}
	}
}

// news are the clients that are to be told a coin's status, and what is to be answered anew. Inquiries that are over end: the
// coin is whole, or nobody knows of it.
func (d *desk) news(mint market.Pubkey, status wire.WatchStatus, known bool) map[*session][]past {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := map[*session][]past{}
	for s, one := range d.asked[mint] {
		if s.answered || one.serving || len(one.waiting) > 0 {
			continue
		}
		over := !known || !s.concerned(mint) && len(one.again) == 0
		if !over && one.sent != status {
			if s.peer.Crowded() {
				continue // it takes nothing now, and is told later
			}
			list[s] = nil
			news := one.sent.State != status.State || one.sent.Message != status.Message
			if one.sent = status; status.State == stateLive || status.State == stateRefused && news {
				list[s] = slices.Clone(one.again)
			}
		}
		if over || status.State == stateLive {
			d.drop(s, mint)
		}
		if !over && status.State == stateLive {
			d.noteLive(s, mint)
		}
	}
	return list
}

// concerned reports whether a client is subscribed to anything of a mint. It takes the broadcaster's mutex.
func (s *session) concerned(mint market.Pubkey) bool {
	b := s.stream.broadcaster
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range s.subs {
		if k.kind <= eventsTopic && k.mint == mint {
			return true
		}
	}
	return false
}

// answerAgain sends histories that were answered before they were whole.
func (s *session) answerAgain(list []past) {
	st := s.stream
	select {
	case st.reading <- struct{}{}:
		defer func() { <-st.reading }()
	case <-st.ctx.Done():
		return
	}

	for _, one := range list {
		if err := s.answerPast(&one); err != nil && st.ctx.Err() == nil {
			st.log.Debug("history not answered again", "client", s.peer.ID(), "topic", one.room(), "err", err)
		}
	}
}

// answerPast answers a history as of now, in its place among the pushes if the client gets any.
func (s *session) answerPast(one *past) error {
	s.serving.Lock()
	defer s.serving.Unlock()
	defer s.stream.desk.answering(s)()
	s.recovered()

	follows := s.stream.broadcaster.follows(s, one.key)
	if one.subscribed && !follows {
		return nil
	}
	_, err := s.sendHistory(one.key, one.query, follows, func(a *answer) { s.emit("history_data", a.text) })
	return err
}

// sendHistory reads the answer to a query and sends it, in its place among the pushes when the client follows the topic.
func (s *session) sendHistory(k key, q historyQuery, follows bool, send func(a *answer)) (*answer, error) {
	read := func(ctx context.Context) (*answer, error) { return s.stream.history(ctx, k, q) }
	if follows {
		return s.insert(k, read, func(a *answer, _ bool) { send(a) })
	}

	result, err := read(s.stream.ctx)
	if err == nil {
		err = s.awaitSpace(s.stream.ctx, len(result.text))
	}
	if err != nil {
		return nil, err
	}
	send(result)
	return result, nil
}

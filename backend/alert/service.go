package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"spinscope/backend/follow"
	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wake"
	"spinscope/backend/wire"
)

const (
	alertTick    = time.Second     // rule file and connection are looked at this often
	alertPersist = 5 * time.Second // how often the cursor is stored while nothing fires
	alertPage    = 1000            // events read again at once
	alertRecall  = 10              // ticks: a new rule looks at the commits since so long ago, as the file may be read late
)

// Options are what a Service works with. Store, Commits and Link must be set.
type Options struct {
	Dir     string // the data directory, which holds the rule file
	Store   *store.Store
	Commits *follow.Follower

	// Link reports whether the cluster is connected and, while it is not, since when; watched is false where that is not
	// to be told of, as no cluster is read.
	Link func() (connected bool, since time.Time, watched bool)
	// Behind reports whether history is being read, so that chain time is not the present. Nil: it never is.
	Behind func() bool

	// Info is what is known of a mint beside its events, such as its supply. Nil: nothing.
	Info func(mint market.Pubkey) market.MintInfo

	// Agree is called with what is about to be stored and told, and may add marks of its own; an error means that it must not be,
	// and ends Run. Nil: there is nobody to agree with.
	Agree func(*store.AlertChange) error

	Push    func(newest uint64, fresh []wire.AlertPush) // passes on what fired, newest is the number of the last; must not block. May be nil
	Notify  func(wire.Alert)                            // told of each alert that is not history; must not block. May be nil
	Webhook string                                      // address that alerts are posted to; "" for none
	Logger  *slog.Logger                                // nil is silent
}

// Service looks at each commit for the rules, stores what fired, and then tells of it. It is a follow.Sink. All but Rules,
// Alerts, Counts and Changed belongs to the goroutine of Run.
type Service struct {
	store     *store.Store
	market    storedMarket
	commits   *follow.Follower
	changed   chan struct{} // holds a token while the rule file is to be read again
	link      func() (connected bool, since time.Time, watched bool)
	behind    func() bool
	agree     func(*store.AlertChange) error
	push      func(newest uint64, fresh []wire.AlertPush)
	notify    func(wire.Alert)
	webhook   *Webhook // nil without one
	evaluator *Evaluator
	rules     *ruleReader
	log       *slog.Logger

	used    []Rule
	version int // of the rules, as ruleReader counts
	spent   atomic.Pointer[map[string]int64]
	cursor  market.Seq // the newest commit that was looked at
	unsure  market.Seq // up to here a commit may take away, or move, events that were never looked at
	saved   market.Seq // the cursor as stored
	savedAt time.Time
	recall  []market.Seq // cursor at the last ticks, oldest first
	down    time.Time    // since when the cluster is not connected; zero while it is
	fired   map[Kind]*atomic.Uint64
}

// NewService makes a service. It does no I/O.
func NewService(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Info == nil {
		o.Info = func(market.Pubkey) (info market.MintInfo) { return info }
	}
	looked := storedMarket{o.Store, o.Info}
	log := o.Logger.With("component", "alerts")
	s := &Service{
		store: o.Store, market: looked, commits: o.Commits, changed: make(chan struct{}, 1), link: o.Link, behind: o.Behind, agree: o.Agree, push: o.Push,
		notify: o.Notify, log: log, evaluator: New(looked), rules: &ruleReader{file: At(o.Dir), log: log},
		fired: map[Kind]*atomic.Uint64{},
	}
	for _, kind := range Kinds() {
		s.fired[kind] = new(atomic.Uint64)
	}

	if o.Webhook != "" {
		s.webhook = NewWebhook(o.Webhook, o.Logger)
	}

	s.use(nil)
	return s
}

// Changed has a running service read the rule file now rather than a second later. It never blocks.
func (s *Service) Changed() { wake.Up(s.changed) }

// Run looks at commits, and posts to the webhook, until ctx ends or the store fails.
func (s *Service) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.run(ctx) })
	if s.webhook != nil {
		group.Go(func() error { return s.webhook.Run(ctx) })
	}
	return group.Wait()
}

// Follow is Run of a store whose alerts are another node's work: follow stores them, and calls taken with those that are new,
// until its context ends. They are pushed; whoever made them has told of them otherwise.
func (s *Service) Follow(ctx context.Context, follow func(ctx context.Context, taken func([]store.AlertRecord)) error) error {
	s.commits.Close()
	_, last, _, err := s.store.AlertsSince(ctx, ^market.Seq(0))
	if err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	s.pushed(last, nil)
	return follow(ctx, func(fresh []store.AlertRecord) { s.pushed(fresh[len(fresh)-1].Number, pushes(fresh)) })
}

// run looks at commits until ctx ends. It goes on where the store says that it stopped.
func (s *Service) run(ctx context.Context) error {
	defer s.commits.Close()
	if err := s.begin(ctx); err != nil {
		return s.end(ctx, err)
	}

	tick := time.NewTicker(alertTick)
	defer tick.Stop()

	for {
		var err error
		select {
		case <-ctx.Done():
			return s.end(ctx, nil)
		case <-s.commits.Ready():
			err = s.commits.Deliver(ctx, s)
		case <-s.changed:
			err = s.reload(ctx, true)
		case <-tick.C:
			err = s.tick(ctx)
		}

		if err != nil {
			return s.end(ctx, err)
		}
	}
}

// end stores how far it came. A store that was closed under it is no failure.
func (s *Service) end(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		err = s.persist(nil)
	}
	if ctx.Err() != nil && errors.Is(err, store.ErrClosed) {
		return nil
	}
	return err
}

// begin takes up where the last run stopped. A store that was never looked at, or for which there are no rules, is looked at
// from now on.
func (s *Service) begin(ctx context.Context) error {
	cursor, marks, known, err := s.store.AlertCursor(ctx)
	if err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}

	if !known {
		cursor = s.store.Seq()
	}
	s.cursor, s.saved, s.savedAt = cursor, cursor, time.Now()
	stored := make([]Mark, len(marks))
	for i, m := range marks {
		stored[i] = Mark(m)
	}

	s.evaluator.Restore(stored)
	_, last, _, err := s.store.AlertsSince(ctx, ^market.Seq(0))
	if err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}

	s.pushed(last, nil)
	if !known {
		if err := s.persist(nil); err != nil {
			return err
		}
	}

	rules, version := s.rules.read()
	s.version = version
	s.use(rules)
	if len(rules) == 0 {
		s.cursor = s.store.Seq()
	}

	s.commits.Begin(s.cursor)
	return nil
}

// use has the rules looked for from now on.
func (s *Service) use(rules []Rule) {
	s.used = rules
	s.evaluator.Use(rules)
	s.spent.Store(new(s.evaluator.Spent()))
}

// Take implements follow.Sink. Of a commit that is read from the log, and while history is read, this machine's time counts
// as the present: it may be of long ago.
func (s *Service) Take(_ context.Context, c *market.Commit, live bool) error {
	now := c.ChainTime
	if !live || s.behind != nil && s.behind() {
		now = max(now, time.Now().Unix())
	}

	looked := c
	if c.Seq <= s.unsure && len(c.Removed) > 0 {
		s.use(s.used) // the windows are read again
		whole := *c
		whole.Removed = nil
		looked = &whole
	}
	if err := s.look(s.evaluator, looked, now); err != nil {
		return err
	}
	s.cursor = c.Seq
	return nil
}

// Missed implements follow.Sink: what these commits brought is read from the store, as far as it is there. An event that
// moved since is not found at the commit that brought it.
func (s *Service) Missed(ctx context.Context, from, to market.Seq) error {
	s.use(s.used) // what was taken back meanwhile is not known: the windows are read again
	if len(s.used) > 0 {
		if err := s.reread(ctx, s.evaluator, from, to); err != nil {
			return err
		}
	}
	s.cursor = to
	return nil
}

// look feeds a commit and stores what fired.
func (s *Service) look(evaluator *Evaluator, c *market.Commit, now int64) error {
	fired, err := evaluator.Feed(c, now)
	if err != nil {
		return err
	}
	if len(fired) == 0 {
		return nil
	}
	if evaluator == s.evaluator {
		s.cursor = max(s.cursor, c.Seq)
	} else { // of new rules alone
		s.evaluator.Adopt(evaluator.Marks())
	}
	for i := range fired {
		fired[i].Seq = s.cursor
	}
	return s.persist(fired)
}

// reread feeds the events of the commits from..until as they are stored now.
func (s *Service) reread(ctx context.Context, evaluator *Evaluator, from, until market.Seq) error {
	now := max(s.store.ChainTime(), time.Now().Unix())
	defer func() { s.unsure = max(s.unsure, s.store.Seq()) }()

	for {
		var page []*market.Commit
		events, more := 0, false
		upTo, complete, err := s.store.EventsSince(ctx, from, func(seq market.Seq, e *market.Event) error {
			if n := len(page); n == 0 || page[n-1].Seq != seq {
				if more = events >= alertPage; more || seq > until {
					return store.Stop
				}
				page = append(page, &market.Commit{Seq: seq})
			}
			last := page[len(page)-1]
			last.Events = append(last.Events, *e)
			events++
			return nil
		})
		if err != nil {
			return fmt.Errorf("read commits since %d: %w", from, err)
		}

		if !complete {
			s.log.Warn("alerts missed commits that are no longer known", "from", from, "to", min(upTo, until))
			return nil
		}

		for _, c := range page {
			if err := s.look(evaluator, c, now); err != nil {
				return err
			}
		}

		if !more {
			return nil
		}
		from = page[len(page)-1].Seq + 1
	}
}

// tick looks at what no commit tells.
func (s *Service) tick(ctx context.Context) error {
	if err := s.commits.Deliver(ctx, s); err != nil {
		return err
	}
	if len(s.recall) == alertRecall {
		s.recall = s.recall[1:]
	}

	s.recall = append(s.recall, s.cursor)
	if err := s.reload(ctx, false); err != nil {
		return err
	}

	if connected, since, watched := s.link(); watched {
		switch {
		case connected:
			s.down = time.Time{}
		case s.down.IsZero():
			s.down = since
		}

		if fired := s.evaluator.Connection(connected, s.down, time.Now()); len(fired) > 0 {
			for i := range fired {
				fired[i].Seq = s.cursor
			}
			if err := s.persist(fired); err != nil {
				return err
			}
		}
	}

	if s.cursor > s.saved && time.Since(s.savedAt) >= alertPersist {
		return s.persist(nil)
	}
	return nil
}

// reload takes in the rule file if it changed. Rules that are new look at the last seconds too.
func (s *Service) reload(ctx context.Context, now bool) error {
	rules, version := s.rules.read()
	changed := version != s.version
	if !changed && !now {
		return nil
	}

	s.version = version
	known := map[string]int64{}
	for i := range s.used {
		known[s.used[i].ID] = s.used[i].CreatedAt
	}

	var fresh []Rule
	for i := range rules {
		if created, ok := known[rules[i].ID]; !ok || created != rules[i].CreatedAt {
			fresh = append(fresh, rules[i])
		}
	}

	s.use(rules)
	if changed {
		s.log.Info("alert rules read", "rules", len(rules), "new", len(fresh))
	}
	if len(fresh) == 0 || len(s.recall) == 0 {
		return nil
	}

	once := New(s.market)
	once.Use(fresh)
	if err := s.reread(ctx, once, s.recall[0]+1, s.cursor); err != nil { // what comes later is looked at by all rules
		return err
	}
	s.evaluator.Adopt(once.Marks())
	return nil
}

// persist stores what fired, and how far everything was looked at, in one transaction; then it tells of what is new.
func (s *Service) persist(fired []Alert) error {
	change := store.AlertChange{Cursor: s.cursor}
	byID := make(map[store.AlertID]*Alert, len(fired))
	for i := range fired {
		text, err := json.Marshal(wireAlert(&fired[i]))
		if err != nil {
			return fmt.Errorf("encode alert: %w", err)
		}
		id := store.AlertID(fired[i].ID)
		byID[id] = &fired[i]
		change.Fired = append(change.Fired, store.AlertRecord{ID: id, Seq: fired[i].Seq, Data: text})
	}

	for _, m := range s.evaluator.Marks() {
		change.Marks = append(change.Marks, store.AlertMark(m))
	}

	if s.agree != nil {
		if err := s.agree(&change); err != nil {
			return err
		}
	}
	fresh, err := s.store.CommitAlerts(&change)
	if err != nil {
		return err
	}

	s.saved, s.savedAt = s.cursor, time.Now()
	if len(fresh) > 0 {
		s.spent.Store(new(s.evaluator.Spent()))
		s.tell(fresh, byID)
	}

	return nil
}

// tell passes on what was stored: to the stream all of it, to the person and the webhook what is not history.
func (s *Service) tell(fresh []store.AlertRecord, byID map[store.AlertID]*Alert) {
	s.pushed(fresh[len(fresh)-1].Number, pushes(fresh))
	for _, record := range fresh {
		one := byID[record.ID]
		s.fired[one.Kind].Add(1)
		s.log.Debug("alert fired", "rule", one.Rule, "kind", one.Kind, "mint", one.Mint, "late", one.Late)
		if one.Late {
			continue
		}
		if s.notify != nil {
			s.notify(wireAlert(one))
		}
		if s.webhook != nil {
			s.webhook.Offer(record.Data)
		}
	}
}

func (s *Service) pushed(newest uint64, fresh []wire.AlertPush) {
	if s.push != nil {
		s.push(newest, fresh)
	}
}

func pushes(records []store.AlertRecord) []wire.AlertPush {
	list := make([]wire.AlertPush, len(records))
	for i, r := range records {
		list[i] = wire.AlertPush{Number: r.Number, Payload: r.Data}
	}
	return list
}

// Counts is what a Service did since the start.
type Counts struct {
	Fired            map[Kind]uint64 // every kind has an entry
	Webhook          bool            // alerts are posted
	Posted, Unposted uint64          // alerts that the webhook took, and did not take
}

// Counts may be called from any goroutine.
func (s *Service) Counts() Counts {
	c := Counts{Fired: map[Kind]uint64{}, Webhook: s.webhook != nil}
	for kind, n := range s.fired {
		c.Fired[kind] = n.Load()
	}
	if s.webhook != nil {
		c.Posted, c.Unposted = s.webhook.Delivered()
	}
	return c
}

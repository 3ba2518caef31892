package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"spinscope/backend/alert"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/server"
	"spinscope/backend/server/stream"
	"spinscope/backend/solana"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

const (
	alertTick    = time.Second     // rule file and connection are looked at this often
	alertPersist = 5 * time.Second // how often the cursor is stored while nothing fires
	alertPage    = 1000            // events read at once while catching up
	alertRecall  = 10              // ticks: a new rule looks at the commits since so long ago, as the file may be read late
)

// alerts looks at each commit for the rules, stores what fired, and then tells of it. All but Rules, Alerts, figures and
// wants belongs to the goroutine of run.
type alerts struct {
	store     *store.Store
	hub       *hub.Hub
	commits   *hub.Subscriber
	stream    *stream.Stream
	changed   <-chan struct{}
	link      func() (connected bool, since time.Time, watched bool)
	behind    func() bool // history is being read: chain time is not the present
	notify    func(wire.Alert)
	webhook   *alert.Webhook // nil without one
	evaluator *alert.Evaluator
	interest  atomic.Pointer[alert.Interest]
	rules     *alertRules
	log       *slog.Logger

	used    []alert.Rule
	version int // of the rules, as alertRules counts
	spent   atomic.Pointer[map[string]int64]
	cursor  market.Seq
	saved   market.Seq // the cursor as stored
	savedAt time.Time
	recall  []market.Seq // cursor at the last ticks, oldest first
	down    time.Time    // since when the cluster is not connected; zero while it is
	fired   map[alert.Kind]*atomic.Uint64
}

// newAlerts is made before the first commit of this process is published.
func (b *Backend) newAlerts(opened *store.Store, commits *hub.Hub, in *intake, to *stream.Stream) *alerts {
	log, began := b.options.Logger.With("component", "alerts"), time.Now()
	a := &alerts{
		store: opened, hub: commits, stream: to, changed: b.alertRules, notify: b.options.Notify, log: log,
		link:      func() (bool, time.Time, bool) { return in.link(began) },
		behind:    func() bool { return in.status().Connection == string(solana.CatchingUp) },
		evaluator: alert.New(alertMarket{opened}), rules: &alertRules{file: alert.At(b.options.DataDir), log: log},
		fired: map[alert.Kind]*atomic.Uint64{},
	}
	for _, kind := range alert.Kinds() {
		a.fired[kind] = new(atomic.Uint64)
	}
	if address := b.options.Config.Alerts.Webhook; address != "" {
		a.webhook = alert.NewWebhook(address, b.options.Logger)
	}
	a.use(nil)
	a.commits = commits.Subscribe(hub.SubscribeOptions{
		Name: "alerts", Want: func(c *market.Commit) bool { return a.interest.Load().WantsCommit(c) },
	})
	return a
}

// run looks at commits until ctx ends. It goes on where the store says that it stopped.
func (a *alerts) run(ctx context.Context) error {
	defer a.commits.Close()
	if err := a.begin(ctx); err != nil {
		return a.end(ctx, err)
	}
	tick := time.NewTicker(alertTick)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return a.end(ctx, nil)
		case <-a.commits.Ready():
			err = a.take(ctx)
		case <-a.changed:
			err = a.reload(ctx, true)
		case <-tick.C:
			err = a.tick(ctx)
		}
		if err != nil {
			return a.end(ctx, err)
		}
	}
}

// end stores how far it came. A store that was closed under it is no failure.
func (a *alerts) end(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		err = a.persist(nil)
	}
	if ctx.Err() != nil && errors.Is(err, store.ErrClosed) {
		return nil
	}
	return err
}

// begin takes up where the last run stopped. A store that was never looked at is looked at from now on.
func (a *alerts) begin(ctx context.Context) error {
	cursor, marks, known, err := a.store.AlertCursor(ctx)
	if err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	if !known {
		cursor = a.store.Seq()
	}
	a.cursor, a.saved, a.savedAt = cursor, cursor, time.Now()
	stored := make([]alert.Mark, len(marks))
	for i, m := range marks {
		stored[i] = alert.Mark(m)
	}
	a.evaluator.Restore(stored)
	_, last, _, err := a.store.AlertsSince(ctx, ^market.Seq(0))
	if err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	a.stream.PushAlerts(last, nil)
	if !known {
		if err := a.persist(nil); err != nil {
			return err
		}
	}
	rules, version := a.rules.read()
	a.version = version
	a.use(rules)
	return a.catchUp(ctx)
}

// use has the rules looked for from now on.
func (a *alerts) use(rules []alert.Rule) {
	a.used = rules
	a.evaluator.Use(rules)
	a.interest.Store(a.evaluator.Interest)
	a.spent.Store(new(a.evaluator.Spent()))
}

// take looks at the commits that wait.
func (a *alerts) take(ctx context.Context) error {
	upTo := a.hub.Seq() // before: what waits then includes everything up to it that is wanted
	commits, err := a.commits.Take()
	if errors.Is(err, hub.ErrLagged) {
		a.log.Warn("alerts lagged behind the commits, reading from the store", "from", a.cursor+1)
		a.use(a.used) // what was taken back meanwhile is not known: everything is read anew
		return a.catchUp(ctx)
	}
	if err != nil {
		return fmt.Errorf("read commits: %w", err)
	}
	for _, c := range commits {
		if c.Seq <= a.cursor {
			continue
		}
		now := c.ChainTime
		if a.behind() {
			now = max(now, time.Now().Unix())
		}
		if err := a.look(a.evaluator, c, now); err != nil {
			return err
		}
		a.cursor = c.Seq
	}
	a.cursor = max(a.cursor, upTo)
	return nil
}

// look feeds a commit and stores what fired.
func (a *alerts) look(evaluator *alert.Evaluator, c *market.Commit, now int64) error {
	fired, err := evaluator.Feed(c, now)
	if err != nil {
		return err
	}
	if len(fired) == 0 {
		return nil
	}
	if evaluator == a.evaluator {
		a.cursor = max(a.cursor, c.Seq)
	} else { // of new rules alone
		a.evaluator.Adopt(evaluator.Marks())
	}
	for i := range fired {
		fired[i].Seq = a.cursor
	}
	return a.persist(fired)
}

// catchUp looks at the commits after the cursor that are in the store. This machine's time counts as the present: they
// may be of long ago.
func (a *alerts) catchUp(ctx context.Context) error {
	if len(a.used) == 0 {
		a.cursor = a.store.Seq()
		return nil
	}
	upTo, err := a.reread(ctx, a.evaluator, a.cursor+1, ^market.Seq(0))
	a.cursor = max(a.cursor, upTo)
	return err
}

// reread feeds the stored commits from..until and returns the newest one covered.
func (a *alerts) reread(ctx context.Context, evaluator *alert.Evaluator, from, until market.Seq) (market.Seq, error) {
	now := max(a.store.ChainTime(), time.Now().Unix())
	for {
		var page []*market.Commit
		events, more := 0, false
		upTo, complete, err := a.store.EventsSince(ctx, from, func(seq market.Seq, e *market.Event) error {
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
			return 0, fmt.Errorf("read commits since %d: %w", from, err)
		}
		if !complete {
			a.log.Warn("alerts missed commits that are no longer known", "from", from, "to", upTo)
			return upTo, nil
		}
		for _, c := range page {
			if err := a.look(evaluator, c, now); err != nil {
				return 0, err
			}
		}
		if !more {
			return min(upTo, until), nil
		}
		from = page[len(page)-1].Seq + 1
	}
}

// tick looks at what no commit tells.
func (a *alerts) tick(ctx context.Context) error {
	if err := a.take(ctx); err != nil {
		return err
	}
	if len(a.recall) == alertRecall {
		a.recall = a.recall[1:]
	}
	a.recall = append(a.recall, a.cursor)
	if err := a.reload(ctx, false); err != nil {
		return err
	}
	if connected, since, watched := a.link(); watched {
		switch {
		case connected:
			a.down = time.Time{}
		case a.down.IsZero():
			a.down = since
		}
		if fired := a.evaluator.Connection(connected, a.down, time.Now()); len(fired) > 0 {
			for i := range fired {
				fired[i].Seq = a.cursor
			}
			if err := a.persist(fired); err != nil {
				return err
			}
		}
	}
	if a.cursor > a.saved && time.Since(a.savedAt) >= alertPersist {
		return a.persist(nil)
	}
	return nil
}

// reload takes in the rule file if it changed. Rules that are new look at the last seconds too.
func (a *alerts) reload(ctx context.Context, now bool) error {
	rules, version := a.rules.read()
	changed := version != a.version
	if !changed && !now {
		return nil
	}
	a.version = version
	known := map[string]int64{}
	for i := range a.used {
		known[a.used[i].ID] = a.used[i].CreatedAt
	}
	var fresh []alert.Rule
	for i := range rules {
		if created, ok := known[rules[i].ID]; !ok || created != rules[i].CreatedAt {
			fresh = append(fresh, rules[i])
		}
	}
	a.use(rules)
	if changed {
		a.log.Info("alert rules read", "rules", len(rules), "new", len(fresh))
	}
	if len(fresh) == 0 || len(a.recall) == 0 {
		return nil
	}
	once := alert.New(alertMarket{a.store})
	once.Use(fresh)
	until := a.store.Seq() // what is published later is wanted by the new rules too
	if _, err := a.reread(ctx, once, a.recall[0]+1, until); err != nil {
		return err
	}
	a.evaluator.Adopt(once.Marks())
	return nil
}

// persist stores what fired, and how far everything was looked at, in one transaction; then it tells of what is new.
func (a *alerts) persist(fired []alert.Alert) error {
	change := store.AlertChange{Cursor: a.cursor}
	byID := make(map[store.AlertID]*alert.Alert, len(fired))
	for i := range fired {
		text, err := json.Marshal(wireAlert(&fired[i]))
		if err != nil {
			return fmt.Errorf("encode alert: %w", err)
		}
		id := store.AlertID(fired[i].ID)
		byID[id] = &fired[i]
		change.Fired = append(change.Fired, store.AlertRecord{ID: id, Seq: fired[i].Seq, Data: text})
	}
	for _, m := range a.evaluator.Marks() {
		change.Marks = append(change.Marks, store.AlertMark(m))
	}
	fresh, err := a.store.CommitAlerts(&change)
	if err != nil {
		return err
	}
	a.saved, a.savedAt = a.cursor, time.Now()
	if len(fresh) > 0 {
		a.spent.Store(new(a.evaluator.Spent()))
		a.tell(fresh, byID)
	}
	return nil
}

// tell passes on what was stored: to the stream all of it, to the person and the webhook what is not history.
func (a *alerts) tell(fresh []store.AlertRecord, byID map[store.AlertID]*alert.Alert) {
	pushes := make([]stream.Alert, len(fresh))
	for i, record := range fresh {
		pushes[i] = stream.Alert{Number: record.Number, Payload: record.Data}
	}
	a.stream.PushAlerts(fresh[len(fresh)-1].Number, pushes)
	for _, record := range fresh {
		one := byID[record.ID]
		a.fired[one.Kind].Add(1)
		a.log.Debug("alert fired", "rule", one.Rule, "kind", one.Kind, "mint", one.Mint, "late", one.Late)
		if one.Late {
			continue
		}
		if a.notify != nil {
			a.notify(wireAlert(one))
		}
		if a.webhook != nil {
			a.webhook.Offer(record.Data)
		}
	}
}

// figures are the counters of alerts.
func (a *alerts) figures() []server.Figure {
	var list []server.Figure
	for _, kind := range alert.Kinds() {
		list = append(list, server.Figure{
			Name: "spinscope_alerts_fired_total", Help: "Alerts fired since the start.", Counter: true, Kind: string(kind), Value: float64(a.fired[kind].Load()),
		})
	}
	if a.webhook != nil {
		delivered, failed := a.webhook.Delivered()
		list = append(list,
			server.Figure{Name: "spinscope_alerts_posted_total", Help: "Alerts that the webhook took.", Counter: true, Value: float64(delivered)},
			server.Figure{Name: "spinscope_alerts_unposted_total", Help: "Alerts that the webhook did not take.", Counter: true, Value: float64(failed)})
	}
	return list
}

package alert

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// serviceBench is a store with its alerts, fed by hand.
type serviceBench struct {
	t        *testing.T
	dir      string
	store    *store.Store
	hub      *hub.Hub
	alerts   *Service
	notified []wire.Alert
}

func newServiceBench(t *testing.T) *serviceBench {
	b := &serviceBench{t: t, dir: t.TempDir()}
	b.open()
	t.Cleanup(func() {
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *serviceBench) open() {
	b.t.Helper()
	var err error
	if b.store, err = store.Open(store.Options{Dir: filepath.Join(b.dir, "market")}); err != nil {
		b.t.Fatal(err)
	}
	b.restart()
}

// unwatched is a cluster that nobody reads.
func unwatched() (connected bool, since time.Time, watched bool) { return false, time.Time{}, false }

// restart drops all that is in memory, as a crash does.
func (b *serviceBench) restart() {
	if b.alerts != nil {
		b.alerts.commits.Close()
	}
	b.hub = hub.New(hub.Options{})
	b.alerts = NewService(Options{
		Dir: b.dir, Store: b.store, Commits: following(b.store, b.hub), Link: unwatched, Notify: func(a wire.Alert) { b.notified = append(b.notified, a) },
	})
}

func following(s *store.Store, h *hub.Hub) *follow.Follower {
	return follow.New(follow.Options{Name: "alerts", Log: s, Hub: h})
}

// begin starts the service, and take has it look at all that waits.
func (b *serviceBench) begin() {
	b.t.Helper()
	b.must(b.alerts.begin(b.t.Context()))
	b.take()
}

func (b *serviceBench) take() {
	b.t.Helper()
	for before := ^market.Seq(0); before != b.alerts.cursor; {
		before = b.alerts.cursor
		b.must(b.alerts.commits.Deliver(b.t.Context(), b.alerts))
	}
}

func (b *serviceBench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *serviceBench) save(rules ...wire.AlertRule) {
	b.t.Helper()
	for _, r := range rules {
		if r.CreatedAt == 0 {
			r.CreatedAt = 1
		}
		_, err := At(b.dir).SaveRule(r, time.Now())
		b.must(err)
	}
}

func (b *serviceBench) stored() []wire.Alert {
	b.t.Helper()
	list, _, err := b.alerts.Alerts(b.t.Context(), 0, 1000)
	b.must(err)
	slices.Reverse(list)
	return list
}

func alertMint(n int) (k market.Pubkey) {
	k[0], k[31] = byte(n), 9
	return k
}

func alertTrade(n, mint int, t int64, price, lamports uint64) market.Event {
	e := market.Event{
		Position: market.Position{Slot: market.Slot(1000 + n)}, BlockTime: t, Scale: 28, Price: market.Price(market.U64(price)),
		Body: &spinpet.BuySell{Mint: alertMint(mint), IsBuy: true, TokenAmount: 1, SolAmount: lamports, LatestPrice: market.U64(price)},
	}
	e.Signature[0], e.Signature[1], e.Signature[2] = byte(n>>16), byte(n>>8), byte(n)
	return e
}

func randomTrades(r *rand.Rand, n int, now int64) []market.Event {
	var events []market.Event
	last := map[int]uint64{}
	for i := range n {
		now += r.Int64N(15)
		mint := 1 + r.IntN(3)
		p := max(last[mint], 100)
		switch r.IntN(6) {
		case 0:
			p = p*2 + 1
		case 1:
			p = max(1, p/2)
		default:
			p += r.Uint64N(9)
		}

		last[mint] = p
		events = append(events, alertTrade(i, mint, now, p, 1+r.Uint64N(1000)))
	}

	return events
}

// randomRules look at mints 1 to 3; their prices are near those of randomTrades.
func randomAlertRules() []wire.AlertRule {
	var rules []wire.AlertRule
	for i := range 6 {
		rules = append(rules,
			wire.AlertRule{ID: fmt.Sprint("above", i), Kind: "price_above", Symbol: alertMint(1 + i%3).String(), Price: market.Price(market.U64(uint64(150 + 60*i))).String(), Once: i == 5},
			wire.AlertRule{ID: fmt.Sprint("below", i), Kind: "price_below", Symbol: alertMint(1 + i%3).String(), Price: market.Price(market.U64(uint64(120 + 60*i))).String()},
			wire.AlertRule{ID: fmt.Sprint("move", i), Kind: "percent_move", Percent: float64(20 + 15*i), WindowSeconds: int64(10 + 200*i)},
			wire.AlertRule{ID: fmt.Sprint("volume", i), Kind: "volume_spike", Factor: 1.5 + float64(i), WindowSeconds: int64(10 + 7*i), Symbol: alertMint(1 + i%3).String()})
	}
	return rules
}

// However often it is stopped, crashes, lags or falls back on the store, what fires is what one evaluator tells that is
// never disturbed, each alert once.
func TestAlertsAcrossCrashes(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			b := newServiceBench(t)
			b.save(randomAlertRules()...)
			b.begin()
			now := time.Now().Unix()
			events := randomTrades(r, 400, now-30)
			var commits []*market.Commit
			for next := 0; next < len(events); {
				n := min(1+r.IntN(5), len(events)-next)
				c := &market.Commit{Seq: b.store.Seq() + 1, Events: events[next : next+n]}
				next += n
				b.must(b.store.Commit(c))
				commits = append(commits, c)
				if b.hub.Seq() == 0 || r.IntN(20) > 0 { // else it is in the store only, and the next one is a jump
					b.hub.Publish(c)
				}

				switch r.IntN(12) {
				case 0: // a crash: nothing in memory is left
					b.restart()
					b.begin()
				case 1:
					b.must(b.alerts.persist(nil))
				case 2: // a clean stop
					b.must(b.alerts.end(t.Context(), nil))
					b.must(b.store.Close())
					b.open()
					b.begin()
				case 3, 4, 5, 6:
					b.take()
				}
			}

			b.restart()
			b.begin()

			reference := New(storedMarket{b.store, func(market.Pubkey) (info market.MintInfo) { return info }})
			rules, _ := b.alerts.rules.read()
			reference.Use(rules)
			list, there := b.stored(), map[string]bool{}
			for _, a := range list {
				there[a.ID] = true
			}

			var want, got []string
			for _, c := range commits {
				fired, err := reference.Feed(c, now)
				b.must(err)
				for i := range fired {
					if !there[fired[i].ID.String()] {
						t.Errorf("missing: commit %d of %d, %s %s %s", c.Seq, len(commits), fired[i].Rule, fired[i].Message, fired[i].Kind)
					}
					want = append(want, fired[i].ID.String())
				}
			}

			lastSeq := uint64(0)
			ids := map[string]bool{}
			for _, a := range list {
				got = append(got, a.ID)
				if a.Seq < lastSeq {
					t.Errorf("seq goes back from %d to %d", lastSeq, a.Seq)
				}
				lastSeq = a.Seq
			}

			for _, a := range b.notified {
				if ids[a.ID] {
					t.Errorf("told twice: %+v", a)
				}
				ids[a.ID] = true
			}

			if !slices.Equal(got, want) || len(want) < 50 || len(want) > 999 {
				t.Fatalf("%d alerts, want %d", len(got), len(want))
			}
		})
	}
}

// unheard commits without telling anybody, as if the service had not been there.
func (b *serviceBench) unheard(commits ...*market.Commit) {
	b.t.Helper()
	for _, c := range commits {
		c.Seq, c.ChainTime = b.store.Seq()+1, 1
		b.must(b.store.Commit(c))
	}
}

// reopen stops the service in good order and begins anew, with the commit log or without it.
func (b *serviceBench) reopen(withLog bool) {
	b.t.Helper()
	b.must(b.alerts.end(b.t.Context(), nil))
	b.must(b.store.Close())
	if !withLog {
		files, err := filepath.Glob(filepath.Join(b.dir, "market", "*.commits"))
		b.must(err)
		for _, file := range files {
			b.must(os.Remove(file))
		}
	}
	b.open()
}

// moved is an event at another place of the chain.
func moved(e market.Event, slot market.Slot) market.Event {
	e.Slot = slot
	return e
}

// What was rolled back or moved, or is missing, before the service came to it: from the log it sees what it would have seen
// live, and where the log is gone, what is left of it; nothing is told twice.
func TestRollbacksWhileItWasAway(t *testing.T) {
	now := time.Now().Unix()
	rule := wire.AlertRule{ID: "a", Kind: "price_above", Symbol: alertMint(1).String(), Price: market.Price(market.U64(80)).String()}
	low, high, gone := alertTrade(1, 1, now-20, 50, 1), alertTrade(2, 1, now-19, 100, 1), alertTrade(3, 2, now-18, 100, 1)
	broad := wire.AlertRule{ID: "v", Kind: "percent_move", Symbol: alertMint(2).String(), Percent: 50, WindowSeconds: 60}
	kept := alertTrade(5, 2, now-17, 110, 1)
	before := alertTrade(0, 2, now-20, 50, 1)
	gap := market.Gap{From: 900, To: 905, Cause: "test"}

	begin := func(t *testing.T) *serviceBench {
		b := newServiceBench(t)
		b.save(rule, broad)
		b.begin()
		b.must(b.alerts.persist(nil))
		return b
	}
	check := func(t *testing.T, b *serviceBench, want ...string) {
		t.Helper()
		var got []string
		for _, a := range b.stored() {
			got = append(got, a.Rule+" "+a.Signature[:3])
		}
		if !slices.Equal(got, want) || len(b.notified) != len(want) {
			t.Errorf("got %v, told %d, want %v", got, len(b.notified), want)
		}
	}
	short := func(rule string, e market.Event) string { return rule + " " + e.Signature.String()[:3] }

	t.Run("in the log", func(t *testing.T) {
		b := begin(t)
		high2 := moved(high, 1500)
		b.unheard(
			&market.Commit{Events: []market.Event{before, low}}, &market.Commit{Events: []market.Event{high}, Gaps: []market.Gap{gap}},
			&market.Commit{Events: []market.Event{gone}}, &market.Commit{Removed: []market.Event{gone}},
			&market.Commit{Events: []market.Event{high2}, Removed: []market.Event{high}},
		)
		b.reopen(true)
		b.begin()
		check(t, b, short("a", high), short("v", gone)) // as they were seen, each once
		b.reopen(false)
		b.begin()
		check(t, b, short("a", high), short("v", gone))
	})

	t.Run("not in the log", func(t *testing.T) {
		b := begin(t)
		b.unheard(
			&market.Commit{Events: []market.Event{before, low}}, &market.Commit{Events: []market.Event{high}},
			&market.Commit{Events: []market.Event{gone}}, &market.Commit{Removed: []market.Event{gone}},
		)
		b.unheard(&market.Commit{Events: []market.Event{kept}})
		b.reopen(false)

		high2 := moved(high, 1500)
		b.unheard(&market.Commit{Events: []market.Event{high2}, Removed: []market.Event{high}}) // the log begins here
		if oldest := b.store.OldestCommit(); oldest != 6 {
			t.Fatalf("the log begins at %d", oldest)
		}

		b.begin()
		check(t, b, short("v", kept), short("a", high))
	})
}

// A rule that is added while commits come looks at those of the last seconds too, but not before its birth; one that is
// deleted does not fire.
func TestRulesWhileItRuns(t *testing.T) {
	b := newServiceBench(t)
	b.begin()
	now := time.Now().Unix()
	n := 0
	commit := func(price uint64) {
		t.Helper()
		n++
		c := &market.Commit{Seq: b.store.Seq() + 1, ChainTime: now, Events: []market.Event{alertTrade(n, 1, now-10+int64(n), price, 1)}}
		b.must(b.store.Commit(c))
		b.hub.Publish(c)
		b.take()
	}
	fired := func() (rules []string) {
		for _, a := range b.stored() {
			rules = append(rules, a.Rule)
		}
		return rules
	}
	b.must(b.alerts.tick(t.Context()))
	commit(50)
	commit(100) // before the rule is read

	above := func(id string, created int64) wire.AlertRule {
		return wire.AlertRule{ID: id, Kind: "price_above", Symbol: alertMint(1).String(), Price: market.Price(market.U64(80)).String(), CreatedAt: created}
	}
	b.save(above("old", 1), above("young", (now-10+3)*1000), above("gone", 1), wire.AlertRule{ID: "once", Kind: "percent_move", Percent: 90, WindowSeconds: 60, Once: true})
	b.must(At(b.dir).Remove("gone"))
	b.must(b.alerts.tick(t.Context()))
	if got := fired(); !slices.Equal(got, []string{"old", "once"}) {
		t.Fatalf("%v", got)
	}

	for _, rule := range b.alerts.Rules() {
		if rule.Spent != (rule.ID == "once") {
			t.Errorf("%+v", rule)
		}
	}

	now += 400 // a price that is crossed again within five minutes is no news
	commit(50)
	commit(100)
	if got := fired(); !slices.Equal(got, []string{"old", "once", "old", "young"}) {
		t.Fatalf("%v", got)
	}

	muted := above("old", 1)
	muted.Muted = true
	b.save(muted)
	b.must(b.alerts.reload(t.Context(), true))
	now += 400
	commit(50)
	commit(100)
	if got := fired(); !slices.Equal(got, []string{"old", "once", "old", "young", "young"}) {
		t.Fatalf("%v", got)
	}

	if len(b.notified) != 5 {
		t.Errorf("told %d", len(b.notified))
	}
}

// What is found in the store long after it happened is listed, and nobody is bothered with it.
func TestHistoryIsLate(t *testing.T) {
	b := newServiceBench(t)
	b.save(wire.AlertRule{ID: "a", Kind: "price_above", Symbol: alertMint(1).String(), Price: market.Price(market.U64(80)).String()})
	b.begin()
	b.must(b.alerts.persist(nil)) // from here on
	old := time.Now().Unix() - 3600
	for i, price := range []uint64{50, 100} {
		b.must(b.store.Commit(&market.Commit{Seq: b.store.Seq() + 1, ChainTime: old, Events: []market.Event{alertTrade(i, 1, old, price, 1)}}))
	}
	b.restart()
	b.begin()
	if list := b.stored(); len(list) != 1 || !list[0].Late || len(b.notified) != 0 {
		t.Errorf("%+v, told %d", list, len(b.notified))
	}
}

// A rule file that is spoilt is told of, and leaves the rules in force that it hides.
func TestSpoiltRuleFile(t *testing.T) {
	var log strings.Builder
	b := newServiceBench(t)
	b.save(wire.AlertRule{ID: "a", Kind: "new_token"}, wire.AlertRule{ID: "b", Kind: "connection_lost"})
	rules := &ruleReader{file: At(b.dir), log: slog.New(slog.NewTextHandler(&log, nil))}
	if list, version := rules.read(); len(list) != 2 || version != 1 {
		t.Fatalf("%v %d", list, version)
	}

	text, err := os.ReadFile(rules.file.Path())
	b.must(err)
	spoilt := strings.Replace(string(text), `"id": "b"`, `"id" "b"`, 1)
	b.must(os.WriteFile(rules.file.Path(), []byte(spoilt), 0o600))
	list, version := rules.read()
	if len(list) != 2 || version != 2 || !strings.Contains(log.String(), "line") || !strings.Contains(log.String(), rules.file.Path()) {
		t.Errorf("%v, version %d, log %s", list, version, &log)
	}

	if _, again := rules.read(); again != 2 || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("version %d, log %s", again, &log)
	}

	// One that does not say how old it is stays as old as it was, while the file is edited by hand.
	b.must(os.WriteFile(rules.file.Path(), []byte(`{"version":1,"rules":[{"id":"x","kind":"new_token"}]}`), 0o600))
	old := time.Now().Add(-time.Hour)
	b.must(os.Chtimes(rules.file.Path(), old, old))
	list, _ = rules.read()
	created := list[0].CreatedAt
	b.must(os.WriteFile(rules.file.Path(), []byte(`{"version":1,"rules":[{"id":"x","kind":"new_token"},{"id":"y","kind":"new_token"}]}`), 0o600))
	if list, _ = rules.read(); len(list) != 2 || list[0].CreatedAt != created || list[1].CreatedAt == created || created != old.UnixMilli() {
		t.Errorf("%+v", list)
	}

	b.must(os.Remove(rules.file.Path()))
	if list, _ := rules.read(); len(list) != 0 {
		t.Errorf("%v without a file", list)
	}
}

// BenchmarkAlerts stores and publishes commits of 20 trades of 50 mints, with 0 rules and with 500, of which 20 look at all
// mints, and looks at them. ns/event is all of it, ns-alerts/event the looking alone.
func BenchmarkAlerts(b *testing.B) {
	for _, rules := range []int{0, 500} {
		b.Run(fmt.Sprint(rules), func(b *testing.B) { benchmarkAlerts(b, rules) })
	}
}

func benchmarkAlerts(b *testing.B, rules int) {
	dir := b.TempDir()
	opened, err := store.Open(store.Options{Dir: filepath.Join(dir, "market")})
	if err != nil {
		b.Fatal(err)
	}

	defer func() { _ = opened.Close() }()
	commits := hub.New(hub.Options{})
	a := NewService(Options{Dir: dir, Store: opened, Commits: following(opened, commits), Link: unwatched})
	defer a.commits.Close()

	for i := range rules {
		r := wire.AlertRule{ID: fmt.Sprint(i), Kind: "price_above", Symbol: alertMint(1 + i%50).String(), Price: "1", CreatedAt: 1}
		switch {
		case i < 10:
			r = wire.AlertRule{ID: r.ID, Kind: "percent_move", Percent: 1000, WindowSeconds: int64(60 * (1 + i)), CreatedAt: 1}
		case i < 20:
			r = wire.AlertRule{ID: r.ID, Kind: "volume_spike", Factor: 1000, WindowSeconds: int64(60 * (1 + i)), CreatedAt: 1}
		case i%4 == 0:
			r = wire.AlertRule{ID: r.ID, Kind: "percent_move", Symbol: r.Symbol, Percent: 1000, WindowSeconds: 300, CreatedAt: 1}
		}

		if _, err := At(dir).SaveRule(r, time.Now()); err != nil {
			b.Fatal(err)
		}
	}

	if err := a.begin(b.Context()); err != nil {
		b.Fatal(err)
	}
	now := time.Now().Unix()
	n := 0
	var looking time.Duration // beside the writer, in a goroutine of its own when it is no benchmark
	b.ResetTimer()
	for range b.N {
		c := &market.Commit{Seq: opened.Seq() + 1, ChainTime: now}
		for range 20 {
			n++
			c.Events = append(c.Events, alertTrade(n, 1+n%50, now+int64(n/200), 1000+uint64(n%7), 500))
		}

		if err := opened.Commit(c); err != nil {
			b.Fatal(err)
		}
		commits.Publish(c)
		stored := time.Now()
		if err := a.commits.Deliver(b.Context(), a); err != nil {
			b.Fatal(err)
		}

		looking += time.Since(stored)
	}

	b.ReportMetric(float64(looking.Nanoseconds())/float64(n), "ns-alerts/event")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
}

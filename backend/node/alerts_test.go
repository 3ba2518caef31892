package node

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"spinscope/backend/alert"
	"spinscope/backend/bus"
	"spinscope/backend/edge"
	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// teller is a node with its alerts, whose commits are put into its store by hand.
type teller struct {
	t     *testing.T
	dir   string
	store *store.Store
	hub   *hub.Hub
	bus   *bus.Bus

	mu       sync.Mutex
	notified []string // rules that it told of, as the one that writes
	pushed   []uint64 // numbers of the alerts that clients got

	kill context.CancelFunc // it does no more from now on
	stop context.CancelFunc
	done chan error
}

var alertedMint = market.Pubkey{1, 9}

func newTeller(t *testing.T, b *bus.Bus) *teller {
	t.Helper()
	n := &teller{t: t, dir: t.TempDir(), hub: hub.New(hub.Options{}), bus: b}
	var err error
	if n.store, err = store.Open(store.Options{Dir: filepath.Join(n.dir, "market")}); err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() {
		if err := n.store.Close(); err != nil {
			t.Error(err)
		}
	})
	for price, id := range map[uint64]string{100: "at-100", 200: "at-200", 300: "at-300"} {
		rule := wire.AlertRule{ID: id, Kind: "price_above", Symbol: alertedMint.String(), Price: market.Price(market.U64(price)).String(), CreatedAt: 1}
		if _, err := alert.At(n.dir).SaveRule(rule, time.Now()); err != nil {
			t.Fatal(err)
		}
	}

	return n
}

// take puts a trade at a price into the store, as its next commit.
func (n *teller) take(price uint64) {
	n.t.Helper()
	seq := n.store.Seq() + 1
	e := market.Event{
		Position: market.Position{Slot: market.Slot(1000 + seq)}, BlockTime: time.Now().Unix(), Scale: 28, Price: market.Price(market.U64(price)),
		Body: &spinpet.BuySell{Mint: alertedMint, IsBuy: true, TokenAmount: 1, SolAmount: 1, LatestPrice: market.U64(price)},
	}
	e.Signature[0] = byte(seq)
	c := &market.Commit{Seq: seq, Events: []market.Event{e}}
	if err := n.store.Commit(c); err != nil {
		n.t.Fatal(err)
	}
	n.hub.Publish(c)
}

func (n *teller) service(agree func(*store.AlertChange) error) *alert.Service {
	return alert.NewService(alert.Options{
		Dir: n.dir, Store: n.store, Commits: follow.New(follow.Options{Name: "alerts", Log: n.store, Hub: n.hub}), Agree: agree,
		Link: func() (bool, time.Time, bool) { return false, time.Time{}, false },
		Notify: func(a wire.Alert) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.notified = append(n.notified, a.Rule)
		},
		Push: func(_ uint64, fresh []wire.AlertPush) {
			n.mu.Lock()
			defer n.mu.Unlock()
			for _, one := range fresh {
				n.pushed = append(n.pushed, one.Number)
			}
		},
	})
}

func (n *teller) run(part func(context.Context) error) {
	ctx, stop := context.WithCancel(n.t.Context())
	n.stop, n.done = stop, make(chan error, 1)
	go func() { n.done <- part(ctx) }()
}

// write has it evaluate, as the node that writes does from its start.
func (n *teller) write() {
	n.t.Helper()
	alerts, err := beginAlerts(n.t.Context(), n.bus, n.store)
	if err != nil {
		n.t.Fatal(err)
	}
	appending, kill := context.WithCancel(n.t.Context())
	n.kill = kill
	n.run(n.service(func(c *store.AlertChange) error { return alerts.Append(appending, c) }).Run)
}

// follow has it take what another node tells of.
func (n *teller) follow() {
	n.t.Helper()
	alerts, err := edge.OpenAlerts(n.t.Context(), n.bus, n.store, false)
	if err != nil {
		n.t.Fatal(err)
	}
	s := n.service(nil)
	n.run(func(ctx context.Context) error { return s.Follow(ctx, alerts.Follow) })
}

func (n *teller) end() error {
	n.stop()
	return <-n.done
}

// has waits until the store has the alerts of rules, and checks that it has no others.
func (n *teller) has(rules ...string) {
	n.t.Helper()
	var got []string
	polltest.Until(n.t, "the alerts to be stored", func() bool {
		list, _, err := n.service(nil).Alerts(n.t.Context(), 0, 100)
		if err != nil {
			n.t.Fatal(err)
		}
		got = nil
		for _, one := range list {
			got = append(got, one.Rule)
		}
		return len(got) >= len(rules)
	})
	slices.Reverse(got)
	if !slices.Equal(got, rules) {
		n.t.Errorf("it has %q, and they are %q", got, rules)
	}
}

func (n *teller) notices() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.notified)
}

// Alerts whose moment falls between two writers: what the first told the second does not tell again, what it came to no more the
// second tells, and a first one that goes on after that tells nothing. All have the same in the end.
func TestAlertsAreSentOnce(t *testing.T) {
	b, _ := connected(t)

	one, two, other := newTeller(t, b), newTeller(t, b), newTeller(t, b)
	all := []*teller{one, two, other}
	take := func(price uint64) {
		for _, n := range all {
			n.take(price)
		}
	}
	one.write()
	other.follow()
	take(50)
	take(150)
	one.has("at-100")
	other.has("at-100")

	one.kill() // it is gone before it looks at the next commit, which all have
	take(250)
	if err := one.end(); err == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("one that is killed ends with %v", err)
	}

	two.write()
	two.has("at-100", "at-200")
	other.has("at-100", "at-200")

	stale, err := edge.OpenAlerts(t.Context(), b, one.store, false) // it was stopped for a while, and goes on
	if err != nil {
		t.Fatal(err)
	}
	one.run(one.service(func(c *store.AlertChange) error { return stale.Append(t.Context(), c) }).Run)
	if err := <-one.done; !errors.Is(err, bus.ErrOther) {
		t.Errorf("one that was stopped goes on: %v", err)
	}

	one.has("at-100")

	take(350)
	two.has("at-100", "at-200", "at-300")
	one.follow()
	for _, n := range all {
		n.has("at-100", "at-200", "at-300")
		if err := n.end(); err != nil {
			t.Error(err)
		}
	}

	if !slices.Equal(one.notices(), []string{"at-100"}) || !slices.Equal(two.notices(), []string{"at-200", "at-300"}) || len(other.notices()) != 0 {
		t.Errorf("told of: %q, %q, %q", one.notices(), two.notices(), other.notices())
	}
	if !slices.Equal(other.pushed, []uint64{1, 2, 3}) {
		t.Errorf("clients of the third node got %v", other.pushed)
	}
}

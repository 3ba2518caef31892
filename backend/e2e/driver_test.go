package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/porttest"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/simnet/launchpad"
	"spinscope/backend/solana"
)

// driver makes transactions of pump, PumpSwap and SpinPet on a node that it only knows by its addresses, and knows what a reader
// must find of each: when and in which order, the node says.
type driver struct {
	*wallet
	plan   drive
	world  *launchpad.World
	steps  int // of the world
	spin   spinMarket
	wanted map[string]*expectation // by signature

	large int // transactions that did not happen, as they do not fit one of a genuine cluster
}

// expectation is what was sent as one transaction.
type expectation struct {
	facts   []coinFact
	records []record
	failed  bool
	cut     bool // its log is
	logged  [][]byte
	called  []market.SelfCall
}

// drive says how much is done.
type drive struct {
	before, opening, live int // transactions before the server starts, around the first graduation, and at each kill
	kills                 int
}

// programs are those of the driver's transactions: the node has one that does what it is told at each of these addresses.
func (p drive) programs() []string {
	return []string{pump.ProgramID.String(), pumpswap.ProgramID.String(), p.world().Router().String(), ours, foreign, deep}
}

// world is the market of coins, at its beginning.
func (drive) world() *launchpad.World {
	world, err := launchpad.New(launchpad.Config{Seed: 4, Coins: 3, Truncated: 1, Derive: solana.ProgramAddress})
	if err != nil {
		panic(err)
	}
	return world
}

// completion is the step at which the first coin's curve is completed.
func (p drive) completion() (step int) {
	world := p.world()
	for step = 1; !slices.ContainsFunc(world.Next(float64(step)).Truth, isOf(launchpad.FactCompleted)); {
		step++
	}
	return step
}

func isOf(kinds ...launchpad.FactKind) func(launchpad.Fact) bool {
	return func(f launchpad.Fact) bool { return slices.Contains(kinds, f.Kind) }
}

// accounts are those of the coins when the server starts. A node that has them from its beginning knows the coins for as long.
func (p drive) accounts() map[string]program.Account {
	world := p.world()
	for step := range p.completion() - p.opening {
		world.Next(float64(step + 1))
	}
	return accountsOf(world)
}

// newDriver funds a wallet on the node.
func newDriver(t *testing.T, rpc string, plan drive) *driver {
	t.Helper()
	return &driver{wallet: newWallet(t, rpc), plan: plan, world: plan.world(), spin: newSpinMarket(), wanted: map[string]*expectation{}}
}

// history has everything happen that is there when the server starts. The life of the first coin is too long to have it all: its
// middle is left out, which no event needs, as each names the reserves that it leaves.
func (d *driver) history() {
	d.t.Helper()
	for range 2 {
		created, mint := d.spin.create()
		d.expect(&expectation{records: []record{mint}, logged: [][]byte{created}},
			d.naming([]instruction{{ours, join(say("Instruction: Create"), emit(created))}}))
		d.confirm()
	}

	d.happen(d.plan.before)
	for d.steps < d.plan.completion()-2*d.plan.opening {
		d.steps++
		d.world.Next(float64(d.steps))
	}
	d.happen(d.plan.opening)
}

// happen has so much happen on the launchpad, and a third as much on SpinPet. What others need to be there before them is
// waited for; the rest shares slots.
func (d *driver) happen(steps int) {
	d.t.Helper()
	const together = 12
	for i := range steps {
		d.steps++
		happened := d.world.Next(float64(d.steps))
		turn := slices.ContainsFunc(happened.Truth, isOf(launchpad.FactCreated, launchpad.FactCompleted, launchpad.FactMigrated))
		if turn || i%together == 0 {
			d.confirm()
		}
		d.coins(&happened)
		if turn {
			d.confirm()
		}
		if i%3 == 0 {
			d.trade()
		}
	}
	d.confirm()
}

// coins sends what happened on the launchpad.
func (d *driver) coins(happened *launchpad.Transaction) {
	d.t.Helper()
	list, events, fits := instructionsOf(happened)
	if !fits {
		if happened.Created != nil {
			d.t.Fatal("the creation of a coin is too large")
		}
		d.large++
		return
	}

	e := &expectation{facts: factsOf(d.t, happened), failed: happened.Failed, cut: happened.Cut, called: events}
	for _, event := range events {
		e.logged = append(e.logged, event.Event)
	}
	d.expect(e, list)
}

// trade sends a transaction of SpinPet.
func (d *driver) trade() {
	d.t.Helper()
	records, data, list := d.spin.next()
	d.expect(&expectation{records: records, logged: data}, d.naming(list))
}

// naming has each instruction name the programs that SpinPet's transactions are made of.
func (*driver) naming(list []instruction) (all []naming) {
	for _, one := range list {
		all = append(all, naming{one, []string{ours, foreign, deep}})
	}
	return all
}

// expect sends a transaction.
func (d *driver) expect(e *expectation, list []naming) {
	d.t.Helper()
	d.wanted[d.submit(list)] = e
}

// serve follows the coins and SpinPet with a server on dir that is killed again and again, while it reads history and while it
// follows, with things that happen while it runs and while none does. The server that is left has everything before it.
func (d *driver) serve(node *cluster, dir string) *server {
	d.t.Helper()
	var mints []string
	for _, coin := range d.world.Coins() {
		mints = append(mints, coin.Mint.String())
	}

	config := configured(d.t, fmt.Sprintf("[watch]\nmints = [\"%s\"]\n", strings.Join(mints, `", "`)))
	arguments := append(node.flags(), "--listen", porttest.Free(d.t), "--config", config)
	random := rand.New(rand.NewPCG(14, 9))
	var seq uint64
	states := map[string]int{}
	for kill := range d.plan.kills {
		s := launchServer(d.t, dir, arguments...)
		if kill%4 > 0 { // every fourth is killed whatever it does
			await(d.t, "the server", func() error {
				if err := s.alive(); err != nil {
					d.t.Fatal(err)
				}
				_, err := s.look()
				return err
			})
			d.happen(d.plan.live)
		}

		var state string
		seq, state = s.watched(time.Duration(random.Int64N(int64(1500*time.Millisecond))), seq)
		if err := s.alive(); err != nil {
			d.t.Fatal(err)
		}
		s.kill()
		states[state]++
		d.happen(d.plan.live / 2)
	}

	s := startServer(d.t, dir, arguments...)
	if now := s.status().Seq; now < seq {
		d.t.Fatalf("seq went back from %d to %d", seq, now)
	}
	d.happen(d.plan.live)
	d.t.Logf("%d kills, when the server was %v", d.plan.kills, states)
	return s
}

// truth puts what was sent where the node says that it stands: facts by coin, and the ledger of SpinPet. The node must have all of
// it, as it was sent, and nothing else at those addresses.
func (d *driver) truth() (facts map[string][]coinFact, l *truth) {
	d.t.Helper()
	d.finalize()
	facts, l = map[string][]coinFact{}, &truth{ledger: &ledger{trades: map[string][]record{}}, cutAt: map[string]int64{}}
	found := map[string]bool{}
	for _, coin := range d.world.Coins() {
		list := append(d.answers(coin.Curve.String()), d.answers(coin.Pool.String())...)
		slices.SortFunc(list, byPlace)
		for _, a := range slices.CompactFunc(list, func(a, b answer) bool { return a.signature == b.signature }) {
			found[a.signature] = true
			for _, f := range d.sameAsSent(&a).facts {
				if f.Mint == coin.Mint.String() {
					f.signature, f.slot, f.time = a.signature, a.slot, a.time
					facts[f.Mint] = append(facts[f.Mint], f)
				}
			}
		}
	}

	for _, a := range d.answers(ours) {
		found[a.signature] = true
		for i, r := range d.sameAsSent(&a).records {
			r.signature, r.slot, r.index, r.ordinal, r.time = a.signature, a.slot, a.index, i, a.time
			l.records = append(l.records, r)
		}
	}
	l.arrange()

	for signature, e := range d.wanted {
		if !found[signature] && len(e.facts)+len(e.records) > 0 {
			d.t.Errorf("%s was sent, and the node lists it nowhere", signature)
		}
	}
	return facts, l
}

// sameAsSent expects an answer to be what was sent.
func (d *driver) sameAsSent(a *answer) *expectation {
	d.t.Helper()
	e := d.wanted[a.signature]
	if e == nil {
		d.t.Fatalf("the node has %s, which nobody sent", a.signature)
	}

	called := slices.EqualFunc(a.called, e.called, func(x, y market.SelfCall) bool { return x.Program == y.Program && bytes.Equal(x.Event, y.Event) })
	logged := a.cut || slices.EqualFunc(a.logged, e.logged, bytes.Equal)
	if a.failed != e.failed || a.cut != e.cut || !a.failed && !(called && logged) {
		d.t.Fatalf("the node does not do what the test is about: of %s it says\n     %+v\nsent %+v", a.signature, a, e)
	}
	return e
}

// compare expects the server to have exactly what the node has: every event of the coins and of SpinPet, in the node's order and at
// its times, candles made of them, and no gap.
func (d *driver) compare(s *server) {
	d.t.Helper()
	facts, l := d.truth()
	await(d.t, "the coins to be the node's", func() error {
		var list watchedOnWire
		s.get("/api/watch", &list)
		if err := list.whole(s, facts); err != nil {
			return err
		}
		for mint, of := range facts {
			if got, want := servedTrades(s, mint), tradesOf(of); !slices.Equal(got, want) {
				return fmt.Errorf("%s: trades\n     %+v\nwant %+v", mint, got, want)
			}
		}
		return nil
	})
	await(d.t, "SpinPet's events to be the node's", func() error { return l.sameOfMints(s) })
	for _, mint := range l.mints() {
		for interval := range intervalSeconds {
			restCandles(d.t, s, l.ledger, mint, interval)
		}
		restEvents(d.t, s, l.ledger, mint)
	}
	l.compareGaps(d.t, s)

	var stored struct {
		Mints []string `json:"mints"`
	}
	s.get("/api/mints?which=all&limit=1000", &stored)
	slices.Sort(stored.Mints)
	if want := slices.Sorted(slices.Values(append(keys(facts), l.mints()...))); !slices.Equal(stored.Mints, want) {
		d.t.Errorf("stored are %v, want %v", stored.Mints, want)
	}

	trades, graduated := countCoins(keys(facts), facts)
	failed, cut, shared := d.tally()
	if graduated < 1 || cut < 1 || failed < 1 || shared < 1 || len(l.records) < 10 {
		d.t.Errorf("too little to say anything")
	}
	d.t.Logf("%d transactions, %d sent again, %d too large for one; %d trades of coins, %d graduated, %d cut logs, %d failed, %d events of SpinPet; %d slots hold several",
		len(d.wanted), d.again, d.large, trades, graduated, cut, failed, len(l.records), shared)
}

// coinTrade is a trade of a coin, as GET /api/events has it.
type coinTrade struct {
	Signature string `json:"signature"`
	Slot      uint64 `json:"slot"`
	Timestamp string `json:"timestamp"`
	Buy       bool   `json:"is_buy"`
	Tokens    uint64 `json:"token_amount"`
	Quote     uint64 `json:"quote_amount"`
}

// servedTrades are the trades of a coin that the server has, in its order.
func servedTrades(s *server, mint string) (list []coinTrade) {
	s.t.Helper()
	for _, e := range eventsAs[struct {
		coinTrade
		EventType string `json:"event_type"`
	}](s, mint) {
		if slices.Contains([]string{"Trade", "PostCompleteBuy", "Buy", "Sell"}, e.EventType) {
			list = append(list, e.coinTrade)
		}
	}
	return list
}

// tradesOf are the trades among facts that have their places.
func tradesOf(facts []coinFact) (list []coinTrade) {
	for _, f := range facts {
		if f.Kind == "trade" {
			list = append(list, coinTrade{f.signature, f.slot, time.Unix(f.time, 0).UTC().Format("2006-01-02T15:04:05Z"), f.Buy, f.TokenAmount, f.QuoteAmount})
		}
	}
	return list
}

// tally counts what makes the comparison worth something: transactions that failed, those whose log was cut, and slots with several.
func (d *driver) tally() (failed, cut, shared int) {
	slots := map[uint64]int{}
	for _, a := range d.read {
		if slots[a.slot]++; slots[a.slot] == 2 {
			shared++
		}
		if a.failed {
			failed++
		}
		if a.cut {
			cut++
		}
	}
	return failed, cut, shared
}

// follow drives the node and compares.
func (d *driver) follow(node *cluster) {
	d.t.Helper()
	dir := d.t.TempDir()
	d.history()
	s := d.serve(node, dir)
	d.compare(s)
	s.end()
	audit(d.t, filepath.Join(dir, "custom"))
}

// TestDriverOnGenuineVM has the driver of the soak test on solana-test-validator drive the genuine Solana VM behind real RPC and
// PubSub sockets: signed transactions, some of which are lost and sent again, a server that is killed while it follows, and in the
// end the node's own answers.
func TestDriverOnGenuineVM(t *testing.T) {
	t.Parallel()
	plan := drive{before: 12, opening: 24, live: 12, kills: 3}
	if soak {
		plan = soakDrive
	}
	node := startSVM(t, plan.programs()...)
	node.put(plan.accounts())
	newDriver(t, node.rpc, plan).follow(node.cluster)
	node.kill()
}

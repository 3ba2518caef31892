package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/simnet/launchpad"
	"spinscope/backend/solana"
)

// launchSVM is a market of coins whose transactions the genuine Solana VM executes: a program at the addresses of pump and
// PumpSwap logs what those log and calls itself as they do.
type launchSVM struct {
	*svmCluster
	world *launchpad.World
	facts map[string][]coinFact // by mint
	now   float64

	sent, large, cut, failed, routed int
}

// steps are a call's instruction data, the programs that it takes, and the events that it tells, in that order.
func steps(call *launchpad.Call, cut, fails bool) (data []byte, programs []string, events []market.SelfCall) {
	programs = []string{call.Program.String()}
	list := [][]byte{say("Instruction: " + call.Instruction)}
	for i := range call.Inner {
		inner, called, below := steps(&call.Inner[i], cut, false)
		list = append(list, invoke(call.Inner[i].Program.String(), inner))
		programs, events = append(programs, called...), append(events, below...)
	}

	if cut && len(call.Events) > 0 {
		list = append(list, say(strings.Repeat("y", 100)), again(120))
	}
	for _, event := range call.Events {
		text := program.Append(nil, event)
		list, events = append(list, tell(text)), append(events, market.SelfCall{Program: call.Program, Event: text})
	}
	if fails {
		list = append(list, fail(6002))
	}
	return join(list...), programs, events
}

// instructionsOf are the instructions of what happened on the launchpad, and the events that they tell; false when they do not
// fit a transaction of a genuine cluster.
func instructionsOf(happened *launchpad.Transaction) (list []naming, events []market.SelfCall, fits bool) {
	const limit = 1232 - 64 - 48 // bytes: less the signature and the head
	size := 0
	keys := map[string]bool{"payer": true}
	for i := range happened.Calls {
		call := &happened.Calls[i]
		data, accounts, of := steps(call, happened.Cut, happened.Failed && i == len(happened.Calls)-1)
		for _, account := range happened.Accounts {
			accounts = append(accounts, account.String())
		}

		slices.Sort(accounts[1+len(call.Inner):])
		accounts = unique(accounts)
		list, events = append(list, naming{instruction{call.Program.String(), data}, accounts}), append(events, of...)
		for _, account := range accounts {
			keys[account] = true
		}

		size += len(data) + len(accounts) + 6
	}
	return list, events, size+32*len(keys) <= limit
}

// factsOf are the facts of what happened, as the ledger of a simulated cluster has them.
func factsOf(t *testing.T, happened *launchpad.Transaction) (facts []coinFact) {
	t.Helper()
	text, err := json.Marshal(happened.Truth)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &facts); err != nil {
		t.Fatal(err)
	}
	return facts
}

// next executes what happens next on the launchpad. What does not fit a transaction of the genuine cluster did not happen:
// events name the reserves that they leave, so that none needs the one before it.
func (l *launchSVM) next() {
	l.t.Helper()
	l.now++
	happened := l.world.Next(l.now)
	list, _, fits := instructionsOf(&happened)
	if !fits {
		if happened.Created != nil {
			l.t.Fatal("the creation of a coin is too large")
		}
		l.large++
		return
	}

	o := l.send(nil, anything(list)...)
	log := strings.Join(o.Logs, "\n")
	if o.Failed != happened.Failed || strings.Contains(log, "Log truncated") != happened.Cut {
		l.t.Fatalf("the VM does not do what the test is about: failed %v, want %v, cut %v in\n%.3000s", o.Failed, happened.Failed, happened.Cut, log)
	}

	l.sent++
	switch {
	case happened.Failed:
		l.failed++
	case happened.Cut:
		l.cut++
	case happened.Calls[0].Program == l.world.Router():
		l.routed++
	}

	for _, f := range factsOf(l.t, &happened) {
		f.signature, f.time = o.Signature, o.BlockTime
		l.facts[f.Mint] = append(l.facts[f.Mint], f)
	}
}

// unique leaves the first of what is there several times.
func unique(list []string) (once []string) {
	for _, one := range list {
		if !slices.Contains(once, one) {
			once = append(once, one)
		}
	}
	return once
}

// lies are transactions that name a coin's address and tell events of it in the name of a program that did not: by the log, by a
// call from outside, and both within a log that is cut. event is one of that program's own.
func (l *launchSVM) lies(coin *launchpad.Coin, event []byte) {
	l.t.Helper()
	router, pumpID := l.world.Router().String(), pump.ProgramID.String()
	accounts := []string{router, pumpID, coin.Curve.String()}
	call := step('c', slices.Concat(pump.ProgramID[:], selfCallTag, event))
	long := join(say(strings.Repeat("y", 100)), again(120))
	for _, data := range [][]byte{emit(event), tell(event), call, join(long, emit(event)), join(long, call), join(long, tell(event))} {
		o := l.send(nil, naming{instruction{router, data}, accounts})
		if o.Failed {
			l.t.Fatalf("a lie failed:\n%.2000s", strings.Join(o.Logs, "\n"))
		}
	}
	// One of the program's own, of no layout that it ever had: whole, and within a cut log.
	for _, before := range [][]byte{nil, long} {
		if o := l.send(nil, naming{instruction{pumpID, join(before, tell(event[:20]))}, accounts[1:]}); o.Failed {
			l.t.Fatalf("a short event failed:\n%.2000s", strings.Join(o.Logs, "\n"))
		}
	}
}

// accountsOf are those that say what the coins are, as they are now.
func accountsOf(world *launchpad.World) map[string]program.Account {
	accounts := map[string]program.Account{}
	for _, coin := range world.Coins() {
		for _, at := range []market.Pubkey{coin.Mint, coin.Curve, coin.Pool} {
			if account, ok := world.Account(at); ok {
				accounts[at.String()] = account
			}
		}
	}
	return accounts
}

// put shows accounts at the cluster.
func (c *svmCluster) put(accounts map[string]program.Account) {
	c.t.Helper()
	shown := map[string]any{}
	for at, account := range accounts {
		shown[at] = map[string]any{"owner": account.Owner.String(), "data": account.Data}
	}
	var nothing any
	c.call("svm_put", shown, &nothing)
}

// TestGenuineVMCoins follows coins of pump and PumpSwap by transactions that the genuine Solana VM executed: real log text and
// real inner instructions, of trades, failures, trades through a router, completions and migrations whose log is cut, and of
// programs that tell events in others' names; first as history, then live with the connection lost between. In the end every
// candle and every trade is that of the launchpad's own account.
func TestGenuineVMCoins(t *testing.T) {
	t.Parallel()
	const first, around, live = 100, 250, 150
	fresh := func() *launchpad.World {
		world, err := launchpad.New(launchpad.Config{Seed: 4, Coins: 3, Truncated: 1, Derive: solana.ProgramAddress})
		if err != nil {
			t.Fatal(err)
		}
		return world
	}
	completed := 0 // when the first curve is
	for world := fresh(); completed == 0 || !slices.ContainsFunc(world.Next(float64(completed)).Truth, func(f launchpad.Fact) bool { return f.Kind == launchpad.FactCompleted }); {
		completed++
	}

	world := fresh()
	l := &launchSVM{world: world, facts: map[string][]coinFact{}}
	l.svmCluster = startSVM(t, pump.ProgramID.String(), pumpswap.ProgramID.String(), world.Router().String())
	for range completed + around {
		if now := int(l.now); now > first && now < completed-around { // too long to have it all
			l.now++
			world.Next(l.now)
			continue
		}
		l.next()
	}

	l.put(accountsOf(world))

	var mints []string
	for _, coin := range world.Coins() {
		mints = append(mints, coin.Mint.String())
		trade := &pump.Trade{Mint: coin.Mint, TokenAmount: 1e12, SolAmount: 1e9, IsBuy: true, VirtualSolReserves: 1e15, VirtualTokenReserves: 1e9}
		l.lies(&coin, program.Append(nil, trade))
	}

	file := configured(t, fmt.Sprintf("[watch]\nmints = [\"%s\"]\n", strings.Join(mints, `", "`)))
	s := startServer(t, t.TempDir(), append(l.flags(), "--config", file)...)
	same := func(what string) {
		t.Helper()
		await(t, what, func() error {
			var list watchedOnWire
			s.get("/api/watch", &list)
			return list.whole(s, l.facts)
		})
	}
	same("the history to be the launchpad's")

	for range live {
		l.next()
	}
	coin := world.Coins()[0]
	l.lies(&coin, program.Append(nil, &pump.Trade{Mint: coin.Mint, TokenAmount: 1e12, SolAmount: 1e9, VirtualSolReserves: 1, VirtualTokenReserves: 1}))
	var null any
	if err := l.ask("svm_cut", 0, &null); err != nil && !errors.Is(err, io.EOF) {
		t.Log(err) // answered with null
	}

	for range live {
		l.next()
	}
	same("what came live to be the launchpad's")

	trades, graduated := countCoins(mints, l.facts)
	if graduated < 1 || l.cut < 1 || l.failed < 20 || l.routed < 20 || trades < 500 {
		t.Errorf("too few to say anything")
	}
	t.Logf("%d transactions on the genuine VM, %d were too large for one; %d trades, %d graduated, %d cut logs, %d failed, %d through a router",
		l.sent, l.large, trades, graduated, l.cut, l.failed, l.routed)
	s.end()
}

package solana

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/simnet"
)

func TestHistoryThenLive(t *testing.T) {
	c := newCluster(t)
	c.history(40, 3)
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()
	stop := c.run(4)
	r.until("200 transactions", func() bool { return len(r.txs) >= 300 })
	stop()
	all := c.ledger()
	r.until("everything", func() bool { return r.has(all) })
	r.equal(all)
	if r.late > 0 {
		t.Errorf("%d transactions came after chain time had passed them", r.late)
	}
	if len(r.gaps) > 0 {
		t.Errorf("gaps %v in a history read to its beginning", r.gaps)
	}
}

func TestFirstStartLimit(t *testing.T) {
	for _, limit := range []int{1, 25, 1000, 1500, 3000} {
		c := newCluster(t)
		c.history(1500, 2)
		all := c.ledger()
		config := testConfig(c.endpoint())
		config.BackfillLimit = limit
		r := start(t, config, 0)
		r.live()

		want := all[len(all)-min(limit, len(all)):]
		r.until("history", func() bool { return r.has(want) && r.checkpoint > 0 })
		if len(r.txs) != len(want) && len(r.txs) != len(want)+1 { // the rest of the slot the limit cut may follow
			t.Errorf("limit %d: %d transactions", limit, len(r.txs))
		}

		if limit < len(all) {
			if len(r.gaps) != 1 || r.gaps[0].To != want[0].slot || r.gaps[0].From != 0 || r.gaps[0].State != market.GapOpen || r.gaps[0].Cause != CauseLimit {
				t.Errorf("limit %d: gaps %+v", limit, r.gaps)
			}
		} else if len(r.gaps) != 0 {
			t.Errorf("limit %d: gaps %+v", limit, r.gaps)
		}

		if err := r.stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestFirstStartWithoutHistory(t *testing.T) {
	c := newCluster(t)
	c.history(20, 1)
	config := testConfig(c.endpoint())
	config.BackfillLimit = -1
	if err := New(config).Run(t.Context(), 0, nil); !errors.Is(err, ErrConfig) {
		t.Fatalf("negative limit: %v", err)
	}

	config.BackfillLimit = 0
	r := start(t, config, 0)
	r.live()
	added := c.tick(2)
	stop := c.run(0)
	defer stop()

	r.until("live ones", func() bool { return r.has(added) && r.checkpoint > added[0].slot })
	r.equal(added)
	if len(r.gaps) != 1 || r.gaps[0].To != 1020 {
		t.Errorf("gaps %+v", r.gaps)
	}
}

func TestResumePagesBack(t *testing.T) {
	c := newCluster(t)
	c.history(2000, 3)
	all := c.ledger()
	r := start(t, testConfig(c.endpoint()), 1300)
	r.live()
	want := all[slices.IndexFunc(all, func(tx ledgerTx) bool { return tx.slot >= 1300-overlapSlots }):]
	r.until("history", func() bool { return r.has(want) })
	r.until("checkpoint", func() bool { return r.checkpoint == 3000-testFinalized })
	r.equal(want)
	for signature, n := range r.deliveries {
		if n > 1 {
			t.Fatalf("%v was delivered %d times", signature, n)
		}
	}
	if r.late > 0 {
		t.Errorf("%d transactions came after chain time had passed them", r.late)
	}
}

func TestManyPagesAreReadTwiceNotHeld(t *testing.T) {
	c := newCluster(t)
	c.history(500, 10)
	rpc := newRPC(c.endpoint(), 0, time.Millisecond)
	defer rpc.close()

	h := &history{rpc: rpc, address: testProgram, commitment: Confirmed, ledger: newLedger(0), clock: newClock(), orders: newOrders(), workers: 2}
	way, err := h.back(t.Context(), 0, -1, 0, func([]signatureInfo) {})
	if err != nil || way.total != 5000 {
		t.Fatalf("total %d, %v", way.total, err)
	}

	for i := range way.pages[1:] {
		way.pages[1+i].infos = nil // as when there are more than heldPages
	}
	var got []signatureInfo
	if err := h.forward(t.Context(), way, func(g group) error { got = append(got, g.infos...); return nil }); err != nil {
		t.Fatal(err)
	}

	for i, tx := range c.ledger() {
		if got[i].signature != tx.signature {
			t.Fatalf("signature %d differs", i)
		}
	}

	if len(got) != 5000 {
		t.Fatalf("%d signatures", len(got))
	}
	for n := range 3 * heldPages {
		way.add(newPage(market.Signature{byte(n)}, make([]signatureInfo, 1), signatureInfo{}, 0, 0))
	}

	held := 0
	for _, p := range way.pages {
		if p.infos != nil {
			held++
		}
	}

	if held > heldPages+1 {
		t.Errorf("%d pages are held", held)
	}
}

// TestHistoryIsHandedOverBeforeItIsLive: the last batch of history promises no other one, even when there is nothing left to say,
// as what is read up to the newest slot of a chain where nothing happens any more. Whoever stores batches waits for the next.
func TestHistoryIsHandedOverBeforeItIsLive(t *testing.T) {
	for _, restart := range []bool{false, true} {
		c := newCluster(t)
		c.history(50, 1)
		c.lock(func() { c.slot-- }) // the newest is that of the last transaction
		resume := market.Slot(0)
		config := testConfig(c.endpoint())
		config.SilenceTimeout = time.Minute
		if restart {
			resume = c.slot - 10
		}
		r := start(t, config, resume)
		r.live()

		r.mu.Lock()
		if r.more || r.batches == 0 {
			t.Errorf("restart %v: live, and the last of %d batches says that others follow", restart, r.batches)
		}
		r.mu.Unlock()
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRateLimitIsHonoured(t *testing.T) {
	c := newCluster(t)
	c.history(300, 1)
	var refused atomic.Int32
	var until atomic.Int64
	var early atomic.Int32
	c.fault = func(w http.ResponseWriter, requests []rpcRequest) bool {
		if time.Now().UnixNano() < until.Load() {
			early.Add(1)
		}
		if len(requests) > 20 && refused.Load() < 3 {
			refused.Add(1)
			w.Header().Set("Retry-After", "0.2")
			w.WriteHeader(http.StatusTooManyRequests)
			until.Store(time.Now().Add(150 * time.Millisecond).UnixNano())
			return true
		}
		return false
	}
	r := start(t, testConfig(c.endpoint()), 0)
	stop := c.run(0)
	defer stop()

	r.status("rate limited", func(s Status) bool { return s.RateLimited })
	r.live()
	all := c.ledger()
	r.until("history", func() bool { return r.has(all) })
	r.status("limit over", func(s Status) bool { return !s.RateLimited })
	if refused.Load() == 0 {
		t.Error("nothing was refused")
	}

	if early.Load() > workers+2 { // those under way when the pause began
		t.Errorf("%d requests during the pause", early.Load())
	}
}

// TestBatchesRefused reads history and live transactions from endpoints that refuse batches, each in its own way.
func TestBatchesRefused(t *testing.T) {
	for _, how := range simnet.BatchRefusals() {
		for _, limit := range []int{1, 7} {
			t.Run(fmt.Sprintf("%s/%d", how, limit), func(t *testing.T) {
				t.Parallel()
				c := newCluster(t)
				c.history(30, 2)
				c.server.Config.Handler = how.Handler(limit, c.server.Config.Handler)
				r := start(t, testConfig(c.endpoint()), 0)
				stop := c.run(1)
				defer stop()

				r.live()
				stop()
				all := c.ledger()
				r.until("everything", func() bool { return r.has(all) })
				r.equal(all)
			})
		}
	}
}

func TestNullTransactionComes(t *testing.T) {
	c := newCluster(t)
	c.history(50, 1)
	all := c.ledger()
	asked := 0
	c.override = func(request rpcRequest) (any, *rpcError, bool) {
		if request.Method == "getTransaction" && strings.Contains(string(request.Params[0]), all[10].signature.String()) {
			asked++
			return nil, nil, asked < 4
		}
		return nil, nil, false
	}
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()
	r.until("history", func() bool { return r.has(all) })
	r.equal(all)
	if len(r.gaps) > 0 {
		t.Errorf("gaps %+v", r.gaps)
	}
}

func TestMissingTransactionIsAGapUntilItComes(t *testing.T) {
	t.Run("same run", func(t *testing.T) { testMissing(t, false) })
	t.Run("restart", func(t *testing.T) { testMissing(t, true) })
}

func testMissing(t *testing.T, restart bool) {
	c := newCluster(t)
	c.history(300, 2)
	all := c.ledger()
	lost := all[20]
	var found atomic.Bool
	c.override = func(request rpcRequest) (any, *rpcError, bool) {
		return nil, nil, request.Method == "getTransaction" && !found.Load() && strings.Contains(string(request.Params[0]), lost.signature.String())
	}
	config := testConfig(c.endpoint())
	r := start(t, config, 0)
	r.live()
	r.until("checkpoint", func() bool { return r.checkpoint > 0 })

	gap := market.Gap{From: lost.slot, To: lost.slot, Cause: causeMissing + lost.signature.String()}
	var resume market.Slot
	r.until("the gap", func() bool { resume = r.checkpoint; return len(r.gaps) == 1 && r.gaps[0] == gap })
	stop := c.run(0)
	defer stop()

	if restart {
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		config.Gaps = []market.Gap{gap}
		before := r.txs
		r = start(t, config, resume, func(s *sink) { s.txs = before })
		r.live()
	}

	found.Store(true)
	gap.State = market.GapFilled
	r.until("filled", func() bool { return len(r.gaps) > 0 && r.gaps[len(r.gaps)-1] == gap })
	r.equal(all)
}

func TestRefusedSubscription(t *testing.T) {
	c := newCluster(t)
	c.refuse = true
	r := start(t, testConfig(c.endpoint()), 0)
	r.status("refusal", func(s Status) bool {
		return s.State == Reconnecting && strings.Contains(s.LastError, "refused") && strings.Contains(s.LastError, "no more subscriptions") && s.Failures > 1
	})
	c.lock(func() { c.refuse = false })
	r.live()
	if n := strings.Count(r.log.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings for one outage", n)
	}
	if s := r.feed.Status(); s.LastError != "" || s.Failures != 0 {
		t.Errorf("status after recovery %+v", s)
	}
}

func TestSilentSocketIsDown(t *testing.T) {
	c := newCluster(t)
	config := testConfig(c.endpoint())
	config.SilenceTimeout = 400 * time.Millisecond
	r := start(t, config, 0)
	stop := c.run(1)
	defer stop()
	r.live()
	c.lock(func() { c.mute = true })
	r.status("down", func(s Status) bool { return s.Reconnects > 0 && strings.Contains(s.LastError, "no new slot") })
	c.lock(func() { c.mute = false })
	r.live()
	stop()
	all := c.ledger()
	r.until("everything", func() bool { return r.has(all) })
	r.equal(all)
}

// TestChainThatStandsStill connects again and again to a chain that stands still: all that time the state is one, and the
// log has a line for each endpoint.
func TestChainThatStandsStill(t *testing.T) {
	for _, endpoints := range []int{1, 2} {
		t.Run(fmt.Sprint(endpoints), func(t *testing.T) {
			c := newCluster(t)
			c.history(20, 1)
			config := testConfig(c.endpoint())
			for range endpoints - 1 {
				config.Endpoints = append(config.Endpoints, Endpoint{RPC: c.endpoint().RPC + "/b", WS: c.endpoint().WS + "/b"})
			}

			config.SilenceTimeout = 200 * time.Millisecond
			r := start(t, config, 0)
			stop := c.run(1)
			r.live()
			stop()
			r.status("the loss", func(s Status) bool { return s.State == Reconnecting })

			lost := r.feed.Status()
			r.status("several attempts", func(s Status) bool { return s.Failures >= lost.Failures+4 })
			if s := r.feed.Status(); s.State != Reconnecting || s.Since != lost.Since || !strings.Contains(s.LastError, "no new slot") {
				t.Errorf("while the chain stood still: %+v, first %+v", s, lost)
			}

			if n := strings.Count(r.log.String(), "level=WARN msg=\"cluster unreachable"); n != endpoints {
				t.Errorf("%d warnings", n)
			}

			stop = c.run(1)
			defer stop()

			r.live()
			if s := r.feed.Status(); s.Since == lost.Since || s.Failures != 0 {
				t.Errorf("when it went on: %+v", s)
			}
			stop()
			all := c.ledger()
			r.until("everything", func() bool { return r.has(all) })
			r.equal(all)
		})
	}
}

func TestReconnectReadsWhatWasMissed(t *testing.T) {
	c := newCluster(t)
	c.history(20, 2)
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()
	stop := c.run(3)
	for n := range 8 {
		r.until("some live ones", func() bool { return len(r.txs) >= 60+40*n })
		c.cut()
	}

	stop()
	all := c.ledger()
	r.until("everything", func() bool { return r.has(all) })
	r.equal(all)
	if r.late > 0 {
		t.Errorf("%d transactions came after chain time had passed them", r.late)
	}

	if s := r.feed.Status(); s.Reconnects == 0 {
		t.Errorf("no reconnect: %+v", s)
	}
}

func TestRestartContinues(t *testing.T) {
	c := newCluster(t)
	c.history(50, 2)
	stop := c.run(3)
	first := start(t, testConfig(c.endpoint()), 0)
	first.live()
	first.until("a checkpoint", func() bool { return first.checkpoint > 1100 })
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	second := start(t, testConfig(c.endpoint()), first.checkpoint, func(s *sink) { s.txs = first.txs })
	second.live()
	stop()
	all := c.ledger()
	second.until("everything", func() bool { return second.has(all) })
	second.equal(all)
}

func TestProvisionalTimeIsCorrected(t *testing.T) {
	c := newCluster(t)
	c.history(10, 1)
	config := testConfig(c.endpoint())
	config.TimeWait = 30 * time.Millisecond
	config.RescanInterval = time.Hour // the clock alone must do it
	r := start(t, config, 0)
	r.live()
	c.lock(func() { c.noTimes = true })
	c.tick(0)

	added := c.tick(2)
	r.until("an estimate", func() bool { return r.txs[added[1].signature].Provisional })
	if got, want := r.txs[added[0].signature].BlockTime, testTime(added[0].slot); got < want-2 || got > want+2 {
		t.Errorf("estimate %d, block time %d", got, want)
	}

	if r.chainTime >= testTime(added[0].slot) {
		t.Errorf("chain time %d passed a slot without a time", r.chainTime)
	}
	c.lock(func() { c.noTimes = false })
	r.until("a correction", func() bool { return r.has(added) })
	r.equal(c.ledger())
}

// TestAnotherChainDuringHistory: the cluster is replaced by another one while its history is read. Nothing more is taken.
func TestAnotherChainDuringHistory(t *testing.T) {
	c := newCluster(t)
	c.history(3000, 1)
	var replaced atomic.Bool
	config := testConfig(c.endpoint())
	config.Admit = func(string) error {
		if replaced.Load() {
			return errors.New("another chain")
		}
		return nil
	}

	hold := make(chan struct{})
	r := start(t, config, 0, func(s *sink) { s.hold = hold })
	hold <- struct{}{} // one batch
	replaced.Store(true)
	c.cut()
	r.status("the loss of the socket", func(s Status) bool { return s.LastError != "" })
	close(hold)
	r.status("a refusal", func(s Status) bool {
		return s.State == Reconnecting && strings.Contains(s.LastError, "another chain")
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.txs); n >= 2000 { // one or two batches were on their way
		t.Errorf("%d transactions were taken", n)
	}
}

// TestGapClosesSoon: a gap closes when the node shows its transactions at last, without waiting for the regular rescan.
func TestGapClosesSoon(t *testing.T) {
	c := newCluster(t)
	c.history(50, 1)
	c.lock(func() { c.hidden = true })
	config := testConfig(c.endpoint())
	config.RescanInterval, config.recheck = time.Hour, 30*time.Millisecond
	r := start(t, config, 0)
	stop := c.run(1)
	r.until("gaps", func() bool { return r.open(causeMissing) > 0 })
	c.lock(func() { c.hidden = false })
	r.until("no gaps", func() bool { return r.open(causeMissing) == 0 })
	stop()
	all := c.ledger()
	r.until("everything", func() bool { return r.has(all) })
	r.equal(all)
}

func TestOverflowReadsAgain(t *testing.T) {
	c := newCluster(t)
	c.history(5, 1)
	config := testConfig(c.endpoint())
	config.buffered = 30
	hold := make(chan struct{})
	r := start(t, config, 0, func(s *sink) { s.hold = hold })
	r.status("catching up", func(s Status) bool { return s.State == CatchingUp && s.Backfill.Total > 0 })
	for range 40 {
		c.tick(3)
	}

	close(hold)
	r.live()
	all := c.ledger()
	r.until("everything", func() bool { return r.has(all) })
	r.equal(all)
	if !strings.Contains(r.log.String(), "dropped while history was read") && !strings.Contains(r.log.String(), "may have been lost") {
		t.Error("the buffer did not overflow")
	}
}

func TestGarbageAndHugeFrames(t *testing.T) {
	c := newCluster(t)
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()
	for _, frame := range []string{"", "{", "null", "[]", `{"method":5}`, `{"method":"logsNotification","params":{}}`, "\xff\xfe", strings.Repeat("[", 5000)} {
		c.send([]byte(frame))
	}
	added := c.tick(2)
	r.until("the next ones", func() bool { return r.has(added) })
	c.send([]byte(`{"method":"logsNotification","params":{"x":"` + strings.Repeat("a", 2*maxFrame) + `"}}`))
	r.status("a reconnect", func(s Status) bool { return s.Reconnects == 1 && s.State == Connected })
	added = append(added, c.tick(1)...)
	r.until("the one after", func() bool { return r.has(added) })
	r.equal(c.ledger())
	if s := r.feed.Status(); s.Garbage == 0 {
		t.Error("garbage was not counted")
	}
}

func TestRescan(t *testing.T) {
	c := newCluster(t)
	c.history(20, 1)
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()

	lost := 0
	c.lock(func() {
		c.drop = func(tx ledgerTx) bool { lost++; return lost%4 == 0 }
		c.arrival = func(txs []ledgerTx) []ledgerTx {
			turned := slices.Clone(txs)
			slices.Reverse(turned)
			return turned
		}
	})
	for range 30 {
		c.tick(3)
	}

	stop := c.run(0) // so that they become final
	defer stop()

	all := c.ledger()
	r.until("what was lost", func() bool { return r.has(all) && r.checkpoint > all[len(all)-1].slot })
	r.equal(all)

	// A fork takes two of them away.
	var gone [2]market.Signature
	c.lock(func() {
		gone[0], gone[1] = c.txs[30].signature, c.txs[31].signature
		c.txs = slices.Delete(c.txs, 30, 32)
	})
	r.feed.Rescan()
	r.until("rollback", func() bool { return len(r.rolledBack) == 2 })
	if !slices.Contains(r.rolledBack, gone[0]) || !slices.Contains(r.rolledBack, gone[1]) {
		t.Errorf("rolled back %v", r.rolledBack)
	}

	left := c.ledger()
	r.until("ranks after the rollback", func() bool {
		for i := 1; i < len(left); i++ {
			if left[i].slot == left[i-1].slot && r.txs[left[i].signature].Index != r.txs[left[i-1].signature].Index+1 {
				return false
			}
		}
		return true
	})
}

func TestListWithAGapRollsNothingBack(t *testing.T) {
	c := newCluster(t)
	c.history(60, 2)
	r := start(t, testConfig(c.endpoint()), 0)
	r.live()
	all := c.ledger()
	r.until("history", func() bool { return r.has(all) })

	var scans atomic.Int32
	c.lock(func() {
		c.override = func(request rpcRequest) (any, *rpcError, bool) {
			if request.Method == "getSignaturesForAddress" {
				scans.Add(1)
				return []any{}, nil, true
			}
			return nil, nil, false
		}
	})
	r.status("two scans", func(Status) bool { return scans.Load() > 2 })
	c.lock(func() { c.override = nil })
	r.equal(all)
}

func TestFailedTransactions(t *testing.T) {
	for _, include := range []bool{false, true} {
		c := newCluster(t)
		c.history(10, 2)
		c.lock(func() {
			for i := range c.txs {
				c.txs[i].failed = i%2 == 0
			}
		})

		config := testConfig(c.endpoint())
		config.IncludeFailed = include
		r := start(t, config, 0)
		r.live()
		all := c.ledger()
		if !include {
			all = slices.DeleteFunc(all, func(tx ledgerTx) bool { return tx.failed })
		}

		r.until("history", func() bool { return r.has(all) && r.checkpoint > 0 })
		r.equal(all)
		if tx := r.txs[c.ledger()[0].signature]; tx.Failed != include {
			t.Errorf("include %v: first transaction %+v", include, tx)
		}
	}
}

func TestFailover(t *testing.T) {
	one, two := newCluster(t), newCluster(t)
	one.history(10, 1)
	two.history(10, 1)
	config := testConfig(one.endpoint(), two.endpoint())
	one.refuse = true
	r := start(t, config, 0)
	stopOne, stopTwo := one.run(0), two.run(0)
	defer stopOne()
	defer stopTwo()
	r.status("the fallback", func(s Status) bool {
		return s.State == Connected && s.Fallback && s.Endpoint == two.endpoint().String()
	})
	one.lock(func() { one.refuse = false })
	r.status("the first again", func(s Status) bool {
		return s.State == Connected && !s.Fallback && s.Endpoint == one.endpoint().String()
	})
}

func TestApplyErrorEndsRun(t *testing.T) {
	c := newCluster(t)
	c.history(3, 1)
	broken := errors.New("disk full")
	sink := newSink(t)
	sink.fail = broken
	if err := New(testConfig(c.endpoint())).Run(t.Context(), 0, sink.apply); !errors.Is(err, broken) {
		t.Fatalf("Run = %v", err)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	c := newCluster(t)
	c.history(3, 1)
	for _, endpoint := range []Endpoint{c.endpoint(), {RPC: "http://127.0.0.1:1/", WS: "ws://127.0.0.1:1/"}} {
		ctx, cancel := context.WithCancel(t.Context())
		feed := New(testConfig(endpoint))
		result := make(chan error, 1)
		go func() { result <- feed.Run(ctx, 0, newSink(t).apply) }()
		cancel()
		if err := <-result; err != nil {
			t.Fatalf("Run = %v", err)
		}
		if s := feed.Status(); s.State != Stopped {
			t.Errorf("state %s", s.State)
		}
	}
}

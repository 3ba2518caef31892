package solana

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go/base58"

	"spinscope/backend/program"
)

// cutWith cuts a transaction's log, and has the node keep one event that the program told itself.
func cutWith(event string) func(*ledgerTx) {
	data := base58.Encode(slices.Concat(tag, []byte(event)))
	return func(tx *ledgerTx) {
		tx.logs = append(tx.logs, program.TruncatedLine)
		tx.inner = fmt.Sprintf(`[{"index":0,"instructions":[{"data":"%s","programIdIndex":0,"stackHeight":2}]}]`, data)
	}
}

// TestCutLogIsRepaired: a live transaction whose log was cut comes once, with what the program told itself, for one more
// request; no other transaction costs one.
func TestCutLogIsRepaired(t *testing.T) {
	c := newCluster(t)
	cfg := testConfig(c.endpoint())
	cfg.SelfCalls, cfg.RescanInterval, cfg.TimeWait = true, time.Hour, time.Minute
	s := start(t, cfg, 0)
	s.live()
	defer c.run(2)()

	s.until("live", func() bool { return len(s.txs) > 5 })
	before := c.called("getTransaction")

	cut := c.tickWith(2, cutWith("an event"))
	later := c.tick(1)
	s.until("repaired", func() bool {
		_, passed := s.txs[later[0].signature]
		return passed && len(s.txs[cut[0].signature].Inner) == 1 && len(s.txs[cut[1].signature].Inner) == 1
	})
	s.mu.Lock()
	defer s.mu.Unlock()

	for _, tx := range cut {
		got := s.txs[tx.signature]
		if got.Inner[0].Program != testProgram || string(got.Inner[0].Event) != "an event" || s.deliveries[tx.signature] != 1 {
			t.Errorf("%+v, delivered %d times", got, s.deliveries[tx.signature])
		}
	}

	if after := c.called("getTransaction"); after != before+len(cut) {
		t.Errorf("%d transactions were asked for to repair %d", after-before, len(cut))
	}
	if s.late > 0 {
		t.Errorf("%d came below chain time", s.late)
	}
}

// TestCutLogIsRepairedLater: while the node does not show the transaction it comes as it is, without holding up others for
// long, and a rescan brings the rest.
func TestCutLogIsRepairedLater(t *testing.T) {
	c := newCluster(t)
	cfg := testConfig(c.endpoint())
	cfg.SelfCalls, cfg.TimeWait = true, 200*time.Millisecond
	s := start(t, cfg, 0)
	s.live()
	defer c.run(1)()
	s.until("live", func() bool { return len(s.txs) > 5 })

	c.lock(func() { c.hidden = true })
	cut := c.tickWith(1, cutWith("an event"))[0]
	s.until("delivered as it is", func() bool { tx, ok := s.txs[cut.signature]; return ok && tx.Inner == nil })
	c.lock(func() { c.hidden = false })
	s.until("repaired", func() bool { return len(s.txs[cut.signature].Inner) == 1 })
}

// TestCutLogStays: of a program that tells its events in the log only nothing more is asked, and a node that keeps no inner
// instructions is not asked for ever.
func TestCutLogStays(t *testing.T) {
	for _, selfCalls := range []bool{false, true} {
		c := newCluster(t)
		cfg := testConfig(c.endpoint())
		cfg.SelfCalls, cfg.RescanInterval = selfCalls, time.Hour
		s := start(t, cfg, 0)
		s.live()
		ticking := c.run(1)
		s.until("live", func() bool { return len(s.txs) > 5 })

		before := c.called("getTransaction")

		cut := c.tickWith(1, func(tx *ledgerTx) { tx.logs = append(tx.logs, program.TruncatedLine) })[0]
		s.until("delivered", func() bool { _, ok := s.txs[cut.signature]; return ok })
		later := c.tick(1)[0]
		s.until("gone on", func() bool { _, ok := s.txs[later.signature]; return ok })
		asked := c.called("getTransaction") - before
		if limit := map[bool]int{false: 0, true: 1}[selfCalls]; asked > limit {
			t.Errorf("self-calls %v: %d questions", selfCalls, asked)
		}

		s.mu.Lock()
		if s.txs[cut.signature].Inner != nil {
			t.Errorf("self-calls %v: %+v", selfCalls, s.txs[cut.signature])
		}
		s.mu.Unlock()
		ticking()
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	}
}

package solana

import (
	"testing"
	"time"

	"spinscope/backend/market"
)

func txAt(n uint64, slot market.Slot, index uint32) market.Transaction {
	return market.Transaction{Signature: testSignature(n), Slot: slot, Index: index}
}

func TestLedger(t *testing.T) {
	l := newLedger(10)
	l.add([]market.Transaction{txAt(1, 9, 0), txAt(2, 10, 0), txAt(3, 10, 1)})
	if _, ok := l.get(testSignature(1)); ok {
		t.Error("a slot below the floor is remembered")
	}

	if got := l.rank(testSignature(3), 10, 5); got != 1 {
		t.Errorf("rank of a known one is %d", got)
	}
	if got := l.rank(testSignature(4), 10, 1); got != 3 {
		t.Errorf("rank of the next but one is %d", got)
	}

	l.add([]market.Transaction{txAt(3, 11, 0)}) // moved to another slot
	if a, b := l.rank(testSignature(9), 10, 0), l.rank(testSignature(9), 11, 0); a != 1 || b != 1 {
		t.Errorf("ranks after a move are %d and %d", a, b)
	}
	l.remove([]market.Signature{testSignature(2), testSignature(77)})
	if got := len(l.between(0, 99)); got != 1 {
		t.Errorf("%d remembered", got)
	}

	l.prune(5)
	if l.lowest() != 10 {
		t.Errorf("floor went back to %d", l.lowest())
	}
}

func TestLedgerIsBounded(t *testing.T) {
	l := newLedger(0)
	for slot := range market.Slot(500) {
		txs := make([]market.Transaction, 0, 1000)
		for i := range uint64(1000) {
			txs = append(txs, txAt(uint64(slot)*1000+i, slot, uint32(i)))
		}
		l.add(txs)
	}
	if len(l.known) > maxKnown || len(l.known) < maxKnown/4 || l.lowest() == 0 {
		t.Errorf("%d remembered from %d on", len(l.known), l.lowest())
	}
}

func TestQueueIsBounded(t *testing.T) {
	q := newQueue(3)
	for n := range uint64(3) {
		q.push(txAt(n, 1, 0))
	}

	if txs, lost := q.take(); len(txs) != 3 || lost {
		t.Fatalf("%d, lost %v", len(txs), lost)
	}
	for n := range uint64(5) {
		q.push(txAt(n, 1, 0))
	}

	if txs, lost := q.take(); len(txs) != 0 || !lost {
		t.Fatalf("after overflow %d, lost %v", len(txs), lost)
	}
	q.restart()
	q.push(txAt(9, 1, 0))
	if txs, lost := q.take(); len(txs) != 1 || lost {
		t.Fatalf("after restart %d, lost %v", len(txs), lost)
	}

	big := txAt(1, 1, 0)
	big.Logs = []string{string(make([]byte, bufferedBytes))}
	q.push(big)
	if _, lost := q.take(); !lost {
		t.Error("more bytes than the bound were kept")
	}
}

func TestClock(t *testing.T) {
	c := newClock()
	if slot, at := c.reached(^market.Slot(0)); slot != 0 || at != 0 {
		t.Errorf("an empty clock reached %d %d", slot, at)
	}
	c.newest, c.announce = 110, 108
	c.learn(100, 1000)
	c.learn(105, 1002)
	c.learn(104, 0) // not known
	for limit, want := range map[market.Slot][2]int64{^market.Slot(0): {106, 1002}, 104: {104, 1000}, 99: {0, 0}} {
		if slot, at := c.reached(limit); int64(slot) != want[0] || at != want[1] {
			t.Errorf("reached(%d) = %d %d, want %v", limit, slot, at, want)
		}
	}

	for slot, want := range map[market.Slot]int64{100: 1000, 104: 1001, 105: 1002, 108: 1003, 110: 1004} {
		if got, ok := c.estimate(slot); got != want || !ok {
			t.Errorf("estimate(%d) = %d, want %d", slot, got, want)
		}
	}

	for slot := range market.Slot(3 * keptTimes) {
		c.learn(slot+1000, 5)
	}
	if len(c.times) > keptTimes {
		t.Errorf("%d block times are kept", len(c.times))
	}
}

// TestClockMeasuresSlots: chains whose slots take other than 0.4 s are dated by their own pace, also when they stood still
// for a while, when block times are sparse, and until it is known by 0.4 s.
func TestClockMeasuresSlots(t *testing.T) {
	for _, length := range []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 600 * time.Millisecond} {
		for _, sparse := range []int{1, 7, 100} {
			c := newClock()
			at := func(slot market.Slot) int64 { return 1_700_000_000 + int64(time.Duration(slot)*length/time.Second) }
			if got := c.lasts(10); got != 4*time.Second {
				t.Errorf("10 slots last %v before anything is known", got)
			}

			slot, halt := market.Slot(0), int64(0)
			for ; slot < 2000; slot += market.Slot(sparse) {
				if slot >= 1000 {
					halt = 3600
				}
				c.learn(slot, at(slot)+halt)
			}

			last := slot - market.Slot(sparse)
			if got, want := c.lasts(100), 100*length; got < want*97/100 || got > want*103/100 {
				t.Errorf("slots of %v, every %d.: 100 last %v", length, sparse, got)
			}
			const ahead = 300
			got, _ := c.estimate(last + ahead)
			want := at(last + ahead)
			if off := got - halt - want; off < -4 || off > 4 {
				t.Errorf("slots of %v, every %d.: dated %d s off after %d slots", length, sparse, off, ahead)
			}
		}
	}

	c := newClock()
	for slot := range market.Slot(5000) { // all at one time
		c.learn(slot, 1000)
	}

	if got := c.lasts(1); got != shortestSlot {
		t.Errorf("a slot lasts %v on a chain without time", got)
	}
}

// TestHistoryDoesNotUseUpPatience: what arrived while history was read, however long that took, waits for its block time
// as what arrives now does.
func TestHistoryDoesNotUseUpPatience(t *testing.T) {
	now := time.Now()
	s := &session{run: &run{shared: &shared{clock: newClock()}, config: Config{TimeWait: time.Hour}, ledger: newLedger(0)}, since: now}
	s.clock.learn(5, 1000)
	s.held = []market.Transaction{{Signature: market.Signature{1}, Slot: 7, ReceivedAt: now.Add(-2 * time.Hour)}}
	if ready := s.release(); len(ready) != 0 || len(s.held) != 1 {
		t.Fatalf("released %+v, held %d", ready, len(s.held))
	}
	s.since = now.Add(-time.Hour)
	if ready := s.release(); len(ready) != 1 || !ready[0].Provisional || ready[0].BlockTime != 1000 {
		t.Fatalf("released %+v", ready)
	}
}

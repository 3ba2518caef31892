package solana

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"spinscope/backend/market"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink applies batches as ingest would, and checks what every batch promises.
type sink struct {
	t testing.TB

	mu         sync.Mutex
	changed    chan struct{}
	txs        map[market.Signature]market.Transaction
	deliveries map[market.Signature]int
	gaps       []market.Gap
	rolledBack []market.Signature
	chainTime  int64
	checkpoint market.Slot
	slot       market.Slot
	late       int // new transactions below chain time
	batches    int
	togethers  int // batches of several addresses
	alone      int // batches that say of one followed address how far it has come, and nothing else
	traces     map[market.Signature][]string
	reach      map[market.Pubkey]*reached
	more       bool          // the last batch said that others follow
	hold       chan struct{} // when set, apply waits for it to close
	fail       error
}

func newSink(t testing.TB) *sink {
	return &sink{t: t, changed: make(chan struct{}), txs: map[market.Signature]market.Transaction{}, deliveries: map[market.Signature]int{}, reach: map[market.Pubkey]*reached{}, traces: map[market.Signature][]string{}}
}

// reached is how far the batches of an address have come.
type reached struct {
	chainTime        int64
	checkpoint, slot market.Slot
}

// of is how far an address has come; mu is held.
func (s *sink) of(address market.Pubkey) *reached {
	if s.reach[address] == nil {
		s.reach[address] = &reached{}
	}
	return s.reach[address]
}

func (s *sink) apply(ctx context.Context, b market.Batch) error {
	s.mu.Lock()
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}

	s.mu.Lock()
	defer s.mu.Unlock()

	if s.fail != nil {
		return s.fail
	}
	if !slices.IsSortedFunc(b.Transactions, func(a, b market.Transaction) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Index, b.Index))
	}) {
		s.t.Errorf("batch is not in chain order")
	}

	if len(b.Addresses) != 1 {
		s.togethers++
		if len(b.Addresses) == 0 || len(b.Transactions)+len(b.RolledBack)+len(b.Gaps) > 0 || b.Checkpoint != 0 || slices.Contains(b.Addresses, testProgram) {
			s.t.Errorf("a batch of %d addresses that tells more than how far followed ones have come: %+v", len(b.Addresses), b)
		}
	}
	if len(b.Addresses) == 1 && b.Addresses[0] != testProgram && len(b.Transactions)+len(b.RolledBack)+len(b.Gaps) == 0 && b.Checkpoint == 0 {
		s.alone++
	}
	for _, address := range b.Addresses {
		if of := s.of(address); b.ChainTime != 0 && b.ChainTime < of.chainTime {
			s.t.Errorf("chain time of %s went back from %d to %d", address, of.chainTime, b.ChainTime)
		}
	}
	of := s.of(b.Addresses[0])

	for _, tx := range b.Transactions {
		if _, known := s.txs[tx.Signature]; !known && tx.BlockTime < of.chainTime {
			s.late++
		}
		s.txs[tx.Signature] = tx
		s.traces[tx.Signature] = append(s.traces[tx.Signature], fmt.Sprintf("%d/%d by %s (%v) at %d", tx.Slot, tx.Index, b.Addresses[0].String()[20:28], len(tx.Addresses), of.slot))
		s.deliveries[tx.Signature]++
	}

	for _, signature := range b.RolledBack {
		delete(s.txs, signature)
		s.rolledBack = append(s.rolledBack, signature)
	}

	s.gaps = append(s.gaps, b.Gaps...)
	for _, address := range b.Addresses {
		of := s.of(address)
		of.chainTime, of.checkpoint, of.slot = max(of.chainTime, b.ChainTime), max(of.checkpoint, b.Checkpoint), max(of.slot, b.Slot)
	}
	if b.Addresses[0] == testProgram {
		s.chainTime, s.checkpoint, s.slot = of.chainTime, of.checkpoint, of.slot
	}

	s.batches++
	s.more = b.More
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// until waits for a condition over the sink, checked after every batch.
func (s *sink) until(what string, ok func() bool) {
	s.t.Helper()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		done, changed := ok(), s.changed
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			s.t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// open counts the open gaps whose cause begins so.
func (s *sink) open(cause string) (n int) {
	state := map[string]market.GapState{}
	for _, gap := range s.gaps {
		if strings.HasPrefix(gap.Cause, cause) {
			state[gap.Cause] = gap.State
		}
	}
	for _, now := range state {
		if now == market.GapOpen {
			n++
		}
	}
	return n
}

// has reports whether the sink holds all of txs, finally dated.
func (s *sink) has(txs []ledgerTx) bool {
	for _, tx := range txs {
		got, ok := s.txs[tx.signature]
		if !ok || got.Provisional || got.Slot != tx.slot {
			return false
		}
	}
	return true
}

// equal fails unless the sink holds exactly the ledger's transactions, in its order and at its times.
func (s *sink) equal(want []ledgerTx) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()

	got := slices.SortedFunc(maps.Values(s.txs), func(a, b market.Transaction) int {
		return cmp.Or(cmp.Compare(a.Slot, b.Slot), cmp.Compare(a.Index, b.Index))
	})
	if len(got) != len(want) {
		s.t.Fatalf("%d transactions, want %d", len(got), len(want))
	}

	rank, slot := uint32(0), market.Slot(0)
	for i, tx := range got {
		if want[i].slot != slot {
			rank, slot = 0, want[i].slot
		}
		w := want[i]
		if tx.Signature != w.signature || tx.Slot != w.slot || tx.Index != rank || tx.BlockTime != testTime(w.slot) || tx.Provisional || !slices.Equal(tx.Logs, w.logs) {
			s.t.Fatalf("transaction %d is %v at %d/%d time %d %v, want %v at %d/%d time %d", i, tx.Signature, tx.Slot, tx.Index, tx.BlockTime, tx.Provisional, w.signature, w.slot, rank, testTime(w.slot))
		}
		rank++
	}
}

// record is a log handler's target, safe for concurrent use.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// rig is a running feed on scripted clusters.
type rig struct {
	*sink
	feed *Feed
	log  *record
	stop func() error // ends Run and gives its result
}

// patience is how long a test waits for what must come: long, as the machine may be busy.
const patience = 2 * time.Minute

func testConfig(endpoints ...Endpoint) Config {
	return Config{
		Endpoints: endpoints, Program: testProgram, ReconnectInterval: 20 * time.Millisecond, PingInterval: 50 * time.Millisecond,
		SilenceTimeout: time.Minute, RescanInterval: 100 * time.Millisecond, BackfillLimit: 10_000,
	}
}

func start(t testing.TB, config Config, resume market.Slot, edit ...func(*sink)) *rig {
	t.Helper()
	r := &rig{sink: newSink(t), log: &record{}}
	for _, one := range edit {
		one(r.sink)
	}

	config.Logger = slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r.feed = New(config)
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- r.feed.Run(ctx, resume, r.apply) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-result:
			return err
		case <-time.After(10 * time.Second):
			return fmt.Errorf("run did not end")
		}
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("Run = %v", err)
		}
		if t.Failed() {
			text := r.log.String()
			t.Logf("log:\n%s", text[max(0, len(text)-6000):])
		}
	})

	return r
}

// status waits for a condition over the feed's status.
func (r *rig) status(what string, ok func(Status) bool) {
	r.t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !ok(r.feed.Status()) {
		select {
		case <-ticker.C:
		case <-deadline:
			r.t.Fatalf("%s: not within 30 s, status %+v", what, r.feed.Status())
		}
	}
}

func (r *rig) live() {
	r.t.Helper()
	r.status("connected", func(s Status) bool { return s.State == Connected })
}

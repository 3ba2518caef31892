package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"spinscope/backend/cluster"
	"spinscope/backend/config"
	"spinscope/backend/market"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// nodesVariant is a cluster whose access points have parts of the ledger and list it badly.
type nodesVariant struct {
	seed   int64
	first  []simnet.Node // the endpoint in use; several are a pool
	second []simnet.Node // the fallback; none when empty
	limit  int           // backfill_limit
	forks  float64
}

func (v nodesVariant) String() string {
	return fmt.Sprintf("seed %d, first %+v, second %+v, limit %d, forks %g", v.seed, v.first, v.second, v.limit, v.forks)
}

// drawVariant draws a cluster: short, moving and differing histories, pools, and lists that are empty, cut, late or have
// gaps.
func drawVariant(seed int64) nodesVariant {
	rng := rand.New(rand.NewPCG(uint64(seed), 7)) //nolint:gosec // a test that repeats
	node := func() simnet.Node {
		n := simnet.Node{Keep: []market.Slot{0, 0, 60, 120, 200, 400}[rng.IntN(6)]}
		for _, fault := range []*float64{&n.EmptyList, &n.ListHole, &n.ShortList, &n.LateList} {
			if rng.IntN(3) == 0 {
				*fault = []float64{0.1, 0.3, 0.6}[rng.IntN(3)]
			}
		}
		return n
	}
	v := nodesVariant{seed: seed, limit: []int{0, 100, 100_000}[rng.IntN(3)], forks: []float64{0, 0.05}[rng.IntN(2)]}
	for range 1 + rng.IntN(3) {
		v.first = append(v.first, node())
	}

	switch rng.IntN(3) {
	case 0:
		v.second = []simnet.Node{{}} // has all
	case 1:
		v.second = []simnet.Node{node(), node()}
	}

	return v
}

// TestNodesOfEveryKind reads clusters whose nodes forget, differ and list badly, through a first start, a restart, an
// outage and on demand. In the end what is stored is what the ledger holds, or a gap says where it may not be; and nothing
// that the ledger holds was ever taken back.
func TestNodesOfEveryKind(t *testing.T) {
	seeds := 6
	if os.Getenv("SPINSCOPE_SOAK") != "" {
		seeds = 200
	}
	for seed := range int64(seeds) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			t.Parallel()
			readNodes(t, drawVariant(seed+1))
		})
	}
}

func readNodes(t *testing.T, v nodesVariant) {
	net := simnet.New(simnet.Config{
		Seed: v.seed, Mints: 3, Rate: 100, History: 8 * time.Second, SlotTime: 20 * time.Millisecond, Speed: 1,
		Faults: simnet.Faults{Fork: v.forks, Drop: 0.02},
	})
	net.SetNode("first", v.first...)
	net.SetNode("second", v.second...)

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := net.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer stop()

	<-net.Ready()

	log := &lockedBuffer{}
	o := Options{
		Config: config.Default(), Assets: fstest.MapFS{}, DataDir: t.TempDir(),
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Feed: func(c *solana.Config) {
			c.ReconnectInterval, c.SilenceTimeout, c.RescanInterval = 20*time.Millisecond, 2*time.Second, 300*time.Millisecond
			c.MendInterval = 200 * time.Millisecond
		},
	}
	o.Config.Server.Listen, o.Config.Metadata.Enabled = "127.0.0.1:0", false
	o.Config.Solana.Cluster, o.Config.Solana.BackfillLimit = "custom", v.limit
	o.Config.Solana.RPCURL, o.Config.Solana.WSURL = net.NodeURL("first"), net.WSURL()
	if len(v.second) > 0 {
		o.Config.Solana.Fallback = []config.Endpoint{{RPCURL: net.NodeURL("second"), WSURL: net.WSURL()}}
	}

	truth := &nodesTruth{t: t, url: net.RPCURL(), held: map[market.Signature]market.Slot{}}
	defer func() {
		if t.Failed() {
			text := log.String()
			t.Logf("%v\nlog:\n%s", v, text[max(0, len(text)-8000):])
		}
	}()

	during := func(what string, do func(b *Backend)) { // one run of the server
		b := New(o)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- b.Run(ctx) }()
		do(b)
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", what, err)
		}
		truth.compare(what, o)
	}
	slots := func(n market.Slot) { // lets the chain go on
		for end := truth.slot("processed") + n; truth.slot("processed") < end; {
			time.Sleep(10 * time.Millisecond) // between looks
		}
	}

	during("first start", func(*Backend) { slots(120) })
	slots(150)
	during("restart", func(*Backend) { slots(100) })
	during("outage", func(b *Backend) {
		slots(60)
		net.Outage(3 * time.Second) // 150 slots
		time.Sleep(3 * time.Second)
		slots(100)
		net.SetRate(0)
		slots(60)
	})

	last := truth.newest()
	during("rest", func(b *Backend) {
		for ready := false; !ready; time.Sleep(10 * time.Millisecond) {
			_, ready = b.Address()
		}
		if err := b.LoadHistory(t.Context(), cluster.Reach{}); err != nil && !strings.Contains(err.Error(), solana.ErrBeyond.Error()) {
			t.Errorf("load history: %v", err)
		}

		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			at := b.store.State().Checkpoint
			if at >= last {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("the checkpoint stands at %d, the newest trade in %d", at, last)
				return
			}
		}
	})
}

// nodesTruth is the ledger, and what was seen stored of it.
type nodesTruth struct {
	t    *testing.T
	url  string
	held map[market.Signature]market.Slot // stored once, and in the ledger
}

func (n *nodesTruth) ask(method string, params, result any) {
	n.t.Helper()
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	for {
		response, err := http.Post(n.url, "application/json", bytes.NewReader(body)) //nolint:noctx // bounded by the test
		if err != nil {
			time.Sleep(20 * time.Millisecond) // an outage
			continue
		}
		answer := struct{ Result any }{result}
		err = json.NewDecoder(response.Body).Decode(&answer)
		_ = response.Body.Close()
		if err != nil {
			n.t.Fatal(method, err)
		}
		return
	}
}

func (n *nodesTruth) slot(commitment string) (slot market.Slot) {
	n.ask("getSlot", []any{map[string]string{"commitment": commitment}}, &slot)
	return slot
}

// ledger is every transaction with events up to the newest finalized slot.
func (n *nodesTruth) ledger() (all []simnet.LedgerTransaction) {
	after := ""
	for {
		var page simnet.LedgerPage
		n.ask("simnet_ledger", []any{map[string]any{"after": after, "limit": 5000, "commitment": "finalized"}}, &page)
		for _, tx := range page.Transactions {
			if len(tx.Events) > 0 && !tx.Failed {
				all = append(all, tx)
			}
		}
		if after = page.Next; after == "" {
			return all
		}
	}
}

func (n *nodesTruth) newest() market.Slot {
	all := n.ledger()
	return all[len(all)-1].Slot
}

// compare checks a store that nobody has open: up to its checkpoint it holds the ledger, but for gaps.
func (n *nodesTruth) compare(what string, o Options) {
	n.t.Helper()
	s, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, "custom")})
	if err != nil {
		n.t.Fatal(err)
	}

	defer s.Close() //nolint:errcheck // only read
	stored := map[market.Signature]market.Slot{}
	err = s.EventsAfter(market.Position{}, func(e *market.Event) error {
		stored[e.Signature] = e.Slot
		return nil
	})
	if err != nil {
		n.t.Fatal(err)
	}

	gaps, err := s.Gaps(n.t.Context(), nil, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	covered := func(slot market.Slot) bool {
		for _, gap := range gaps {
			if gap.State != market.GapFilled && gap.From <= slot && slot <= gap.To {
				return true
			}
		}
		return false
	}

	checkpoint, inGaps := s.State().Checkpoint, 0
	ledger := map[market.Signature]market.Slot{}
	for _, tx := range n.ledger() {
		ledger[tx.Signature] = tx.Slot
		at, ok := stored[tx.Signature]
		switch {
		case tx.Slot > checkpoint:
		case !ok && !covered(tx.Slot):
			n.t.Errorf("%s: %s of slot %d is missing without a word; checkpoint %d, gaps there %+v", what, tx.Signature, tx.Slot, checkpoint,
				slices.DeleteFunc(gaps, func(gap market.Gap) bool { return gap.From > tx.Slot+50 || gap.To+50 < tx.Slot }))
			return
		case !ok:
			inGaps++
		case at != tx.Slot && !covered(at) && !covered(tx.Slot): // a fork moved it, and its slot is still to be read
			n.t.Errorf("%s: %s is stored in slot %d, it is of %d", what, tx.Signature, at, tx.Slot)
		}
	}

	for signature, slot := range n.held {
		if _, ok := stored[signature]; !ok {
			n.t.Errorf("%s: %s of slot %d was taken back, and the ledger holds it", what, signature, slot)
			return
		}
	}

	ghosts := 0
	for signature, slot := range stored {
		if _, ok := ledger[signature]; ok {
			n.held[signature] = slot
		} else if slot <= checkpoint {
			if ghosts++; !covered(slot) {
				n.t.Errorf("%s: %s of slot %d is stored, and no part of the ledger", what, signature, slot)
			}
		}
	}

	n.t.Logf("%s: %d of %d stored, checkpoint %d, %d in %d gaps, %d ghosts in gaps", what, len(stored), len(ledger), checkpoint, inGaps, len(gaps), ghosts)
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

package solana

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"spinscope/backend/market"
)

// chaos writes a ledger of several addresses while it drops, repeats and reorders what it tells, refuses and cuts
// connections, gives lists with gaps, and abandons forks.
type chaos struct {
	*cluster
	rng       *rand.Rand
	addresses []market.Pubkey
	feed      *Feed

	mu     sync.Mutex // of what follows; taken after the cluster's
	faults *rand.Rand
	calm   bool
	good   map[string]int // by question: lists to be given well, as what is asked for again is right
}

// hasGap reports whether the list that answers a question is to have a gap.
func (c *chaos) hasGap(question string) bool {
	const after = 3
	c.mu.Lock()
	if c.good[question]--; c.good[question] >= 0 {
		c.mu.Unlock()
		return false
	}
	c.mu.Unlock()
	if !c.strikes(0.1) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.good[question] = after
	return true
}

func (c *chaos) strikes(share float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.calm && c.faults.Float64() < share
}

// arm installs the faults.
func (c *chaos) arm() {
	c.lock(func() {
		c.repeat = func(ledgerTx, market.Pubkey) int {
			switch {
			case c.strikes(0.1):
				return 0
			case c.strikes(0.1):
				return 2
			}
			return 1
		}
		c.arrival = func(txs []ledgerTx) []ledgerTx {
			if c.strikes(0.2) {
				slices.Reverse(txs)
			}
			return txs
		}
		c.fault = func(w http.ResponseWriter, _ []rpcRequest) bool {
			if c.strikes(0.02) {
				w.WriteHeader([]int{500, 503, 429}[int(time.Now().UnixNano())%3])
				return true
			}
			return false
		}
		c.override = func(request rpcRequest) (any, *rpcError, bool) {
			switch {
			case request.Method == "getTransaction" && c.strikes(0.05):
				return nil, nil, true
			case request.Method == "getSignaturesForAddress" && c.hasGap(string(request.Params[0])):
				result, problem := c.result(request)
				list, _ := result.([]any)
				if len(list) > 3 {
					list = slices.Delete(slices.Clone(list), 1, 2)
				}
				return list, problem, true
			case request.Method == "getBlock" && c.strikes(0.1):
				return nil, &rpcError{-32004, "Block not available for slot"}, true
			}

			return nil, nil, false
		}
	})
}

// step ends a slot, and does something else besides.
func (c *chaos) step() {
	var names [][]market.Pubkey
	for range c.rng.IntN(5) {
		var named []market.Pubkey
		for _, address := range c.addresses {
			if c.rng.IntN(len(c.addresses)) < 2 {
				named = append(named, address)
			}
		}
		if len(named) == 0 {
			named = []market.Pubkey{c.addresses[c.rng.IntN(len(c.addresses))]}
		}
		names = append(names, named)
	}

	c.tickOf(names...)
	switch {
	case !c.strikes(0.15):
	case c.strikes(0.2):
		c.cut()
	case c.strikes(0.3):
		c.lock(func() { c.limit = 1 + c.rng.IntN(3) })
	case c.strikes(0.3):
		c.lock(func() { c.limit, c.refuse = 0, !c.refuse })
	case c.strikes(0.2):
		c.send([]byte(`{"not":`))
	default:
		c.fork()
	}
}

// fork abandons transactions of a slot that is not final, or moves them on.
func (c *chaos) fork() {
	c.lock(func() {
		final := c.slot - testFinalized
		var young []int
		for i, tx := range c.txs {
			if tx.slot > final+1 && tx.slot+1 < c.slot {
				young = append(young, i)
			}
		}

		if len(young) == 0 {
			return
		}
		i := young[c.rng.IntN(len(young))]
		tx := c.txs[i]
		c.txs = slices.Delete(c.txs, i, i+1)
		if c.rng.IntN(2) == 0 {
			tx.slot, tx.index = tx.slot+1, 2000+i
			c.txs = append(c.txs, tx)
			slices.SortStableFunc(c.txs, func(a, b ledgerTx) int { return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.index, b.index)) })
			c.notify(tx)
		}

		c.index = map[string]int{"": 0} // to be made anew
	})
}

// Addresses that are added and removed at random, over clusters that fail in every way they can, are read as the ledger has
// them: each transaction where it stands, in order, with what was rolled back gone, and no gap left but those that the ledger
// itself has.
func TestFollowChaos(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			followChaos(t, seed)
		})
	}
}

func followChaos(t *testing.T, seed uint64) {
	c := &chaos{cluster: newCluster(t), rng: rand.New(rand.NewPCG(seed, 1)), faults: rand.New(rand.NewPCG(seed, 2)), good: map[string]int{}}
	c.addresses = []market.Pubkey{testProgram}
	for n := range 6 {
		c.addresses = append(c.addresses, testAddress(n))
	}

	for range 30 {
		c.step()
	}
	c.lock(func() { c.refuse, c.limit = false, 0 })
	c.arm()

	config := testConfig(c.endpoint(), c.endpoint())
	config.RescanInterval, config.MendInterval, config.recheck = 60*time.Millisecond, 50*time.Millisecond, 30*time.Millisecond
	config.refusedPause, config.TimeWait = 30*time.Millisecond, 50*time.Millisecond
	config.ReconnectInterval = 5 * time.Millisecond
	var held *sink
	config.Recall = func(ctx context.Context, address market.Pubkey, from, to market.Slot, visit func(market.Transaction) bool) error {
		return held.recall(ctx, address, from, to, visit)
	}
	r := start(t, config, 0, func(s *sink) { held = s })
	c.feed = r.feed

	followed := map[market.Pubkey]bool{}
	turn := func() {
		address := c.addresses[1+c.rng.IntN(len(c.addresses)-1)]
		if followed[address] {
			r.feed.Unfollow(address)
			delete(followed, address)
			return
		}

		r.mu.Lock()
		from := r.of(address).checkpoint
		gaps := openGaps(r.gaps, address)
		r.mu.Unlock()
		follow(t, r.feed, Following{Address: address, From: from, Gaps: gaps})
		followed[address] = true
	}
	for n := range 400 {
		c.step()
		if n%15 == 0 {
			turn()
		}
		time.Sleep(3 * time.Millisecond) // the pace of the chain; nothing hangs on it
	}

	c.mu.Lock()
	c.calm = true
	c.mu.Unlock()
	c.lock(func() { c.refuse, c.limit = false, 0 })
	for _, address := range c.addresses[1:4] {
		if !followed[address] {
			turn2 := Following{Address: address}
			r.mu.Lock()
			turn2.From, turn2.Gaps = r.of(address).checkpoint, openGaps(r.gaps, address)
			r.mu.Unlock()
			follow(t, r.feed, turn2)
			followed[address] = true
		}
	}

	ledger := c.ledger()
	stop := c.run(0)
	defer stop()

	read := []market.Pubkey{testProgram}
	for _, address := range c.addresses[1:] {
		if followed[address] {
			read = append(read, address)
		}
	}

	r.same("the ledger", ledger, read...)
	last := ledger[len(ledger)-1].slot
	for _, address := range read {
		r.address("final", address, func(s AddressStatus) bool { return s.State == Connected && s.Checkpoint > last })
	}

	r.until("what was rolled back is gone, and no gap is left", func() bool {
		known := map[market.Signature]bool{}
		for _, tx := range ledger {
			known[tx.signature] = true
		}
		for signature, tx := range r.txs {
			if !known[signature] && slices.ContainsFunc(tx.Addresses, func(a market.Pubkey) bool { return slices.Contains(read, a) }) {
				return false
			}
		}
		return !slices.ContainsFunc(read, func(a market.Pubkey) bool { return len(openGaps(r.gaps, a)) > 0 })
	})
	r.same("the ledger still", ledger, read...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.late > len(r.txs) {
		t.Errorf("%d late", r.late)
	}
}

// openGaps are those of an address that are open, of all changes of gaps.
func openGaps(changes []market.Gap, address market.Pubkey) []market.Gap {
	var open []market.Gap
	for _, gap := range changes {
		of := gap.Address
		if of.IsZero() {
			of = testProgram
		}
		if of != address {
			continue
		}
		open = slices.DeleteFunc(open, func(old market.Gap) bool { return sameGap(&old, &gap) })
		if gap.State == market.GapOpen {
			open = append(open, gap)
		}
	}
	return open
}

package solana

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/polltest"
)

// How much of the chain an endpoint has is asked once for many, and again when the answer is too old, speaks for too little, or
// did not come.
func TestExtentIsShared(t *testing.T) {
	c := newCluster(t)
	c.lock(func() { c.slot, c.first = 1000, 900 })
	rpc := newRPC(c.endpoint(), 0, time.Millisecond)
	t.Cleanup(rpc.close)
	shared, began := newTip(rpc, Confirmed), time.Now()
	asked := func() int { return c.called("getFirstAvailableBlock") }

	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			e, err := shared.now(t.Context(), began, 0)
			if want := c.at(Finalized); err != nil || e.finalized != want || e.newest != c.at(Confirmed) || e.depth != want-900 {
				t.Errorf("%+v, %v", e, err)
			}
		})
	}

	group.Wait()
	if n, slots := asked(), c.called("getSlot"); n != 1 || slots != 2 {
		t.Errorf("asked %d times how far back, %d times how far", n, slots)
	}

	before, _ := shared.now(t.Context(), began, 0)
	c.lock(func() { c.slot = 1200 })
	if e, err := shared.now(t.Context(), began, before.finalized); err != nil || e != before {
		t.Errorf("%+v instead of %+v (%v)", e, before, err)
	}

	if e, err := shared.now(t.Context(), began, before.finalized+1); err != nil || e.finalized != before.finalized+200 || e.depth != before.depth+200 {
		t.Errorf("a slot that was not final: %+v after %+v (%v)", e, before, err)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := shared.now(ended, began, 5000); !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone is told %v", err)
	}

	c.lock(func() {
		c.fault = func(w http.ResponseWriter, _ []rpcRequest) bool {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
	})
	if e, err := shared.now(t.Context(), began, 5000); err == nil {
		t.Errorf("a refusal is %+v", e)
	}

	c.lock(func() { c.fault, c.slot = nil, 6000 })
	if e, err := shared.now(t.Context(), began, 5000); err != nil || e.newest < 5000 {
		t.Errorf("after a refusal: %+v, %v", e, err)
	}

	n := asked()
	for range 3 {
		if _, err := shared.now(t.Context(), time.Now(), 0); err != nil {
			t.Fatal(err)
		}
	}

	if got := asked() - n; got != 3 {
		t.Errorf("asked %d times for three answers that must be new", got)
	}
}

// A node that does not say how far back it goes, and one whose ledger goes back to the beginning, are read all the same.
func TestExtentOfAnyNode(t *testing.T) {
	c := newCluster(t)
	rpc := newRPC(c.endpoint(), 0, time.Millisecond)
	t.Cleanup(rpc.close)
	for name, first := range map[string]any{"all": 0, "from the first block": 1, "unknown": nil} {
		c.lock(func() {
			c.override = func(request rpcRequest) (any, *rpcError, bool) {
				var problem *rpcError
				if first == nil {
					problem = &rpcError{code: -32601, message: "Method not found"}
				}
				return first, problem, request.Method == "getFirstAvailableBlock"
			}
		})
		if e, err := rpc.extent(t.Context(), Confirmed); err != nil || e.depth != 0 || e.finalized == 0 {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

// Fifty coins of two addresses each ask how far the node is, and how far back it goes, no oftener than one does.
func TestManyAddressesAskOnceHowFar(t *testing.T) {
	const count = 100
	c := newCluster(t)
	addresses := make([]market.Pubkey, count)
	for i := range addresses {
		addresses[i] = testAddress(1 + i)
	}

	for _, address := range addresses {
		c.tickOf([]market.Pubkey{address})
	}

	var mu sync.Mutex
	watching := false
	listed, tips := map[string]bool{}, 0
	c.lock(func() {
		c.override = func(request rpcRequest) (any, *rpcError, bool) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case !watching || len(request.Params) == 0:
			case request.Method == "getSignaturesForAddress":
				listed[string(request.Params[0])] = true
			case request.Method == "getSlot" && strings.Contains(string(request.Params[0]), Finalized):
				tips++
			}
			return nil, nil, false
		}
	})

	config := testConfig(c.endpoint())
	config.RescanInterval = 12 * time.Second // each rescans soon after it is live, and not again
	r := start(t, config, 0)
	r.live()
	defer c.run(0)()

	for _, address := range addresses {
		follow(t, r.feed, Following{Address: address})
	}
	polltest.Until(t, "all are live", func() bool {
		for _, s := range r.feed.Addresses() {
			if s.State != Connected {
				return false
			}
		}
		return true
	})

	mu.Lock()
	watching = true
	mu.Unlock()
	began := time.Now()
	polltest.Until(t, "all were compared", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(listed) >= count
	})
	mu.Lock()
	defer mu.Unlock()
	if limit := 2 + int(time.Since(began)*tipParts/firstRescan); tips > limit {
		t.Errorf("asked %d times how far the node is, of %d addresses; %d are enough", tips, len(listed), limit)
	}
}

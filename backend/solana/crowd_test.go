package solana

import (
	"testing"
	"time"

	"spinscope/backend/market"
)

// However many addresses are followed, how far they have come is told in one batch for all that are quiet. One that has something
// to tell tells it itself, and one that is not followed any more is in no later batch.
func TestProgressIsReportedTogether(t *testing.T) {
	const count, slots = 60, 10
	c := newCluster(t)
	config := testConfig(c.endpoint())
	config.RescanInterval = time.Hour
	r := start(t, config, 0)
	r.live()

	addresses := make([]market.Pubkey, count)
	for i := range addresses {
		addresses[i] = testAddress(1 + i)
		follow(t, r.feed, Following{Address: addresses[i]})
	}
	for _, address := range addresses {
		r.address("it is live", address, isConnected)
	}

	newest := func() (slot market.Slot) {
		c.lock(func() { slot = c.slot })
		return slot
	}
	reach := func(what string, slot market.Slot, list []market.Pubkey) {
		t.Helper()
		r.until(what, func() bool {
			for _, address := range list {
				if of := r.of(address); of.slot < slot || of.chainTime < testTime(slot) {
					return false
				}
			}
			return true
		})
	}
	c.tick(0)
	c.tick(0)
	c.tick(0)
	reach("all have come here", newest()-graceSlots, addresses)

	r.mu.Lock()
	before := r.alone
	r.mu.Unlock()
	for range slots {
		c.tick(0)
		reach("all have come on", newest()-graceSlots, addresses)
	}
	r.mu.Lock()
	alone, togethers := r.alone-before, r.togethers
	r.mu.Unlock()
	if alone > slots*count/10 || togethers < slots {
		t.Errorf("%d batches of one and %d of several for %d slots of %d addresses", alone, togethers, slots, count)
	}

	busy := c.tickOf([]market.Pubkey{addresses[7]})
	c.tick(0)
	c.tick(0)
	r.same("what one of them names", busy, addresses[7])
	reach("all have come past it", newest()-graceSlots, addresses)

	r.feed.Unfollow(addresses[3])
	r.mu.Lock()
	left := *r.of(addresses[3])
	r.mu.Unlock()
	for range 5 {
		c.tick(0)
	}
	reach("the others go on", newest()-graceSlots, append(addresses[4:], addresses[:3]...))
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := *r.of(addresses[3]); now != left {
		t.Errorf("one that is not followed came from %+v to %+v", left, now)
	}
}

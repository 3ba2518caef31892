package solana

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"spinscope/backend/market"
)

// ghost tells of a transaction of a block that the chain does not hold: its notification comes after a fork has lost.
func (c *cluster) ghost(slot market.Slot) (signature market.Signature) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	tx := ledgerTx{slot: slot, signature: testSignature(c.serial), logs: []string{"Program " + testProgram.String() + " invoke [1]"}}
	c.notify(tx)
	return tx.signature
}

// startWithoutRescans starts a feed on a cluster with a history of so many slots. When it returns the feed has read them, and
// compares them again only when it has a reason.
func startWithoutRescans(t *testing.T, slots int) (*cluster, *rig) {
	t.Helper()
	c := newCluster(t)
	c.history(slots, 1)
	config := testConfig(c.endpoint())
	config.RescanInterval = time.Hour
	r := start(t, config, 0)
	r.live()
	all := c.ledger()
	r.until("history", func() bool { return r.has(all) })
	return c, r
}

// TestLateOfALostFork tells of transactions of a lost fork after their slots were compared with the lists, as happens when
// this program stood still: a little later, past what a regular rescan looks at, and past what the ledger remembers.
func TestLateOfALostFork(t *testing.T) {
	for _, late := range []market.Slot{10, rescanSlots + 50, ledgerSlots + 100} {
		t.Run(fmt.Sprint(late), func(t *testing.T) {
			c, r := startWithoutRescans(t, 900)
			var sent []market.Signature
			for n := range market.Slot(3) {
				sent = append(sent, c.ghost(r.checkpointNow()-late-n))
			}
			r.until("the rollback", func() bool {
				return !slices.ContainsFunc(sent, func(one market.Signature) bool { return !slices.Contains(r.rolledBack, one) })
			})
			added := c.tick(2)
			r.until("what follows", func() bool { return r.has(added) })
			r.equal(c.ledger())
		})
	}
}

// TestLateWhileCompared tells of a transaction of a lost fork while a rescan that covers its slot waits for its list: it was
// not among what that compared, so the checkpoint must not pass it.
func TestLateWhileCompared(t *testing.T) {
	c, r := startWithoutRescans(t, 100)
	c.history(60, 1)

	asked, answer := make(chan struct{}, 100), make(chan struct{})
	c.lock(func() {
		c.fault = func(_ http.ResponseWriter, requests []rpcRequest) bool {
			if requests[0].Method == "getSignaturesForAddress" {
				asked <- struct{}{}
				<-answer
			}
			return false
		}
	})
	r.feed.Rescan()
	<-asked

	sent := c.ghost(1100 + 20)
	r.until("it came", func() bool { return r.deliveries[sent] == 1 })
	c.history(400, 1)
	close(answer)
	r.until("the list was compared", func() bool { return r.checkpoint >= 1100+19 })
	r.feed.Rescan()
	r.until("the rollback", func() bool { return slices.Contains(r.rolledBack, sent) })
	for range 3 {
		c.tick(1)
	}

	r.feed.Rescan()
	all := c.ledger()
	r.until("all of it", func() bool { return r.has(all) })
	r.equal(c.ledger())
}

func (r *rig) checkpointNow() market.Slot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.checkpoint
}

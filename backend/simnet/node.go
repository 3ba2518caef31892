package simnet

import (
	"slices"
	"strings"

	"spinscope/backend/market"
)

// Node says what an access point of the cluster has of the ledger, and how its lists of signatures misbehave beside
// Faults. Probabilities are 0..1 and per list. The zero value has all that the cluster keeps, and lists it well.
type Node struct {
	Keep      market.Slot `json:"keep"`       // slots behind the newest whose ledger it has; 0 is all
	EmptyList float64     `json:"empty_list"` // nothing is listed
	ListHole  float64     `json:"list_hole"`  // the middle third is left out
	ShortList float64     `json:"short_list"` // the older half is left out
	LateList  float64     `json:"late_list"`  // the newest 40 slots are left out
}

const lateBy = 40 // slots

// SetNode makes or replaces the access point of a name, "" being the one at the root. Of several members each HTTP
// request reaches one at random, as behind a load balancer.
func (n *Net) SetNode(name string, members ...Node) {
	n.chaos.mu.Lock()
	defer n.chaos.mu.Unlock()
	n.chaos.nodes[name] = slices.Clone(members)
}

// NodeURL is the address of the JSON-RPC service of an access point. It blocks until Ready.
func (n *Net) NodeURL(name string) string { return n.RPCURL() + nodePath + name }

const nodePath = "node/"

// access is the cluster as one of its nodes shows it.
type access struct {
	*Net
	node Node
	name string
}

// at is the node that answers a request for a path; false when there is none of that name. Paths that name none lead to the
// root, as at providers that take a key in the path.
func (n *Net) at(path string) (*access, bool) {
	name, named := strings.CutPrefix(strings.TrimPrefix(path, "/"), nodePath)
	if !named {
		name = ""
	}
	n.chaos.mu.Lock()
	defer n.chaos.mu.Unlock()
	members, ok := n.chaos.nodes[name]
	if !ok || len(members) == 0 {
		return &access{Net: n, name: name}, name == ""
	}
	return &access{n, members[n.chaos.rng.IntN(len(members))], name}, true
}

// first is the slot where the node's ledger begins, 0 when it has all: before the market's first slot are no blocks.
func (n *access) first() market.Slot {
	c := n.chain
	first := market.Slot(0)
	if c.forgot {
		first = c.base
	}
	if keep := n.node.Keep; keep > 0 && c.processed >= c.born+keep {
		first = max(first, c.processed-keep+1)
	}
	return first
}

// find is a transaction that the node has, nil for others.
func (n *access) find(signature market.Signature) *transaction {
	tx := n.chain.bySignature[signature]
	if tx == nil || tx.slot < n.first() {
		return nil
	}
	return tx
}

// goodAfter is how often at least a list is given as it is after it was given badly: what is asked for again is right,
// unless its probability is 1.
const goodAfter = 3

// spoil does to a list of signatures, newest first, what this node does to lists. cursor is what it was asked for with.
func (n *access) spoil(list []*transaction, cursor string) []*transaction {
	due := n.chaos.rested(n.name + " " + cursor)
	bad := false
	strikes := func(name string, share func(*Faults) float64, own float64) bool {
		hit := n.chaos.strikes(name, func(f *Faults) float64 {
			p := max(share(f), own)
			if p < 1 && !due {
				p = 0
			}
			return p
		})
		bad = bad || hit
		return hit
	}
	if strikes("late_list", func(f *Faults) float64 { return f.LateList }, n.node.LateList) {
		list = slices.DeleteFunc(list, func(tx *transaction) bool { return tx.slot+lateBy > n.chain.processed })
	}

	if strikes("list_hole", func(f *Faults) float64 { return f.ListHole }, n.node.ListHole) {
		list = slices.Delete(list, len(list)/3, len(list)-len(list)/3)
	}
	if strikes("short_list", func(f *Faults) float64 { return f.ShortList }, n.node.ShortList) {
		list = list[:(len(list)+1)/2]
	}

	if strikes("empty_list", func(f *Faults) float64 { return f.EmptyList }, n.node.EmptyList) {
		list = nil
	}
	if bad {
		n.chaos.rest(n.name + " " + cursor)
	}

	return list
}

// rested reports whether the list of a name may be given badly.
func (c *chaos) rested(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.good[name] > 0 {
		c.good[name]--
		return false
	}
	return true
}

func (c *chaos) rest(name string) {
	const limit = 10_000
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.good) >= limit {
		clear(c.good)
	}
	c.good[name] = goodAfter
}

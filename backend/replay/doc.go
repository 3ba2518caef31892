// Package replay serves recorded events as if they happened now: the same trades at the pace of their block times, or at
// another, to the same clients.
//
// Owner: one call of Run for each replay. A Source is the source of its listener; one goroutine runs it.
//
// Ordering: the events come in the order of the chain. Block times are whole seconds: what happened within one is spread
// evenly over it.
//
// Failure: a recording that cannot be read ends the replay. What the replay stores is in a directory of its own, which goes
// with it.
package replay

// Package node makes a server one of several that share a market over a bus: one writes, others stand by with a replica, and
// edges serve replicas for good.
//
// Owner: Run is called once, and calls Options.Serve again with each change of role, never twice at once.
//
// Order: a commit is in the log of the bus before it is in the writer's store. The lease decides who tries to write; the log
// decides who does.
//
// Failure: a writer that loses the lease, or finds another's commit in the log, stands by. A bus that is not reached ends
// nothing that is served: commits wait for it.
package node

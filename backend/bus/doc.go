// Package bus carries the commits of a market between machines, over NATS JetStream: the log that holds them, the lease that
// says who may try to write, snapshots to begin from, and the record of whose market it is.
//
//	stream NAME            one message is one commit, the stream's sequence is the commit's seq
//	stream NAME-alerts     what alerts did, one message a change
//	KV NAME-market         key market: identity of the store, cluster, program
//	KV NAME-lease          key writer: who may try to append; goes with its owner (TTL)
//	KV NAME-digests        key seq: what the 1,000 commits up to it amount to
//	objects NAME-snapshots backups of the store (package backup), the newest two
//
// It is the only importer of NATS, and knows nothing of what a commit holds.
//
// Order: Append compares the log's last sequence with the one before the commit's, so a seq has one commit, whoever writes.
// The lease decides only who tries. Follow gives commits in order, without a gap, or says why not.
//
// Failure: while the bus cannot be reached, Append and Follow wait for it and go on; they end with their context. What can
// never become right is an error: ErrOther when the log is another writer's, an OlderError when the log begins later.
// Settings that can lose what was acknowledged are refused when a log is opened (ErrSettings).
//
// Concurrency: all methods are safe for concurrent use; Append is for one goroutine at a time.
package bus

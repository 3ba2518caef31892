// Package alert decides when a person or a script is to be told of something: a price crossed, a sharp move, a
// liquidation, a new token, a burst of trading, a lost connection.
//
// Owner: backend makes one Service and runs it; the Service, a sink of package follow, feeds its Evaluator every commit, keeps
// what fired in the store, and tells of it. File is the one list of rules, which the window, the command line and an editor change alike;
// Webhook posts what fired.
//
// Ordering: commits are fed in seq order and each once. What fires comes out in the order of the events. The
// evaluator's state follows from the stored events before the one looked at and from its Marks, which the Service stores
// together with what fired and with its cursor: after a restart it goes on as if it had never stopped. Of commits that left
// the commit log before they were looked at, the events are read as they are stored by then.
//
// Concurrency: an Evaluator belongs to one goroutine, the Service's Run. File may be used by several goroutines and processes at once. A
// Webhook's Offer may be called from any goroutine.
//
// Failure: a lookup that fails ends the feeding of that commit with its error. A rule that makes no sense is left out
// with a Problem that names it, and the others go on. A webhook that does not answer is retried, then given up; it never
// holds up anything else.
package alert

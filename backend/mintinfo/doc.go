// Package mintinfo asks a cluster what it keeps of mints: what they call themselves, how many there are of them, and with how
// many decimals. So a coin whose creation lies before the stored history has a name, and every coin a supply.
//
// None of it enters the history of events. A name that a TokenCreated tells comes first; whoever shows one of this package says
// so.
//
// Owner: backend makes one Accounts and runs it once. What was learned is kept in a file of its own, one line for each answer,
// with when and from which account; the oldest go when there are too many.
//
// Ordering: mints are asked about in the order in which somebody wanted them, fifty at once, with a pause after each request.
//
// Concurrency: Info and Want may be called from any goroutine and never block.
//
// Failure: nothing here ends the program but an error of the store. A cluster that does not answer is asked again, with growing
// pauses. An account that is not what it should be is counted and says nothing.
package mintinfo

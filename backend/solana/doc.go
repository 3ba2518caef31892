// Package solana reads the transactions of a program, and of addresses that are followed beside it, from a Solana cluster and
// hands them on as market.Batch values. It knows JSON-RPC and PubSub, commitments, slots and logs; what the logs mean is none
// of its business.
//
// Owner: Feed.Run owns every connection and goroutine it starts and returns only when all of them are gone. The
// callback given to Run is called by one goroutine at a time.
//
// Order: a batch is ascending in (Slot, Index). A live transaction is delivered as soon as its block time is known, so
// later batches may add to, move or rollBack what earlier ones held: a signature delivered again replaces its earlier
// delivery. Index is the rank among the program's delivered transactions of the slot, so that it is the same whether
// the slot was watched or read back, and ranks change only where something was missing or out of order.
//
// Addresses: each that is followed (Feed.Follow) has a subscription, a history, a checkpoint and gaps of its own, over one
// connection and one clock; a batch says whose it is. How far those have come that have nothing else to tell, one batch says for
// all of them (crowd.go). A transaction that several name is delivered once. Index is then the
// order of arrival in the slot, or the place in the block where history had to put something in order: each list is in order
// by itself and with those that it shares transactions with (deliveries.go). An address whose subscription is refused, or whose
// history fails, is tried again by itself; the others go on.
//
// What was delivered and is not found again among finalized slots is rolled back, once the cluster has said so of the
// signature itself; only then the checkpoint moves past it.
//
// Failure: the network is expected to fail. Every connection is renewed for ever with a jittered, doubling pause,
// along the list of endpoints and back to the first when it answers again. What was missed meanwhile is read back
// before anything newer is delivered. Only an error of the callback, or a configuration that cannot work, ends Run.
//
// Bounds: 20,000 buffered live transactions (64 MB), 1 MB a frame, 64 MB a response, 64 pages of signatures in memory; 4,096
// followed addresses with 2,000 buffered transactions each (64 MB together), of which three read history at once.
//
// Calls: the questions are those of solana-go's client (typed.go), and so are the answers but on hot paths; pace, batches,
// retries and redaction are our own.
//
// Secrets: RPC addresses often hold API keys. No error, log line or status of this package holds more of an address
// than scheme and host.
package solana

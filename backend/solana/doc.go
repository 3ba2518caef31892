// Package solana reads the transactions of one program from a Solana cluster and hands them on as market.Batch values.
// It knows JSON-RPC and PubSub, commitments, slots and logs; what the logs mean is none of its business.
//
// Owner: Feed.Run owns every connection and goroutine it starts and returns only when all of them are gone. The
// callback given to Run is called from that one goroutine.
//
// Order: a batch is ascending in (Slot, Index). A live transaction is delivered as soon as its block time is known, so
// later batches may add to, move or rollBack what earlier ones held: a signature delivered again replaces its earlier
// delivery. Index is the rank among the program's delivered transactions of the slot, so that it is the same whether
// the slot was watched or read back, and ranks change only where something was missing or out of order.
//
// What was delivered and is not found again among finalized slots is rolled back, once the cluster has said so of the
// signature itself; only then the checkpoint moves past it.
//
// Failure: the network is expected to fail. Every connection is renewed for ever with a jittered, doubling pause,
// along the list of endpoints and back to the first when it answers again. What was missed meanwhile is read back
// before anything newer is delivered. Only an error of the callback, or a configuration that cannot work, ends Run.
//
// Bounds: 20,000 buffered live transactions (64 MB), 1 MB a frame, 64 MB a response, 64 pages of signatures in memory.
//
// Calls: the questions are those of solana-go's client (typed.go), and so are the answers but on hot paths; pace, batches,
// retries and redaction are our own.
//
// Secrets: RPC addresses often hold API keys. No error, log line or status of this package holds more of an address
// than scheme and host.
package solana

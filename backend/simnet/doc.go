// Package simnet is a simulated Solana cluster that runs a SpinPet market: JSON-RPC over HTTP POST and PubSub over
// WebSocket on one port, for the demo market and for tests. Clients reach it through its sockets only.
//
// Owner: one goroutine, started by Net.Run, produces every slot and is the only writer of the chain; request handlers
// read it under a lock. A connection has one reader and one writer goroutine and a bounded queue between the market and
// the socket: a client that lags is disconnected, as a real cluster does it.
//
// Ordering: a subscription is told its slots in ascending order, each at most once, in block order (unless Faults say
// otherwise). The ledger is a function of Config alone while rate and faults are left as they are: the same seed, start
// and rates give the same transactions in the same slots, however fast the machine is.
//
// Beside the methods of a real cluster, the HTTP service has three of its own: simnet_ledger gives every transaction with
// its events in plain JSON, in pages, so that a test in any language can work out candles and orders independently;
// simnet_status tells how it does; simnet_control changes the rate and the faults and triggers outages. GET /ipfs/ serves
// the tokens' metadata and pictures.
//
// Coins: with Config.Coins a launchpad (package launchpad) runs beside the market, on pump and PumpSwap. Its transactions
// tell their events in the log and in calls of the programs to themselves; of the market's own program they name nothing.
//
// Access points: the service at the root has everything that is not pruned, unless Config.Keep says less. SetNode adds
// others at /node/NAME that keep another part of the same ledger, or several of them as a pool. A ledger that nothing was
// pruned from begins with slot 0, as there are no blocks before the market's first.
//
// Failure: Run returns an error only if the port cannot be opened or the server breaks; everything else a client sees is
// a JSON-RPC error, as the real cluster words it. Memory is bounded by Config.MaxTransactions.
package simnet

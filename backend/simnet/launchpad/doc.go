// Package launchpad is a market of coins on pump and PumpSwap, for the simulated cluster: coins are created, trade on a
// bonding curve, complete it, move to a pool and trade there, priced in SOL or in USDC, told in layouts of several ages.
//
// Owner: a World belongs to one goroutine, which asks it for one transaction after the other. It is a function of its
// Config and of the chain times it is asked at; it reads no clock.
//
// Truth: beside what the programs would log, each transaction says what happened to which coin, from the world's own
// account, in whole numbers: a test compares with that and does not ask the code that it tests.
//
// Failure: New returns an error when an address cannot be derived. Everything else is arithmetic that was bounded before.
package launchpad

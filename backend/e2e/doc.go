// Package e2e holds the tests that drive the built program as its users do: processes, ports, signals, the Socket.IO
// clients of other languages. It has no code of its own.
//
// The tests build the program once (with the race detector when they run under it), start `spinscope simnet` and
// `spinscope serve` on free ports, and compare what clients get with figures computed here from the simulated cluster's
// ledger, with math/big and none of the program's arithmetic.
//
// Every process is stopped by the test that started it, by its pid. Nothing waits by sleeping: conditions are polled,
// and time limits are only there to end a hung test. The tests run in parallel and share nothing but the binary.
package e2e

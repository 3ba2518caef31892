// Package offline works on a market that nobody serves: it exports it, brings history and recorded events into it, and
// proves it.
//
// Each function opens the store, does one thing, and closes it; a store that a server holds is refused with the server's
// address. Export and Verify without repair change no file. Ending ctx stops each cleanly; what was stored stays, and asking
// again goes on from there. The functions must not run at the same time: they bound the memory of the process.
package offline

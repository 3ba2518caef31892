// Package backend is the composition root: it makes the parts, connects them, runs them and stops them in order.
//
// Owner: the command line or the desktop shell makes one Backend and calls Run once. Run opens the store, binds the
// port, starts everything and blocks. When its context ends it stops the listener, flushes, says goodbye to clients and
// closes the store last, within five seconds.
//
// Failure: a network error never ends Run; an error of the store or of the port does.
package backend

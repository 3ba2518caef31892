// Package publicnet fetches what lies at addresses that somebody else chose: public ones only, over HTTP, with bounds on
// bytes, time and redirects.
//
// The address is checked after its name was resolved, at every dial and so at every redirect, and the checked address is the
// one dialled. There is no proxy, no cookie, and nothing in a request but what it asks for. One HOST:PORT may be exempt, for a
// service that the operator named.
//
// Owner: whoever fetches makes a Web of its own and closes it. It knows no market, and no format.
//
// Concurrency: every method may be called from any goroutine.
//
// Failure: errors say what went wrong without the URL. Nothing is tried twice here.
package publicnet

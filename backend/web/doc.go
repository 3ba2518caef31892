// Package web makes what clients meet of a market: the port with the page, REST and Socket.IO behind one guard, and the
// followers whose work clients see, which are alerts, metadata and what mints' accounts say.
//
// Owner: New puts a Server together over an open store and opens nothing; Listen opens the port; the Parts run beside each
// other until their context ends.
//
// Order: followers see commits from New on, so that what recovery commits reaches them.
//
// Failure: a port that cannot be opened is an error of Listen, and one that fails later ends its part. Trouble that passes is
// told by /readyz.
package web

// Package release tells whether a newer version than the one that runs was published.
//
// It asks one https address, which the operator has set, for a release description (release.json) and its minisign
// signature (the same address and .minisig), once a day at most. Nothing is sent but the two requests; nothing is downloaded
// but the two small files; nothing is ever installed. What the signature does not vouch for is not read.
//
// A description is a JSON object: name is "spinscope", version is one by Semantic Versioning, page is the https address of
// what a person reads about it. What else it holds is passed over.
//
// Owner: backend makes one Watcher, if an address is set, and runs it once. The newest signed answer and the time of the
// last question are kept in a file, so that restarts do not ask more often; what is read from there is verified again.
//
// Concurrency: Newer may be called from any goroutine. Ask may too.
//
// Failure: nothing here ends the program or gets in the way. An address that cannot be reached, a wrong signature, a
// malformed or older description are each one line in the log a day.
package release

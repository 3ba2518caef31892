// Package hub hands each commit from the one writer to whoever follows the market.
//
// Owner: backend creates one Hub; ingest alone calls Publish, after the commit is durable; each reader owns its
// Subscriber and reads it from one goroutine at a time.
//
// Ordering: a Subscriber sees commits in seq order, each once, from the first one published after Subscribe.
//
// Concurrency: every method may be called from any goroutine, except that Publish has one caller. Publish never blocks:
// a Subscriber that does not read loses its queue and is told so by ErrLagged, then resumes from the store by seq.
//
// Failure: none of its own. Commits are shared between subscribers and must not be changed.
package hub

// Package cluster is the cluster as the configuration names it: its access points, whether one of them does what is needed of
// it, and the Source that reads it.
//
// Owner: a Source belongs to the listener that runs it, once; its other methods may be called from any goroutine, and so may
// every function. It keeps the feed, and which coins are followed.
//
// Failure: what the cluster does wrong is in the status and ends nothing; an error of the store ends Run. What is said to a
// person holds no key.
package cluster

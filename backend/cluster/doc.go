// Package cluster is the cluster as the configuration names it: its access points, and whether one of them does what is
// needed of it.
//
// It owns nothing and keeps nothing; every function may be called from any goroutine. What it says to a person holds no key.
package cluster

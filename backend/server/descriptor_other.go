//go:build !unix

package server

// descriptorLimit is 0: this system has no such limit.
func descriptorLimit() int { return 0 }

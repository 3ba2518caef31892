//go:build race

package e2e

// The program under test is built with the race detector too.
func init() { buildFlags = append(buildFlags, "-race") }

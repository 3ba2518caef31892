//go:build desktop && !devtools

package app

import "os"

// furtherEnv is the environment of a further window.
func furtherEnv(int) []string { return os.Environ() }

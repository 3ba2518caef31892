//go:build desktop && !linux

package app

import "os"

// ownOutput takes standard output for this process alone: nothing else here writes to it.
func ownOutput() (*os.File, error) { return os.Stdout, nil }

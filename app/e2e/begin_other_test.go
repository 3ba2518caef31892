//go:build !linux

package e2e

import "os/exec"

// begin starts a program.
func begin(cmd *exec.Cmd) error { return cmd.Start() }

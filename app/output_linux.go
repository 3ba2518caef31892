//go:build desktop && linux

package app

import (
	"os"
	"syscall"
)

// ownOutput takes standard output for this process alone: what libraries write there goes to standard error from now on.
func ownOutput() (*os.File, error) {
	own, err := syscall.Dup(1)
	if err != nil {
		return nil, err
	}
	syscall.CloseOnExec(own)
	if err := syscall.Dup3(2, 1, 0); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(own), "output"), nil
}

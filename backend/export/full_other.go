//go:build !windows

package export

import (
	"errors"
	"syscall"
)

// isFull reports whether writing failed for want of room, on the disk or of the person's share of it.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

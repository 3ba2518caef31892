package export

import (
	"errors"
	"syscall"
)

// isFull reports whether writing failed for want of room.
func isFull(err error) bool {
	const handleDiskFull, diskFull = syscall.Errno(39), syscall.Errno(112) // of winerror.h
	return errors.Is(err, diskFull) || errors.Is(err, handleDiskFull)
}

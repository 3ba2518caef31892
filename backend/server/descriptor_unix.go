//go:build unix

package server

import "syscall"

// descriptorLimit is how many files this process may open, 0 when that is not known.
func descriptorLimit() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur > 1<<30 {
		return 0
	}
	return int(limit.Cur) //nolint:gosec // bounded above
}

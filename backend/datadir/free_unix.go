//go:build linux || darwin

package datadir

import "syscall"

func freeAt(dir string) (int64, bool) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, false
	}
	return int64(stat.Bavail) * int64(stat.Bsize), true //nolint:gosec,unconvert,nolintlint // types differ between systems
}

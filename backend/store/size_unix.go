//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package store

import (
	"io/fs"
	"syscall"
)

// onDisk is what a file takes on the disk; Badger's logs are mostly holes.
func onDisk(info fs.FileInfo) int64 {
	const block = 512
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return min(stat.Blocks*block, info.Size())
	}
	return info.Size()
}

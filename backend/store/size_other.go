//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package store

import "io/fs"

// onDisk is what a file takes on the disk.
func onDisk(info fs.FileInfo) int64 { return info.Size() }

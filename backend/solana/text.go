package solana

import "unsafe"

// bytesText is b as a string that shares its memory: b must not change while the string is used.
func bytesText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // read only, and not kept

//go:build !unix

package durable

// syncDirectory does nothing where directories cannot be opened: there the system itself writes names through.
func syncDirectory(string) error { return nil }

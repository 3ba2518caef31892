package store

import "errors"

// Sentinels of the package; they arrive wrapped with what was being done.
var (
	// ErrLocked is returned by Open when another process, or this one, has the store open. The text names the holder.
	ErrLocked = errors.New("store is in use")
	// ErrFormat is returned by Open when the store was written in a layout this program does not know.
	ErrFormat = errors.New("store has another format")
	// ErrCorrupt is returned when what is on disk cannot be what the store wrote.
	ErrCorrupt = errors.New("store is damaged")
	// ErrSeq is returned by Commit when the commit's number is not the one after the last.
	ErrSeq = errors.New("commit out of sequence")
	// ErrCommit is returned by Commit when the commit contradicts itself or the store; nothing was written.
	ErrCommit = errors.New("commit refused")
	// ErrClosed is returned by every method once Close was called.
	ErrClosed = errors.New("store is closed")
	// ErrCursor is returned by Mints for a cursor that Mints did not give out.
	ErrCursor = errors.New("unknown cursor")
	// Stop is what a callback returns to end an iteration early; the iteration then returns nil.
	Stop = errors.New("stop") //nolint:errname,staticcheck // not a failure, named as in the callbacks
)

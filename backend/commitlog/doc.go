// Package commitlog keeps the newest commits of a store, encoded, in files that are only appended to.
//
// Owner: package store, which knows what the bytes mean. Order: seqs rise by one from the oldest commit held to the newest;
// when one is missing, everything before it is forgotten. Concurrency: one goroutine appends and closes, any number reads.
// Bound: the caller's limit in bytes, which may change with each append; the oldest commits go, a file at a time.
//
// Failure: the log is a convenience for readers that are behind, never the only copy of a commit. What cannot be written or
// read is logged and forgotten, and whoever asks for it gets an OlderError. Nothing is written through to the disk: the log
// outlives the process, and after a power cut it may begin anew.
//
// The files' layout is in docs/storage.md.
package commitlog

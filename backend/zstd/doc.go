// Package zstd packs and unpacks what the program writes to files and sends: one place for the library, and for the bounds
// of what unpacking may take.
//
// Concurrency: a Writer or Reader is for one goroutine; Append and Decode are for any number at once.
package zstd

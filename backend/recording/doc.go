// Package recording brings events that were read from an export or a store into the order of the chain, so that they can
// be taken in again as the transactions they came with.
//
// A Sorter belongs to one goroutine. It keeps up to 16 MB of events in memory and what is more in one temporary file, which
// Close removes and which no killed process leaves. Events come back by slot, index in the block, signature and ordinal, each once. The first error of the
// file ends its use.
package recording

// Package backup is one file that holds a market: all rows of its store as one commit left them, which market it is, and a
// checksum of both. The same file is the hot backup of a server and what a replica begins from.
//
//	magic "spinback" 8 · version 1 · length 4 · header (JSON) · checksum of all before 32 · zstd( row … · end )
//	row   v length of the key · key · v length of the value · value · v version
//	end   v 0 · v rows · SHA-256 of the header and of all rows, as they stand unpacked 32
//
// Numbers are big-endian; v is an unsigned varint. Rows come in the order of their keys, so that a store is made of them
// without sorting. docs/storage.md says what a row is.
//
// Concurrency: Write runs beside commits; Restore needs its directory for itself. Failure: Check reads a whole file before
// anything is made of it, and what it refuses is ErrDamaged, ErrCut or ErrOther. A restored store is read again and compared
// before it is put in place; a failed one leaves nothing behind.
package backup

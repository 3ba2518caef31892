package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"strconv"
)

// Badger's logs: a .mem file holds what is in memory and in no table yet, a .vlog file the values above 64 KiB. Both are
//
//	key8 · iv12 · entries · zeros
//	entry: meta1 · user1 · varint key length · varint value length · varint expiry · key · value · crc4
//
// A key ends in its version, 8 bytes, complemented. Badger reads entries up to the first that is not whole, cuts the
// file there and goes on: right for the torn end that a killed process leaves, and the loss of all that follows when the
// file is damaged in the middle.

const (
	logHeader   = 8 + 12
	logKeyMax   = 1 << 16
	logPart     = 1 << 6 // meta: part of a transaction
	logEnd      = 1 << 7 // meta: ends a transaction
	versionSize = 8
)

// logContent is what a log file holds.
type logContent struct {
	name        string
	end         int               // of what Badger takes in, bytes
	first, last uint64            // lowest and highest version of finished transactions; 0 for none
	states      map[uint64]uint32 // checksums of the state records in these, by version
}

var (
	errLogCut    = errors.New("it ends in the middle of an entry")
	errLogMiddle = errors.New("an entry in its middle is damaged")
	errLogHeader = errors.New("its header is damaged")
)

// readLog reads a log file as Badger does, and returns an error where Badger would leave out more than a torn end.
func readLog(path string) (logContent, error) {
	data, err := os.ReadFile(path) //nolint:gosec // a file of the store
	if err != nil {
		return logContent{}, err
	}
	return parseLog(data)
}

func parseLog(data []byte) (logContent, error) {
	content := logContent{end: min(len(data), logHeader), states: map[uint64]uint32{}}
	if len(data) < logHeader {
		return content, errLogHeader
	}
	if binary.BigEndian.Uint64(data) != 0 { // the number of an encryption key: there is none
		return content, errLogHeader
	}

	used := len(bytes.TrimRight(data, "\x00")) // logs are preallocated

	var first, last, open uint64 // of the transaction being read
	var state *uint32            // the checksum of its state record
	at := logHeader
	for at < len(data) {
		e, ok := entryAt(data, at)
		if !ok || e.size == 0 {
			break
		}

		if bytes.Equal(e.key, keyState) {
			sum := crc32.Checksum(e.value, castagnoli)
			state = &sum
		}
		switch {
		case e.meta&logPart != 0:
			if open != 0 && e.version != open {
				return content, content.torn(data, at, used)
			}
			open = e.version
			first, last = e.version, e.version
		case e.meta&logEnd != 0:
			if ended, err := strconv.ParseUint(string(e.value), 10, 64); err != nil || ended != open {
				return content, content.torn(data, at, used)
			}
			open = 0
			content.finished(at+e.size, first, last, state)
			state = nil
		default:
			if open != 0 {
				return content, content.torn(data, at, used)
			}
			content.finished(at+e.size, e.version, e.version, state)
			state = nil
		}

		at += e.size
	}

	return content, content.torn(data, at, used)
}

func (c *logContent) finished(end int, first, last uint64, state *uint32) {
	c.end = end
	if state != nil {
		c.states[last] = *state
	}
	if c.first == 0 || first < c.first {
		c.first = first
	}
	c.last = max(c.last, last)
}

// torn judges what follows the place where reading ended: nothing but a transaction that was being written is fine.
func (c *logContent) torn(data []byte, at, used int) error {
	if at >= used {
		return nil
	}
	if size := entrySize(data, at); size > 0 && at+size > len(data) && len(data) == used {
		return fmt.Errorf("byte %d: %w", at, errLogCut)
	}
	for next := at + 1; next+1 < used; next++ {
		if data[next+1] != 0 { // user meta, which we do not use: no need to look closer
			continue
		}
		if e, ok := entryAt(data, next); ok && e.size > 0 {
			return fmt.Errorf("byte %d: %w", at, errLogMiddle)
		}
	}
	return nil
}

type logEntry struct {
	size    int // 0 for the zeros behind the last one
	meta    byte
	key     []byte // without the version
	version uint64
	value   []byte
}

// entrySize is how long the entry at a place says it is; 0 when it cannot be one.
func entrySize(data []byte, at int) int {
	_, key, value, head := entryHead(data, at)
	if head == 0 || key == 0 {
		return 0
	}
	return head + key + value + crc32.Size
}

func entryHead(data []byte, at int) (meta byte, key, value, head int) {
	if at+2 > len(data) {
		return 0, 0, 0, 0
	}
	next := at + 2
	var fields [3]uint64 // lengths of key and value, expiry
	for i := range fields {
		x, n := binary.Uvarint(data[next:])
		if n <= 0 {
			return 0, 0, 0, 0
		}
		fields[i], next = x, next+n
	}
	if fields[0] > logKeyMax || fields[1] > math.MaxInt32 || fields[2] != 0 { // nothing of ours expires
		return 0, 0, 0, 0
	}
	return data[at], int(fields[0]), int(fields[1]), next - at
}

// entryAt reads the entry at a place; ok is false when there is no whole one.
func entryAt(data []byte, at int) (e logEntry, ok bool) {
	meta, key, value, head := entryHead(data, at)
	if head == 0 {
		return e, false
	}
	if key == 0 {
		return e, true
	}

	end := at + head + key + value
	if key < versionSize || end+crc32.Size > len(data) {
		return e, false
	}
	if crc32.Checksum(data[at:end], castagnoli) != binary.BigEndian.Uint32(data[end:]) {
		return e, false
	}

	e.size, e.meta = end+crc32.Size-at, meta
	e.version = math.MaxUint64 - binary.BigEndian.Uint64(data[at+head+key-versionSize:])
	e.key = data[at+head : at+head+key-versionSize]
	e.value = data[end-value : end]
	return e, true
}

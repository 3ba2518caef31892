package commitlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strconv"
	"strings"

	"spinscope/backend/market"
)

// A segment is a file of the log:
//
//	magic 8 · version 1 · identity 16 · records
//	record: length 4 · checksum 4 · seq 8 · payload
//
// The length is that of the payload; the checksum (CRC-32C) covers seq and payload. Numbers are big-endian. The file is
// called after its first seq, in 20 digits.
const (
	magic         = "spincmts"
	version       = 1
	identitySize  = 16
	segmentHeader = len(magic) + 1 + identitySize
	recordHeader  = 4 + 4 + 8
	extension     = ".commits"

	maxPayload = 1 << 30 // bytes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// segment is what is known of one file.
type segment struct {
	first  market.Seq
	starts []uint32 // where each record begins
	size   int64    // bytes
}

// next is the seq after the segment's last.
func (s *segment) next() market.Seq { return s.first + market.Seq(len(s.starts)) }

// end is where the record at a place ends.
func (s *segment) end(place int) int64 {
	if place+1 < len(s.starts) {
		return int64(s.starts[place+1])
	}
	return s.size
}

func segmentName(dir string, first market.Seq) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", first, extension))
}

// firstOf reads the name of a segment's file; false when it is no such name.
func firstOf(name string) (market.Seq, bool) {
	digits, found := strings.CutSuffix(name, extension)
	first, err := strconv.ParseUint(digits, 10, 64)
	return market.Seq(first), found && err == nil && len(digits) == 20
}

func appendHeader(dst []byte, identity [identitySize]byte) []byte {
	return append(append(append(dst, magic...), version), identity[:]...)
}

// beginRecord appends a record's header; endRecord fills it in when the payload is there.
func beginRecord(dst []byte, seq market.Seq) []byte {
	return binary.BigEndian.AppendUint64(append(dst, make([]byte, 8)...), uint64(seq))
}

func endRecord(record []byte) {
	binary.BigEndian.PutUint32(record, uint32(len(record)-recordHeader)) //nolint:gosec // at most maxPayload
	binary.BigEndian.PutUint32(record[4:], crc32.Checksum(record[8:], castagnoli))
}

// readRecord cuts the first record off data; false when it is not whole.
func readRecord(data []byte) (seq market.Seq, payload, rest []byte, ok bool) {
	if len(data) < recordHeader {
		return 0, nil, nil, false
	}
	length := int64(binary.BigEndian.Uint32(data))
	if length > maxPayload || length > int64(len(data)-recordHeader) {
		return 0, nil, nil, false
	}
	end := recordHeader + int(length)
	if crc32.Checksum(data[8:end], castagnoli) != binary.BigEndian.Uint32(data[4:]) {
		return 0, nil, nil, false
	}
	return market.Seq(binary.BigEndian.Uint64(data[8:])), data[recordHeader:end:end], data[end:], true
}

// survey reads a segment's content up to the first record that is not whole or does not follow. It has no records when the
// file is another store's or of another version.
func survey(data []byte, first market.Seq, identity [identitySize]byte) *segment {
	s := &segment{first: first}
	if !bytes.HasPrefix(data, appendHeader(nil, identity)) {
		return s
	}

	s.size = int64(segmentHeader)
	for rest := data[segmentHeader:]; ; {
		seq, _, after, ok := readRecord(rest)
		if !ok || seq != s.next() {
			return s
		}
		s.starts = append(s.starts, uint32(s.size)) //nolint:gosec // a segment is smaller than 4 GB
		s.size += int64(len(rest) - len(after))
		rest = after
	}
}

// cut drops the records after a seq.
func (s *segment) cut(newest market.Seq) {
	if s.next() <= newest+1 {
		return
	}
	keep := 0
	if newest >= s.first {
		keep = int(newest - s.first + 1) //nolint:gosec // below len(starts)
	}
	s.size = int64(s.starts[keep])
	s.starts = s.starts[:keep]
}

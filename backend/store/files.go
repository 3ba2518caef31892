package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// checkFiles looks at the database's files before Badger does. Badger opens tables in goroutines of its own, where a
// damaged file is a panic that nobody can catch, and it takes a lost MANIFEST for a new database and deletes the tables.
// It returns how many tables there are.
func checkFiles(o *Options) (tables int, err error) {
	files, err := os.ReadDir(o.Dir)
	if err != nil {
		return 0, fmt.Errorf("list files: %w", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".sst") {
			tables++
		}
	}
	manifest, err := os.Open(filepath.Join(o.Dir, badger.ManifestFilename))
	if errors.Is(err, os.ErrNotExist) {
		if tables > 0 {
			return 0, damaged(fmt.Errorf("the file %s is missing", badger.ManifestFilename))
		}
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open manifest: %w", err)
	}
	defer manifest.Close() //nolint:errcheck // only read
	content, _, err := badger.ReplayManifestFile(manifest, 0, badgerOptions(o))
	if err != nil {
		return 0, manifestError(err)
	}
	for id := range content.Tables { // a file that is not in it is the rest of a crash, and Badger deletes it
		name := table.IDToFilename(id)
		if err := checkTable(filepath.Join(o.Dir, name)); err != nil {
			return 0, damaged(fmt.Errorf("file %s: %w", name, err))
		}
	}
	return tables, nil
}

func manifestError(err error) error {
	if strings.Contains(err.Error(), "unsupported version") || strings.Contains(err.Error(), "magic number doesn't match") {
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return damaged(err)
}

// castagnoli is the polynomial of Badger's checksums.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkTable checks a table's index. The blocks are checked when they are read.
func checkTable(path string) error {
	return withFile(path, func(file *os.File) error {
		_, err := tableIndex(file)
		return err
	})
}

// tableIndex reads a table's index: its length and checksum stand at the end of the file, as
// index · length4 · checksum · length4.
func tableIndex(file *os.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	end := info.Size()
	last := func(n int64) ([]byte, error) { // the n bytes before end
		if n < 0 || n > end {
			return nil, errors.New("its index is cut off")
		}
		end -= n
		part := make([]byte, n)
		_, err := io.ReadFull(io.NewSectionReader(file, end, n), part)
		return part, err
	}
	var parts [2][]byte // checksum, index
	for i := range parts {
		length, err := last(4)
		if err != nil {
			return nil, err
		}
		if parts[i], err = last(int64(binary.BigEndian.Uint32(length))); err != nil {
			return nil, err
		}
	}
	want, ok := checksum(parts[0])
	if !ok || len(parts[1]) == 0 || uint64(crc32.Checksum(parts[1], castagnoli)) != want {
		return nil, errors.New("its index does not match its checksum")
	}
	return parts[1], nil
}

// checksum reads Badger's checksum message: algorithm (field 1; 0, CRC-32C, is left out) and sum (field 2), both varints.
func checksum(message []byte) (sum uint64, ok bool) {
	const algorithm, value = 1 << 3, 2 << 3
	for len(message) > 0 {
		tag := message[0]
		x, n := binary.Uvarint(message[1:])
		if n <= 0 {
			return 0, false
		}
		message = message[1+n:]
		switch {
		case tag == value:
			sum, ok = x, true
		case tag != algorithm || x != 0:
			return 0, false
		}
	}
	return sum, ok
}

package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// manifest is what Badger's MANIFEST says about tables, by number. It is a list of changes that grows at its end; Badger
// writes it anew when it has become long.
type manifest struct {
	used map[uint64]bool  // true for those in use, false for those it has dropped since; no entry: never mentioned
	made map[uint64]int64 // the byte of the change that made a table; of a number that was used again, the last one
	data []byte           // without an unfinished change at the end
}

// readManifest reads the MANIFEST. The error is ErrNotExist when there is none, ErrFormat for one of another version of
// Badger, and ErrCorrupt otherwise.
func readManifest(o *Options) (*manifest, error) {
	file, err := os.Open(filepath.Join(o.Dir, badger.ManifestFilename))
	if err != nil {
		return nil, err
	}

	defer file.Close() //nolint:errcheck // only read

	// Badger's own reading is the judge of whether it is well-formed. It leaves out an unfinished change at the end.
	content, end, err := badger.ReplayManifestFile(file, 0, badgerOptions(o))
	if err != nil {
		return nil, manifestError(err)
	}

	data := make([]byte, end)
	if _, err := file.ReadAt(data, 0); err != nil {
		return nil, fmt.Errorf("read %s: %w", badger.ManifestFilename, err)
	}

	m := &manifest{map[uint64]bool{}, map[uint64]int64{}, data}
	const magic, head = 8, 8 // a change set is length4 · checksum4 · message
	for at := magic; at < len(data); {
		length := int(binary.BigEndian.Uint32(data[at:]))
		var unreadable error
		err := eachField(data[at+head:at+head+length], func(_ int, _ uint64, change []byte) {
			unreadable = errors.Join(unreadable, m.apply(change, int64(at)))
		})
		if err = errors.Join(err, unreadable); err != nil {
			return nil, manifestError(err)
		}
		at += head + length
	}

	for id := range content.Tables {
		if !m.used[id] {
			return nil, damaged(fmt.Errorf("the file %s contradicts itself", badger.ManifestFilename))
		}
	}

	return m, nil
}

// apply takes in one change, of the set that begins at a byte: id (field 1) and operation (field 2; 0, creation, is left out).
func (m *manifest) apply(change []byte, at int64) error {
	var id, deleted uint64
	err := eachField(change, func(number int, value uint64, _ []byte) {
		switch number {
		case 1:
			id = value
		case 2:
			deleted = value
		}
	})
	m.used[id] = deleted == 0
	if m.used[id] {
		m.made[id] = at
	}
	return err
}

func manifestError(err error) error {
	if strings.Contains(err.Error(), "unsupported version") || strings.Contains(err.Error(), "magic number doesn't match") {
		return fmt.Errorf("%w: file %s: %w", ErrFormat, badger.ManifestFilename, err)
	}
	return damaged(fmt.Errorf("file %s: %w", badger.ManifestFilename, err))
}

var errMessage = errors.New("unreadable message")

// eachField calls fn with the fields of a protobuf message: those of Badger are varints and byte strings only. It returns
// an error for anything else.
func eachField(message []byte, fn func(number int, value uint64, bytes []byte)) error {
	const varint, byteString = 0, 2
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		value, m := uint64(0), 0
		if n > 0 {
			value, m = binary.Uvarint(message[n:])
		}

		if n <= 0 || m <= 0 {
			return errMessage
		}
		message = message[n+m:]

		switch tag & 7 {
		case varint:
			fn(int(tag>>3), value, nil)
		case byteString:
			if value > uint64(len(message)) {
				return errMessage
			}
			fn(int(tag>>3), 0, message[:value])
			message = message[value:]
		default:
			return errMessage
		}
	}

	return nil
}

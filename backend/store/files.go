package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/table"
)

// survey is what lies in a store's directory.
type survey struct {
	tables   map[uint64]bool // by number: the file is there
	logs     []string        // names of the .mem files
	values   []string        // names of the .vlog files
	manifest bool
	registry bool
	discard  bool
	noted    bool // FILES or LAST is there: there was a store
	unclosed bool // its last user did not close it

	files   *inventory  // what FILES says; nil without one that can be read
	last    *lastChange // what LAST says; likewise
	grown   bool        // the MANIFEST has grown since FILES was written
	crashed bool        // the machine may have gone down while the store was open: its newest changes may be lost
	lost    error       // the newest changes that are, of a store that goes on without them
}

func look(dir string) (*survey, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}

	found := &survey{tables: map[uint64]bool{}}
	for _, file := range files {
		name := file.Name()
		switch filepath.Ext(name) {
		case ".sst":
			if id, ok := table.ParseFileID(name); ok {
				found.tables[id] = true
			}
		case ".mem":
			found.logs = append(found.logs, name)
		case ".vlog":
			found.values = append(found.values, name)
		}

		switch name {
		case badger.ManifestFilename:
			found.manifest = true
		case badger.KeyRegistryFileName:
			found.registry = true
		case discardFile:
			found.discard = true
		case lockFile:
			found.unclosed = true
		case filesFile, lastFile:
			found.noted = true
		}
	}

	found.unclosed = found.unclosed || len(found.logs) > 0
	return found, nil
}

// empty reports whether there is no store in the directory, not even a damaged one.
func (v *survey) empty() bool {
	return !v.manifest && !v.registry && !v.discard && !v.noted && len(v.tables)+len(v.logs)+len(v.values) == 0
}

// Badger's names for files that it does not export.
const (
	discardFile = "DISCARD" // how much of each value log is garbage
	lockFile    = "LOCK"    // the process that has the store open; a clean close removes it
)

// checkFiles looks at the database's files before Badger does, and changes nothing. Badger deletes every table that its
// MANIFEST does not mention, so that a short MANIFEST is the end of the store; it cuts a log where it is damaged; and it
// opens tables in goroutines of its own, where a damaged one is a panic that nobody can catch.
func checkFiles(o *Options) (*survey, *manifest, error) {
	found, err := look(o.Dir)
	if err != nil || found.empty() {
		return found, nil, err
	}
	if !found.manifest {
		return nil, nil, damaged(fmt.Errorf("the file %s is missing", badger.ManifestFilename))
	}

	tables, err := readManifest(o)
	if err != nil {
		return nil, nil, err
	}

	found.files, found.last = readInventory(o), readLast(o)
	found.crashed = (found.last == nil || !found.last.closed || found.unclosed) && wentDown(o)
	if found.crashed && found.files != nil && int64(len(tables.data)) < found.files.size {
		found.files = nil // it reached the disk before what it tells of
	}

	if err := found.files.checkManifest(tables); err != nil {
		return nil, nil, err
	}
	found.grown = found.files != nil && int64(len(tables.data)) > found.files.size

	newest := uint64(0) // version in any table in use
	for id, used := range tables.used {
		if !used {
			continue
		}
		mark, known := found.files.mark(tables, id)
		version, err := checkTable(o, id, mark, known)
		if err != nil {
			return nil, nil, err
		}
		newest = max(newest, version)
	}

	logs, err := checkLogs(o, found)
	if err == nil {
		err = found.checkChanges(o, newest, logs)
	}
	if err != nil {
		return nil, nil, err
	}

	for id := range found.tables {
		if _, mentioned := tables.used[id]; mentioned || found.unfinished(o, id, newest, logs) {
			continue
		}
		return nil, nil, damaged(fmt.Errorf("the file %s does not mention %s: it is cut short, or another store's",
			badger.ManifestFilename, table.IDToFilename(id)))
	}

	return found, tables, nil
}

// unfinished reports whether a table that the MANIFEST never mentions is what a killed process was about to make: its rows
// are still where they came from, other tables or a log. Badger deletes it.
func (v *survey) unfinished(o *Options, id, newest uint64, logs []logContent) bool {
	if !v.unclosed {
		return false
	}
	version, _, err := tableVersion(o, id)
	if err != nil || version <= newest {
		return true
	}
	for _, log := range logs {
		if log.first <= version && version <= log.last {
			return true
		}
	}
	return false
}

// checkLogs checks the logs and returns what those of memtables hold.
func checkLogs(o *Options, found *survey) ([]logContent, error) {
	var contents []logContent
	for _, names := range [][]string{found.values, found.logs} {
		contents = nil
		for i, name := range names {
			if unborn(o, name) && (i == len(names)-1 || emptied(o, name)) {
				continue
			}
			content, err := readLog(filepath.Join(o.Dir, name))
			content.name = name
			if (errors.Is(err, errLogCut) || errors.Is(err, errLogMiddle)) && wentDown(o) {
				o.Logger.Warn("the machine went down while the store was open: the newest commits are lost, and read again from the chain",
					"component", "store", "file", name, "err", err)
				err = nil
			}

			if err != nil {
				return nil, damaged(fmt.Errorf("file %s: %w", name, err))
			}
			if err := found.files.checkLog(o, name, found.grown); err != nil {
				return nil, err
			}
			contents = append(contents, content)
		}
	}

	if name := found.files.missing(found); name != "" && !found.grown && found.last != nil && found.last.closed && !found.unclosed {
		return nil, damaged(fmt.Errorf("the file %s is missing", name))
	}
	return contents, nil
}

// castagnoli is the polynomial of Badger's checksums.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkTable checks a table's index and returns the newest version in it; a table that is known must be the one that is
// meant. The blocks are checked when they are read.
func checkTable(o *Options, id uint64, mark tableMark, known bool) (version uint64, err error) {
	version, now, err := tableVersion(o, id)
	if err == nil && known && (now.size != mark.size || now.index != mark.index) {
		err = errForeign
	}
	if err != nil {
		return 0, damaged(fmt.Errorf("file %s: %w", table.IDToFilename(id), err))
	}
	return version, nil
}

// tableVersion reads the newest version in a table, and what tells it from others but for the checksum of the whole.
func tableVersion(o *Options, id uint64) (version uint64, mark tableMark, err error) {
	defer func() {
		if recover() != nil {
			err = errIndex
		}
	}()

	err = withFile(filepath.Join(o.Dir, table.IDToFilename(id)), func(file *os.File) error {
		index, err := tableIndex(file)
		if err != nil {
			return err
		}
		info, err := file.Stat()
		if err != nil {
			return err
		}
		version = fb.GetRootAsTableIndex(index, 0).MaxVersion()
		mark.size, mark.index = info.Size(), crc32.Checksum(index, castagnoli)
		return nil
	})

	return version, mark, err
}

var errIndex = errors.New("its index does not match its checksum")

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
		return nil, errIndex
	}
	return parts[1], nil
}

// checksum reads Badger's checksum message: algorithm (field 1; 0, CRC-32C, is left out) and sum (field 2).
func checksum(message []byte) (sum uint64, ok bool) {
	known := true
	err := eachField(message, func(number int, value uint64, _ []byte) {
		switch number {
		case 2:
			sum, ok = value, true
		case 1:
			known = known && value == 0
		}
	})
	return sum, ok && known && err == nil
}

package store

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"
)

// A file of another store, or an older copy of itself, is sound in itself and has the right name. So the file FILES beside
// Badger's tells of each of them what it was (inventory): it is written when the store is opened, while it is open soon
// after a file has come, and when it is closed. Who opens the store compares; what FILES does not know, as the newest
// tables of a process that was killed, is not judged. A store of an earlier version has none and is given one; earlier
// versions do not look at it and leave it as it is, which is why it says at which place of the MANIFEST a table was made:
// a number that was used again since stands for another file.
const filesFile = "FILES"

// inventory is what a store's files were when it was written.
type inventory struct {
	size   int64  // of the MANIFEST: it only grows
	sum    uint32 // of that
	tables map[uint64]tableMark
	logs   map[string]logMark
}

// tableMark tells a table from all others.
type tableMark struct {
	made  int64 // the byte of the MANIFEST's change that made it
	size  int64
	index uint32 // checksum of its index
	whole uint32 // of the file: reading it so takes a tenth of what it takes to unpack each block
}

// logMark tells a log from all others.
type logMark struct {
	header string // 12 bytes of it are random
	size   int64  // 0: it still grows
}

var errForeign = errors.New("it is not the file that was stored there, but another store's or an older copy (unless " + filesFile + " is: then remove that one)")

// The text of an inventory; the last line is the checksum of those before.
const (
	filesHead  = "spinscope files 1\n"
	filesLine  = "manifest %d %08x\n"
	tableLine  = "table %d %d %d %08x %08x\n"
	logLine    = "log %s %s %d\n"
	filesCheck = "sum %08x\n"
)

func (v *inventory) encode() []byte {
	text := bytes.NewBufferString(filesHead)
	fmt.Fprintf(text, filesLine, v.size, v.sum)
	for _, id := range slices.Sorted(maps.Keys(v.tables)) {
		t := v.tables[id]
		fmt.Fprintf(text, tableLine, id, t.made, t.size, t.index, t.whole)
	}
	for _, name := range slices.Sorted(maps.Keys(v.logs)) {
		fmt.Fprintf(text, logLine, name, hex.EncodeToString([]byte(v.logs[name].header)), v.logs[name].size)
	}
	fmt.Fprintf(text, filesCheck, crc32.Checksum(text.Bytes(), castagnoli))
	return text.Bytes()
}

func decodeInventory(text []byte) (*inventory, error) {
	end := bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n') + 1
	if string(text[end:]) != fmt.Sprintf(filesCheck, crc32.Checksum(text[:end], castagnoli)) || !bytes.HasPrefix(text, []byte(filesHead)) {
		return nil, errors.New("it does not match its checksum")
	}

	v := &inventory{tables: map[uint64]tableMark{}, logs: map[string]logMark{}}
	for line := range strings.Lines(string(text[len(filesHead):end])) {
		var err error
		switch kind, _, _ := strings.Cut(line, " "); kind {
		case "manifest":
			_, err = fmt.Sscanf(line, filesLine, &v.size, &v.sum)
		case "table":
			var id uint64
			var t tableMark
			_, err = fmt.Sscanf(line, tableLine, &id, &t.made, &t.size, &t.index, &t.whole)
			v.tables[id] = t
		case "log":
			var name, header string
			var l logMark
			_, err = fmt.Sscanf(line, logLine, &name, &header, &l.size)
			raw, unreadable := hex.DecodeString(header)
			l.header, err = string(raw), cmp.Or(err, unreadable)
			v.logs[name] = l
		}

		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
	}

	return v, nil
}

// readInventory reads FILES; nil when there is none. One that is damaged holds nothing that cannot be made anew.
func readInventory(o *Options) *inventory {
	text, err := os.ReadFile(filepath.Join(o.Dir, filesFile))
	var v *inventory
	if err == nil {
		v, err = decodeInventory(text)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		o.Logger.Warn("a damaged file is made anew; it holds no data", "component", "store", "file", filesFile, "err", err)
	}
	return v
}

// checkManifest compares the MANIFEST with what it began with.
func (v *inventory) checkManifest(m *manifest) error {
	if v == nil || int64(len(m.data)) >= v.size && crc32.Checksum(m.data[:v.size], castagnoli) == v.sum {
		return nil
	}
	return damaged(fmt.Errorf("the file %s does not begin as the one that was stored there: it is another store's or an older copy (unless %s is: then remove that one)",
		badger.ManifestFilename, filesFile))
}

// mark is what is known of a table in use.
func (v *inventory) mark(m *manifest, id uint64) (mark tableMark, known bool) {
	if v == nil {
		return mark, false
	}
	mark, known = v.tables[id]
	return mark, known && mark.made == m.made[id]
}

// checkLog compares a log with what it was. MANIFEST has grown since: then a .mem file's name may have been used again.
func (v *inventory) checkLog(o *Options, name string, grown bool) error {
	if v == nil || grown && filepath.Ext(name) != ".vlog" {
		return nil
	}
	was, known := v.logs[name]
	if !known {
		return nil
	}
	now, err := markLog(o.Dir, name)
	if err == nil && (now.header != was.header || now.size < was.size) {
		err = damaged(fmt.Errorf("file %s: %w", name, errForeign))
	}
	return err
}

// newestLog is the .mem file that was written to last; "" when none was known.
func (v *inventory) newestLog() (newest string) {
	if v == nil {
		return ""
	}
	for name := range v.logs {
		if filepath.Ext(name) == ".mem" {
			newest = max(newest, name)
		}
	}
	return newest
}

// missing names a value log with content that is not there, of a store that nobody has changed since.
func (v *inventory) missing(found *survey) string {
	if v == nil {
		return ""
	}
	for name, log := range v.logs {
		if filepath.Ext(name) == ".vlog" && log.size > logHeader && !slices.Contains(found.values, name) {
			return name
		}
	}
	return ""
}

// markLog looks at a log. Its size is that of one which does not grow any more.
func markLog(dir, name string) (mark logMark, err error) {
	err = withFile(filepath.Join(dir, name), func(file *os.File) error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		header := make([]byte, min(logHeader, info.Size()))
		_, err = io.ReadFull(file, header)
		mark = logMark{string(header), info.Size()}
		return err
	})
	return mark, err
}

// markTable reads a table.
func markTable(dir string, id uint64) (mark tableMark, err error) {
	err = withFile(filepath.Join(dir, table.IDToFilename(id)), func(file *os.File) error {
		index, err := tableIndex(file)
		if err != nil {
			return err
		}
		mark.index = crc32.Checksum(index, castagnoli)
		sum := crc32.New(castagnoli)
		mark.size, err = io.CopyBuffer(struct{ io.Writer }{sum}, io.NewSectionReader(file, 0, 1<<62), make([]byte, 256<<10))
		mark.whole = sum.Sum32()
		return err
	})
	return mark, err
}

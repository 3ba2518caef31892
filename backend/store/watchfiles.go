package store

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/durable"
)

// filesEvery is how often an open store looks for new files of its own.
const filesEvery = 2 * time.Second

// filesWatch keeps FILES while the store is open. One goroutine uses it at a time.
type filesWatch struct {
	s      *Store
	marks  map[uint64]tableMark // tables seen since the opening: their numbers are used once in that time
	size   int64                // of the MANIFEST that was told of last
	logs   []string
	failed bool // and the log says so
	end    func()
}

// watchFiles writes FILES, and keeps it until the store is closed. marks are what is known of the tables.
func (s *Store) watchFiles(marks map[uint64]tableMark) {
	w := &filesWatch{s: s, marks: map[uint64]tableMark{}}
	maps.Copy(w.marks, marks)
	w.keep(false)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	w.end = func() {
		stop()
		<-ended
	}
	s.files = w
	go func() {
		defer close(ended)
		ticker := time.NewTicker(filesEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				w.keep(false)
			}
		}
	}()
}

// keep writes FILES if there is something new. A file that is not told of only is not told from others.
func (w *filesWatch) keep(closed bool) {
	err := w.update(closed)
	if err != nil && !w.failed && !errors.Is(err, os.ErrNotExist) {
		w.s.log.Warn("the store's files are not noted: one that is exchanged may not be noticed", "err", err)
	}
	w.failed = err != nil
}

func (w *filesWatch) update(closed bool) error {
	if err := w.s.directoryThere(); err != nil {
		return err
	}
	o := &w.s.options
	found, err := look(o.Dir)
	if err != nil {
		return err
	}

	logs := slices.Concat(found.logs, found.values)
	info, err := os.Stat(filepath.Join(o.Dir, badger.ManifestFilename))
	if err != nil || info.Size() == w.size && slices.Equal(logs, w.logs) && !closed {
		return err
	}

	m, err := readManifest(o)
	if err != nil {
		return err
	}

	if w.markNew(m) { // a table that was in use afterwards was whole meanwhile
		if m, err = readManifest(o); err != nil {
			return err
		}
	}

	v := &inventory{size: int64(len(m.data)), sum: crc32.Checksum(m.data, castagnoli), tables: map[uint64]tableMark{}, logs: map[string]logMark{}}
	maps.DeleteFunc(w.marks, func(id uint64, _ tableMark) bool { return !m.used[id] })
	for id, mark := range w.marks {
		mark.made = m.made[id]
		v.tables[id] = mark
	}

	for i, name := range logs {
		mark, err := markLog(o.Dir, name)
		if err != nil {
			continue // deleted meanwhile, or not made yet
		}
		if grows := i < len(found.logs) || i == len(logs)-1 && !closed; grows {
			mark.size = 0
		}
		v.logs[name] = mark
	}

	if err := writeInventory(o.Dir, v, closed); err != nil {
		return fmt.Errorf("write %s: %w", filesFile, err)
	}
	w.size, w.logs = v.size, logs
	for id, used := range m.used {
		if _, known := w.marks[id]; used && !known {
			w.size = 0 // it came meanwhile: look again
		}
	}

	return nil
}

// writeInventory replaces FILES. It waits for the disk only when the store is closed: what a power cut makes of it before
// then, an older one or a damaged one, only tells less.
func writeInventory(dir string, v *inventory, closed bool) error {
	path := filepath.Join(dir, filesFile)
	if closed {
		return durable.WriteFile(path, v.encode())
	}
	next := path + ".0.new"
	if err := os.WriteFile(next, v.encode(), 0o600); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return os.Rename(next, path)
}

// markNew reads the tables that are new, and reports whether there are any.
func (w *filesWatch) markNew(m *manifest) (found bool) {
	for id, used := range m.used {
		if _, known := w.marks[id]; !used || known {
			continue
		}
		found = true
		if mark, err := markTable(w.s.options.Dir, id); err == nil {
			w.marks[id] = mark
		}
	}
	return found
}

// dropUnfinished removes what a killed process left of a FILES that it was writing.
func dropUnfinished(o *Options) error {
	left, err := filepath.Glob(filepath.Join(o.Dir, filesFile+".*.new"))
	for _, path := range left {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"spinscope/backend/wake"
)

// A read that meets a damaged block fails (cut.go), but a merge of tables leaves out what it cannot read and deletes the
// file. So all blocks are read before Badger opens the tables for writing, those of a running store once a day, slowly, and
// those of a store opened read-only before a verification.
// Badger's own check takes every block of the store through its cache, without a pause, and names no file; here the files
// are read beside it. A table never changes once it is there, and one that is merged into others meanwhile is left out.
// Nothing is locked, and no file stays open over a pause.

const (
	checkAfter = 5 * time.Minute // from the start, so that it does not add to the work of starting
	checkEvery = 24 * time.Hour  // from the end of one pass

	checkChunk = 1 << 20  // bytes read at once
	checkShare = 50       // one part in so many of a core's time is spent
	checkRest  = 1        // second at most between two chunks; one that took longer was itself kept waiting
	maxPlain   = 16 << 20 // bytes of a block; one has 16 KiB, or what its only value has, which is 64 KiB at most
)

// errBlock is what is wrong with a table that has a damaged block.
var errBlock = errors.New("a table has a block that does not match its checksum")

// CheckBlocks reads every block of every table and returns ErrCorrupt for a damaged one, with its file.
func (s *Store) CheckBlocks(ctx context.Context) error {
	ids, err := s.tableIDs()
	if err != nil {
		return err
	}
	for id := range ids {
		if err := s.trouble(ctx, id, 0); err != nil {
			return err
		}
	}
	return nil
}

// checkBlocks reads the tables before Badger opens them, which would merge a damaged one with others, leave out what it
// cannot read, and delete the file. A table that FILES knows is compared with its checksum, of any other every block is
// unpacked. It returns what tells the tables from others.
func checkBlocks(o *Options, found *survey, m *manifest) (map[uint64]tableMark, error) {
	ids := make(chan uint64, len(m.used))
	for id, used := range m.used {
		if used {
			ids <- id
		}
	}

	close(ids)

	var mu sync.Mutex // guards:
	marks := map[uint64]tableMark{}
	workers := make(chan error)
	n := runtime.GOMAXPROCS(0)
	for range n {
		go func() {
			var err error
			for id := range ids {
				if err != nil {
					continue
				}
				was, known := found.files.mark(m, id)
				var mark tableMark
				mark, err = checkWhole(o.Dir, id, was, known)
				mark.made = m.made[id]
				mu.Lock()
				marks[id] = mark
				mu.Unlock()
			}

			workers <- err
		}()
	}

	var err error
	for range n {
		err = cmp.Or(<-workers, err)
	}

	return marks, err
}

// checkWhole reads a table.
func checkWhole(dir string, id uint64, was tableMark, known bool) (tableMark, error) {
	mark, err := markTable(dir, id)
	if err == nil && known && mark.whole == was.whole {
		return mark, nil
	}
	if unsound := checkTableBlocks(context.Background(), dir, id, 0); unsound != nil || err != nil {
		return mark, cmp.Or(unsound, err)
	}
	if known {
		err = damaged(fmt.Errorf("file %s: %w", table.IDToFilename(id), errForeign))
	}
	return mark, err
}

// DamagedTables is how many table files had a damaged block when they were last read.
func (s *Store) DamagedTables() int { return int(s.damagedTables.Load()) }

// watchBlocks checks all tables again and again until ctx ends.
func (s *Store) watchBlocks(ctx context.Context) {
	timer := time.NewTimer(s.options.checkAfter)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			s.checkTables(ctx)
			s.countAll(ctx)
			timer.Reset(s.options.checkEvery)
		}
	}
}

// checkTables reads every table that there is now, and tells of damaged ones.
func (s *Store) checkTables(ctx context.Context) {
	ids, err := s.tableIDs()
	if err != nil {
		return // the store is closed
	}

	var damages int64
	for id := range ids {
		err := s.trouble(ctx, id, checkShare-1)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, ErrCorrupt):
			damages++
			s.damagedTables.Store(max(damages, s.damagedTables.Load()))
			s.log.Error("a part of the stored data cannot be read: answers may be incomplete", "err", err)
		case err != nil:
			s.log.Warn("table not checked", "err", err)
		}
	}

	s.damagedTables.Store(damages)
	s.log.Debug("all tables read", "tables", len(ids), "damaged", damages)
}

// tableIDs are the tables in use.
func (s *Store) tableIDs() (ids map[uint64]bool, err error) {
	err = s.read(nil, func(*view) error {
		ids = map[uint64]bool{}
		for _, t := range s.db.Tables() {
			ids[t.ID] = true
		}
		return nil
	})
	return ids, err
}

// trouble is what is wrong with a table; nil when it has been merged into others meanwhile: Badger takes such a one out of
// use, empties its file and deletes it. After each chunk it rests so many times as long as that took.
func (s *Store) trouble(ctx context.Context, id uint64, rests int) error {
	err := checkTableBlocks(ctx, s.options.Dir, id, rests)
	if err == nil {
		return nil
	}
	if now, gone := s.tableIDs(); gone != nil || !now[id] {
		return nil
	}
	return err
}

// checkTableBlocks reads a table's blocks.
func checkTableBlocks(ctx context.Context, dir string, id uint64, rests int) (err error) {
	path := filepath.Join(dir, table.IDToFilename(id))
	defer func() {
		if recover() != nil { // an index that fits its checksum and nothing else
			err = damaged(fmt.Errorf("file %s: %w", path, errBlock))
		}
	}()

	var index []byte
	if err := withFile(path, func(file *os.File) error {
		index, err = tableIndex(file)
		return err
	}); err != nil {
		if errors.As(err, new(*fs.PathError)) {
			return fmt.Errorf("check table: %w", err)
		}
		return damaged(fmt.Errorf("file %s: %w", path, err))
	}

	blocks := fb.GetRootAsTableIndex(index, 0)
	for next := 0; next < blocks.OffsetsLength(); {
		start := time.Now()
		if next, err = readBlocks(path, blocks, next); err != nil {
			return err
		}
		if rests == 0 {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			continue
		}

		if err := restAfter(ctx, start, rests); err != nil {
			return err
		}
	}

	return nil
}

// readBlocks reads blocks from number next on, up to checkChunk bytes, and returns the number of the one after them.
func readBlocks(path string, blocks *fb.TableIndex, next int) (int, error) {
	err := withFile(path, func(file *os.File) error {
		var data []byte
		for read := 0; next < blocks.OffsetsLength() && read < checkChunk; next++ {
			var block fb.BlockOffset
			blocks.Offsets(&block, next)
			size := int(block.Len())
			if size > maxPlain {
				return damaged(fmt.Errorf("file %s: %w", path, errBlock))
			}

			if cap(data) < size {
				data = make([]byte, size)
			}
			if _, err := file.ReadAt(data[:size], int64(block.Offset())); err != nil {
				return damaged(fmt.Errorf("file %s: block %d: %w", path, next, err)) // the disk cannot read it, or it is cut off
			}
			if !sound(data[:size]) {
				return damaged(fmt.Errorf("file %s: block %d: %w", path, next, errBlock))
			}
			read += size
		}

		return nil
	})

	return next, err
}

// sound reports whether a compressed block matches its checksum: entries · places · count4 · checksum · length4.
func sound(block []byte) bool {
	if plainSize(block) > maxPlain {
		return false
	}
	plain, err := y.ZSTDDecompress(nil, block)
	if err != nil || len(plain) < 4 {
		return false
	}
	end := len(plain) - 4
	length := int(binary.BigEndian.Uint32(plain[end:]))
	if length > end {
		return false
	}
	want, ok := checksum(plain[end-length : end])
	return ok && uint64(crc32.Checksum(plain[:end-length], castagnoli)) == want
}

// plainSize is what a zstd frame says its content takes, 0 if it does not. The decoder would allocate as much as it says.
func plainSize(frame []byte) uint64 {
	const magic = 4
	if len(frame) <= magic {
		return 0
	}

	descriptor := frame[magic]
	single := descriptor>>5&1 == 1
	at, size := magic+1, 1<<(descriptor>>6)
	if !single {
		at++ // window
		if size == 1 {
			return 0
		}
	}

	at += []int{0, 1, 2, 4}[descriptor&3] // dictionary
	if at+size > len(frame) {
		return 0
	}

	var wide [8]byte
	copy(wide[:], frame[at:at+size])
	plain := binary.LittleEndian.Uint64(wide[:])
	if size == 2 {
		plain += 256
	}

	return plain
}

func withFile(path string, fn func(*os.File) error) error {
	file, err := os.Open(path) //nolint:gosec // a file of the store
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	return fn(file)
}

// restAfter waits so many times as long as what began at start took, checkRest seconds at most, or ends with ctx.
func restAfter(ctx context.Context, start time.Time, rests int) error {
	return wake.After(ctx, min(time.Duration(rests)*time.Since(start), checkRest*time.Second))
}

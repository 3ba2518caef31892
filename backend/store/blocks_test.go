package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"

	"spinscope/backend/polltest"
)

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A running store notices a block that changed on the disk, wherever in it, says in which file, and notices too when the
// file is whole again. Badger's own check then finds nothing either.
func TestRunningStoreNoticesDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(small(Options{Dir: dir}))
	if err != nil {
		t.Fatal(err)
	}

	fill(t, s, 40, 60)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	o := small(Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(log, nil))})
	o.checkAfter, o.checkEvery = time.Millisecond, time.Millisecond
	s = openTest(t, o)
	running, ended := runStore(s)
	tables, err := s.tableIDs()
	if err != nil || len(tables) == 0 {
		t.Fatal(len(tables), err)
	}

	await := func(want int) {
		t.Helper()
		polltest.Until(t, fmt.Sprintf("%d damaged tables", want), func() bool { return s.DamagedTables() == want })
	}
	for name, content := range readFiles(t, dir) {
		if filepath.Ext(name) != ".sst" {
			continue
		}
		path := filepath.Join(dir, name)
		for _, at := range []int{0, 5, len(content) / 4, len(content) / 2} {
			hurt(t, path, at)
			await(1)
			if !strings.Contains(log.String(), name) || !strings.Contains(log.String(), "restore a copy") {
				t.Errorf("%s: logged:\n%s", name, log)
			}
			hurt(t, path, at) // back to what it was
			await(0)
		}
	}

	running()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := errors.Join(s.CheckBlocks(context.Background()), s.db.VerifyChecksum()); err != nil {
		t.Errorf("in the end: %v", err)
	}
}

// runStore runs a store until stop is called.
func runStore(s *Store) (stop func(), ended chan error) {
	ctx, stop := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return stop, ended
}

// hurt flips bits of one byte of a file in place.
func hurt(t *testing.T, path string, at int) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var b [1]byte
	_, err = file.ReadAt(b[:], int64(at))
	b[0] ^= 0x55
	_, writing := file.WriteAt(b[:], int64(at))
	if err := errors.Join(err, writing, file.Close()); err != nil {
		t.Fatal(err)
	}
}

// Tables that are merged and deleted while they are read are no damage.
func TestMergingIsNoDamage(t *testing.T) {
	t.Parallel()
	log := &lines{}
	o := small(Options{Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	o.checkAfter, o.checkEvery = time.Millisecond, time.Millisecond
	s := openTest(t, o)
	stop, ended := runStore(s)
	fill(t, s, 150, 400)

	merged := false
	for _, t := range s.db.Tables() {
		merged = merged || t.Level > 0
	}

	if !merged {
		t.Error("no table was merged")
	}
	stop()
	err := <-ended
	if err != nil {
		t.Error(err)
	}

	s.checkTables(t.Context())
	if s.DamagedTables() != 0 || log.String() != "" {
		t.Errorf("%d damaged tables, logged:\n%s", s.DamagedTables(), log)
	}
	const merge = 1 << 40 // not in use any more: first empty, then gone
	path := filepath.Join(s.options.Dir, table.IDToFilename(merge))
	for _, want := range []error{ErrCorrupt, fs.ErrNotExist} {
		if errors.Is(want, ErrCorrupt) {
			err = os.WriteFile(path, nil, 0o600)
		} else {
			err = os.Remove(path)
		}

		if err != nil {
			t.Fatal(err)
		}
		if err := checkTableBlocks(t.Context(), s.options.Dir, merge, 0); !errors.Is(err, want) {
			t.Errorf("a table not in use: %v, want %v", err, want)
		}

		if err := s.trouble(t.Context(), merge, 0); err != nil {
			t.Errorf("a table not in use: %v", err)
		}
	}
}

// A pass over the tables ends at once with its context, in the middle of a rest.
func TestCheckEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := restAfter(ctx, time.Now().Add(-time.Hour), 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	s := openTest(t, Options{})
	fill(t, s, 40, 60)
	if err := s.Close(); err != nil { // which writes a table
		t.Fatal(err)
	}
	s = openTest(t, Options{Dir: s.options.Dir})
	s.damagedTables.Store(7)
	s.checkTables(ctx)
	if s.DamagedTables() != 7 {
		t.Error("a pass that was ended knows the result")
	}
}

// A block that can be unpacked and holds something else than was written is damaged too; so is one that claims too much.
func TestSoundBlocks(t *testing.T) {
	pack := func(entries string, sum uint32) []byte {
		plain := append([]byte(entries), 0, 0, 0, 1)
		message := binary.AppendUvarint([]byte{2 << 3}, uint64(sum))
		plain = append(plain, message...)
		plain = binary.BigEndian.AppendUint32(plain, uint32(len(message)))
		packed, err := y.ZSTDCompress(nil, plain, 1)
		if err != nil {
			t.Fatal(err)
		}
		return packed
	}
	right := crc32.Checksum([]byte("entries\x00\x00\x00\x01"), castagnoli)
	huge := []byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0} // says 4 GiB
	for name, c := range map[string]struct {
		block []byte
		want  bool
	}{
		"right":    {pack("entries", right), true},
		"changed":  {pack("Entries", right), false},
		"no frame": {[]byte("entries"), false},
		"empty":    {nil, false},
		"huge":     {huge, false},
	} {
		if sound(c.block) != c.want {
			t.Errorf("%s: sound is %v", name, !c.want)
		}
	}

	if plainSize(huge) != 1<<32 {
		t.Errorf("it says %d", plainSize(huge))
	}
	if got := plainSize(pack(strings.Repeat("x", 1000), 1<<31)); got != 1000+4+6+4 {
		t.Errorf("a small one says %d", got)
	}
}

// FuzzBlock: no content of a block panics, or has its reader allocate what it claims.
func FuzzBlock(f *testing.F) {
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0})
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x05, 0x29, 0, 0, 1, 2, 3, 4, 5})
	f.Fuzz(func(_ *testing.T, block []byte) { sound(block) })
}

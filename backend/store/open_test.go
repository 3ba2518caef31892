package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"
	"go.uber.org/goleak"

	"spinscope/backend/market"
)

func openTest(t *testing.T, o Options) *Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	s, err := Open(small(o))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// small makes a store's buffers small, so that a test opens it fast and fills them.
func small(o Options) Options {
	o.memTable = 1 << 20
	return o
}

// fill commits some events and candles.
func fill(t *testing.T, s *Store, commits, events int) {
	t.Helper()
	r := newSamples(5)
	for range commits {
		seq := s.Seq() + 1
		c := &market.Commit{Seq: seq, Slot: market.Slot(seq), ChainTime: int64(seq)}
		for i := range events {
			mint := mintKey(i % 20)
			c.Events = append(c.Events, r.event(mint, market.Position{Slot: market.Slot(seq), Index: uint32(i)}))
			c.Candles = append(c.Candles, market.CandleChange{Mint: mint, Interval: market.S1, Candle: chained(r.candle(int64(seq), true), true)})
		}
		if err := s.Commit(c); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSecondOpenerIsRefused(t *testing.T) {
	s := openTest(t, Options{})
	_, err := Open(small(Options{Dir: s.options.Dir}))
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v, want ErrLocked", err)
	}

	if !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) || !strings.Contains(err.Error(), s.options.Dir) {
		t.Errorf("%q names neither the holder nor the directory", err)
	}

	// A look at the files from outside may find them half changed; that must not pass for damage.
	manifest := filepath.Join(s.options.Dir, badger.ManifestFilename)
	content, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(manifest, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(small(Options{Dir: s.options.Dir})); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}

	if err := os.WriteFile(manifest, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	again, err := Open(small(Options{Dir: s.options.Dir}))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOtherFormatsAreRefused(t *testing.T) {
	cases := []struct {
		name string
		rows map[string][]byte
		want error
		say  string
	}{
		{"newer", map[string][]byte{"xf": appendFormat(nil, formatVersion+1)}, ErrFormat, fmt.Sprintf("version %d, this program knows %d", formatVersion+1, formatVersion)},
		{"older", map[string][]byte{"xf": appendFormat(nil, formatVersion-1)}, ErrFormat, fmt.Sprintf("version %d, this program wants %d", formatVersion-1, formatVersion)},
		{"another program's", map[string][]byte{"hello": []byte("world")}, ErrFormat, "another program"},
		{"no state", map[string][]byte{"xf": appendFormat(nil, formatVersion)}, ErrCorrupt, "no state record"},
		{"bad state", map[string][]byte{"xf": appendFormat(nil, formatVersion), "xs": {9}}, ErrCorrupt, "state"},
		{"bad format record", map[string][]byte{"xf": []byte("spinscope")}, ErrCorrupt, "format"},
		{"bad mint", map[string][]byte{"xf": appendFormat(nil, formatVersion), "xs": appendState(nil, &state{skew: 1}), "n\x00\x00\x00\x01": {1, 2}}, ErrCorrupt, "mint"},
		{"missing mint", map[string][]byte{"xf": appendFormat(nil, formatVersion), "xs": appendState(nil, &state{skew: 1, lastMint: 3})}, ErrCorrupt, "0 mints where 3"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			o := small(Options{Dir: dir}).withDefaults()
			db, err := badger.OpenManaged(badgerOptions(&o))
			if err != nil {
				t.Fatal(err)
			}

			txn := db.NewTransactionAt(1, true)
			for key, value := range c.rows {
				if err := txn.Set([]byte(key), value); err != nil {
					t.Fatal(err)
				}
			}

			if err := txn.CommitAt(1, nil); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}

			for range 2 { // a refusal leaves it unlocked and unchanged
				_, err = Open(small(Options{Dir: dir}))
				if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.say) {
					t.Fatalf("got %v, want %v saying %q", err, c.want, c.say)
				}
			}
		})
	}
}

func TestUnusableDirectories(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: filepath.Join(file, "store")}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("below a file: %v", err)
	}
	if os.Geteuid() == 0 {
		t.Skip("SKIPPED: the superuser may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil { //nolint:gosec // the case under test
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "writable") {
		t.Errorf("unwritable: %v", err)
	}
}

func TestCommitsOutOfSequence(t *testing.T) {
	s := openTest(t, Options{})
	for _, seq := range []market.Seq{0, 2, 99} {
		if err := s.Commit(&market.Commit{Seq: seq}); !errors.Is(err, ErrSeq) {
			t.Errorf("commit %d: %v", seq, err)
		}
	}

	bad := []*market.Commit{
		{Seq: 1, Events: []market.Event{{}}},
		{Seq: 1, Removed: []market.Event{{}}},
		{Seq: 1, Candles: []market.CandleChange{{Interval: market.NumStored}}},
	}
	for i, c := range bad {
		if err := s.Commit(c); !errors.Is(err, ErrCommit) {
			t.Errorf("bad commit %d: %v", i, err)
		}
	}

	if err := s.Commit(&market.Commit{Seq: 1}); err != nil {
		t.Errorf("the store did not survive the refusals: %v", err)
	}
}

func TestClosedStore(t *testing.T) {
	s := openTest(t, Options{})
	fill(t, s, 3, 5)
	reading, release := make(chan struct{}), make(chan struct{})
	read := make(chan error)
	go func() {
		first := true
		read <- s.EventsAfter(market.Position{}, func(*market.Event) error {
			if first {
				first = false
				close(reading)
				<-release
			}
			return nil
		})
	}()
	<-reading

	closed := make(chan error)
	go func() { closed <- s.Close() }()
	for !s.closed.Load() { // until Close has begun
		select {
		case err := <-closed:
			t.Fatalf("closed under a running read: %v", err)
		default:
		}
	}

	close(release)
	if err := <-read; !errors.Is(err, ErrClosed) {
		t.Errorf("running read ended with %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}

	if _, err := s.Candles(context.Background(), mintKey(1), market.S1, CandleQuery{}); !errors.Is(err, ErrClosed) {
		t.Errorf("read: %v", err)
	}
	if err := s.Commit(&market.Commit{Seq: 4}); !errors.Is(err, ErrClosed) {
		t.Errorf("commit: %v", err)
	}
}

func TestCallbacks(t *testing.T) {
	s := openTest(t, Options{})
	fill(t, s, 2, 5)
	own := errors.New("own")
	n := 0
	if err := s.EventsAfter(market.Position{}, func(*market.Event) error { n++; return Stop }); err != nil || n != 1 {
		t.Errorf("stop: %v after %d", err, n)
	}

	if err := s.EventsAfter(market.Position{}, func(*market.Event) error { return own }); !errors.Is(err, own) {
		t.Errorf("own error: %v", err)
	}
	func() {
		defer func() {
			if recover() != "mine" {
				t.Error("a caller's panic was taken for damage")
			}
		}()
		_ = s.EventsAfter(market.Position{}, func(*market.Event) error { panic("mine") })
	}()

	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(own)
	if _, err := s.Events(ctx, mintKey(1), Page{Limit: 5}); !errors.Is(err, own) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent(), goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
	s, err := Open(small(Options{Dir: t.TempDir()}))
	if err != nil {
		t.Fatal(err)
	}

	fill(t, s, 2, 5)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}

	if err := s.collect(); err != nil {
		t.Errorf("collect: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestDamagedFiles changes files of a store in many places. Opening and reading it must end with values or an error.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	live := t.TempDir()
	s, err := Open(small(Options{Dir: live}))
	if err != nil {
		t.Fatal(err)
	}

	fill(t, s, 40, 60)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, Options{Dir: live})
	fill(t, s, 5, 20) // some of it in a log, not yet in a table: as after a crash

	source := readFiles(t, live)
	found := 0
	for name, content := range source {
		for i, damage := range damages(content) {
			dir := t.TempDir()
			writeFiles(t, dir, source)
			path := filepath.Join(dir, name)
			if damage == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, damage, 0o600)
			}

			if err != nil {
				t.Fatal(err)
			}
			if err := readAll(dir); err != nil {
				found++
				if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrFormat) {
					t.Errorf("%s, damage %d: %v is not ErrCorrupt", name, i, err)
				}
			}

			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	}

	if found < 10 {
		t.Errorf("only %d damages were noticed", found)
	}
}

// TestDamagedBlock changes bytes in the data of each table; the index still matches its checksum, so that only a look at
// every block can tell.
func TestDamagedBlock(t *testing.T) {
	t.Parallel()
	live := t.TempDir()
	s, err := Open(small(Options{Dir: live}))
	if err != nil {
		t.Fatal(err)
	}

	fill(t, s, 40, 60)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	source := readFiles(t, live)
	tables := 0
	for name, content := range source {
		if filepath.Ext(name) != ".sst" {
			continue
		}
		tables++
		dir := t.TempDir()
		writeFiles(t, dir, source)

		changed := bytes.Clone(content)
		changed[len(changed)/4] ^= 0x55
		if err := os.WriteFile(filepath.Join(dir, name), changed, 0o600); err != nil {
			t.Fatal(err)
		}

		hurt, err := Open(small(Options{Dir: dir}))
		if err == nil {
			err = errors.Join(hurt.CheckBlocks(context.Background()), hurt.Close())
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s of %d bytes: %v", name, len(changed), err)
		}
	}

	if s = openTest(t, Options{Dir: live}); s.CheckBlocks(context.Background()) != nil {
		t.Error("a sound store:", s.CheckBlocks(context.Background()))
	}
	if tables == 0 {
		t.Error("no tables")
	}
}

// readFiles reads a directory, without the zeros that logs are preallocated with.
func readFiles(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string][]byte{}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if ext := filepath.Ext(file.Name()); ext == ".mem" || ext == ".vlog" {
			content = append(bytes.TrimRight(content, "\x00"), make([]byte, 4096)...)
		}
		contents[file.Name()] = content
	}
	return contents
}

func writeFiles(t *testing.T, dir string, contents map[string][]byte) {
	t.Helper()
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// damages are changed copies of a file's content; nil stands for removal.
func damages(content []byte) [][]byte {
	list := [][]byte{nil, {}, bytes.Clone(content[:len(content)/2])}
	end := len(bytes.TrimRight(content, "\x00")) // logs are preallocated
	for i := range 3 {
		if end == 0 {
			break
		}
		changed := bytes.Clone(content)
		changed[end*i/3] ^= 0x55
		changed[min(end-1, end*i/3+1)] ^= 0xff
		list = append(list, changed)
	}
	return list
}

func readAll(dir string) error {
	s, err := Open(small(Options{Dir: dir}))
	if err != nil {
		return err
	}
	_, err = s.Audit(context.Background())
	return errors.Join(err, s.Close())
}

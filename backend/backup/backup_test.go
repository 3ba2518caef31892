package backup_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"spinscope/backend/backup"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var mainnet = backup.Market{Cluster: "mainnet", Genesis: "genesis", Program: spinpet.ProgramID.String()}

// commitOf makes a commit that depends on its number alone: some tokens, a candle of each that was made before, a gap.
func commitOf(seq market.Seq) *market.Commit {
	random := rand.New(rand.NewPCG(uint64(seq), 5))
	c := &market.Commit{Seq: seq, Slot: market.Slot(seq), ChainTime: int64(seq), Checkpoint: market.Slot(seq), Replay: market.Position{Slot: market.Slot(seq), Index: 3, Ordinal: 1}}
	for i := range 4 {
		mint := market.Pubkey{1, byte(seq), byte(seq >> 8), byte(i)}
		for at := range mint[10:] {
			mint[10+at] = byte(random.Uint32())
		}
		e := market.Event{
			Position: market.Position{Slot: c.Slot, Ordinal: uint16(i)}, BlockTime: int64(seq),
			Body: &spinpet.TokenCreated{Mint: mint, Name: fmt.Sprint("name ", random.Uint64())},
		}
		e.Signature[0], e.Signature[1], e.Signature[2] = byte(seq), byte(seq>>8), byte(i)
		c.Events = append(c.Events, e)
		c.Candles = append(c.Candles, market.CandleChange{Mint: mint, Candle: market.Candle{Time: int64(seq), Final: true, Open: market.Price{Lo: random.Uint64()}, Trades: 1}})
	}

	if seq%10 == 0 {
		c.Gaps = []market.Gap{{From: c.Slot, To: c.Slot, Cause: "test", Seq: seq}}
	}
	if seq == 7 { // a value that Badger keeps in a file of its own
		c.Events[0].Body.(*spinpet.TokenCreated).Name = strings.Repeat("long ", 20_000)
	}

	return c
}

func open(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func commit(t *testing.T, s *store.Store, until market.Seq) {
	t.Helper()
	for s.Seq() < until {
		if err := s.Commit(commitOf(s.Seq() + 1)); err != nil {
			t.Fatal(err)
		}
	}
}

// rows are all rows of a store, but for its identity.
func rows(t *testing.T, s *store.Store) (list []string) {
	t.Helper()
	err := s.Snapshot(t.Context(), func(store.Snapshot) error { return nil }, func(row store.Row) error {
		if string(row.Key) != "xi" {
			list = append(list, fmt.Sprintf("%x %x %d", row.Key, row.Value, row.Version))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// busy is where a backup is written to while the store goes on.
type busy struct {
	bytes.Buffer
	meanwhile func()
}

func (b *busy) Write(p []byte) (int, error) {
	b.meanwhile()
	return b.Buffer.Write(p)
}

// A backup that is made while commits go on holds the market as it was when it began, and the store made of it has the same
// rows as one that never had more commits; it goes on from there.
func TestBackupBesideCommits(t *testing.T) {
	const before = 300
	s := open(t, t.TempDir())
	commit(t, s, before)

	writes := market.Seq(0)
	to := &busy{meanwhile: func() { writes++; commit(t, s, before+20*writes) }}
	written, err := backup.Write(t.Context(), to, s, mainnet, "test", nil)
	if err != nil {
		t.Fatal(err)
	}

	if writes < 3 || s.Seq() < before+60 {
		t.Fatalf("%d writes: nothing was committed meanwhile", writes)
	}
	if written.Header.Seq != before || written.Header.ID != s.ID() || written.Header.Market != mainnet {
		t.Errorf("%+v", written.Header)
	}

	dir := filepath.Join(t.TempDir(), "mainnet")
	restored, err := backup.Restore(t.Context(), bytes.NewReader(to.Bytes()), dir, nil, nil)
	if err != nil {
		t.Fatal(err)
	}

	if restored.Sum != written.Sum || restored.Rows != written.Rows || restored.Header != written.Header {
		t.Errorf("restored %+v, written %+v", restored, written)
	}

	twin := open(t, t.TempDir())
	commit(t, twin, before)
	back := open(t, dir)
	if got, want := rows(t, back), rows(t, twin); !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}

	if back.ID() != s.ID() || back.State() != twin.State() {
		t.Errorf("store %s at %+v", back.ID(), back.State())
	}

	commit(t, back, s.Seq())
	if got, want := rows(t, back), rows(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("after further commits: %d rows, want %d", len(got), len(want))
	}
	if problems, err := back.Audit(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}

	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the store: %v, %v", left, err)
	}
}

// small is a backup of a small store.
func small(t *testing.T) []byte {
	t.Helper()
	s := open(t, t.TempDir())
	commit(t, s, 3)
	var to bytes.Buffer
	if _, err := backup.Write(t.Context(), &to, s, mainnet, "test", nil); err != nil {
		t.Fatal(err)
	}
	return to.Bytes()
}

// A backup of which a byte is another is refused by name, or unpacks to the same; one that is cut says so.
func TestDamagedBackupIsRefused(t *testing.T) {
	whole := small(t)
	want, err := backup.Check(t.Context(), bytes.NewReader(whole), nil)
	if err != nil {
		t.Fatal(err)
	}

	same := 0 // bits that mean nothing to who unpacks
	for at := range whole {
		changed := bytes.Clone(whole)
		changed[at] ^= 0x10
		got, err := backup.Check(t.Context(), bytes.NewReader(changed), nil)
		if err == nil && got.Sum == want.Sum && got.Rows == want.Rows && same < 8 {
			same++
			continue
		}
		if !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrOther) && !errors.Is(err, backup.ErrCut) {
			t.Fatalf("byte %d of %d: %v", at, len(whole), err)
		}
	}

	for length := range whole {
		want := backup.ErrCut
		if length < len("spinback") {
			want = backup.ErrOther
		}
		if _, err := backup.Check(t.Context(), bytes.NewReader(whole[:length]), nil); !errors.Is(err, want) {
			t.Fatalf("%d bytes of %d: %v", length, len(whole), err)
		}
	}

	for _, more := range []string{"x", string(whole)} {
		if _, err := backup.Check(t.Context(), strings.NewReader(string(whole)+more), nil); !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrCut) {
			t.Errorf("with %d bytes more: %v", len(more), err)
		}
	}
}

// failing gives a part of a file, then an error that says nothing about what it holds.
type failing struct{ io.Reader }

var errDisk = errors.New("disk")

func (f failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = errDisk
	}
	return n, err
}

func TestDiskErrorIsNoDamage(t *testing.T) {
	whole := small(t)
	_, err := backup.Check(t.Context(), failing{bytes.NewReader(whole[:len(whole)/2])}, nil)
	if !errors.Is(err, errDisk) || errors.Is(err, backup.ErrDamaged) || errors.Is(err, backup.ErrCut) {
		t.Error(err)
	}
}

// A restore that fails leaves nothing, and one into what is there changes nothing.
func TestFailedRestoreLeavesNothing(t *testing.T) {
	whole := small(t)
	parent := t.TempDir()
	dir := filepath.Join(parent, "mainnet")
	changed := bytes.Clone(whole)
	changed[len(changed)-9] ^= 1
	if _, err := backup.Restore(t.Context(), bytes.NewReader(changed), dir, nil, nil); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("damaged: %v", err)
	}

	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}

	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), bytes.NewReader(whole), dir, nil, nil); !errors.Is(err, backup.ErrExists) {
		t.Errorf("exists: %v", err)
	}

	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A file is replaced by a whole backup only.
func TestFileIsWholeOrAsItWas(t *testing.T) {
	whole := small(t)
	path := filepath.Join(t.TempDir(), "market.backup")
	write := func(content []byte) error {
		_, err := backup.File(t.Context(), path, func(w io.Writer) error { _, err := w.Write(content); return err }, nil)
		return err
	}
	if err := write(whole); err != nil {
		t.Fatal(err)
	}

	if err := write(whole[:len(whole)-1]); !errors.Is(err, backup.ErrCut) {
		t.Error(err)
	}
	if content, err := os.ReadFile(path); err != nil || !bytes.Equal(content, whole) {
		t.Errorf("%d bytes, %v", len(content), err)
	}

	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("left: %v, %v", left, err)
	}
}

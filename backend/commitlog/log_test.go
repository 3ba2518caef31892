package commitlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"spinscope/backend/market"
)

// naive is what a log should hold: the payloads by seq, however many of the oldest are gone.
type naive struct {
	payloads map[market.Seq][]byte
	newest   market.Seq
	connects market.Seq // nothing before it may be given
}

func payloadOf(r *rand.Rand, seq market.Seq) []byte {
	sizes := []int{0, 40, 900, 30_000, 400_000}
	payload := bytes.Repeat(fmt.Append(nil, seq, "-"), 1+r.IntN(1+sizes[r.IntN(len(sizes))])/3)
	return payload
}

// TestLogEqualsModel appends, restarts, kills and damages at random, and compares what is read with the model after each step.
func TestLogEqualsModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			m := &naive{payloads: map[market.Seq][]byte{}, connects: 1}
			l := openTest(t, dir, [identitySize]byte{1}, 0)
			for range 250 {
				switch r.IntN(12) {
				case 0:
					l = restart(t, r, l, m, dir)
				default:
					m.newest++
					m.payloads[m.newest] = payloadOf(r, m.newest)
					limit := int64(1+r.IntN(3)) << 20
					l.Append(m.newest, limit, func(dst []byte) []byte { return append(dst, m.payloads[m.newest]...) })
					if size := l.Size(); size > limit && l.Oldest() != m.newest && size > limit+minSegment {
						t.Fatalf("%d bytes where %d are the limit", size, limit)
					}
				}

				compare(t, r, l, m, dir)
			}

			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func openTest(t *testing.T, dir string, identity [identitySize]byte, newest market.Seq) *Log {
	t.Helper()
	l, err := Open(Options{Dir: dir, Identity: identity, Newest: newest})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// restart opens the log again, as after a clean stop, after a kill, on another store, or with a damaged file.
func restart(t *testing.T, r *rand.Rand, l *Log, m *naive, dir string) *Log {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if m.newest == 0 {
		return openTest(t, dir, l.identity, 0)
	}

	identity, held := l.identity, l.segments
	switch r.IntN(6) {
	case 0: // killed before the store took the last commit
		m.newest--
		m.connects = min(m.connects, m.newest+1)
	case 1: // the store went on without the log
		m.newest++
		m.connects = m.newest + 1
	case 2:
		identity[0]++
		m.connects = m.newest + 1
	case 3: // a torn end
		if n := len(held); n > 0 {
			name := segmentName(dir, held[n-1].first)
			if err := os.Truncate(name, held[n-1].size-1); err != nil {
				t.Fatal(err)
			}
			m.connects = m.newest + 1
		}
	case 4: // a damaged file: what is behind its end connects no more
		if n := len(held); n > 1 {
			s := held[r.IntN(n-1)]
			name := segmentName(dir, s.first)
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			data[segmentHeader+r.IntN(len(data)-segmentHeader)] ^= 0x20
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			m.connects = s.next()
		}
	}

	return openTest(t, dir, identity, m.newest)
}

// compare reads the log from a random seq: it has all up to the newest, or says that it is older, and never less.
func compare(t *testing.T, r *rand.Rand, l *Log, m *naive, dir string) {
	t.Helper()
	oldest := l.Oldest()
	if oldest > m.newest+1 || oldest < m.connects {
		t.Fatalf("the log begins at %d, which is not between %d and %d", oldest, m.connects, m.newest+1)
	}

	from := market.Seq(r.Uint64N(uint64(m.newest) + 2))
	var got []market.Seq
	err := l.Read(t.Context(), from, m.newest, func(seq market.Seq, payload []byte) error {
		if !bytes.Equal(payload, m.payloads[seq]) {
			t.Fatalf("commit %d has %d bytes, want %d", seq, len(payload), len(m.payloads[seq]))
		}
		got = append(got, seq)
		return nil
	})
	var older *OlderError
	switch {
	case from < oldest:
		if !errors.As(err, &older) || older.Oldest != oldest || older.From != from || len(got) > 0 {
			t.Fatalf("read from %d, before %d: %v after %d commits", from, oldest, err, len(got))
		}
	case err != nil:
		t.Fatal(err)
	case len(got) != int(m.newest+1-from):
		t.Fatalf("read %d commits from %d to %d", len(got), from, m.newest)
	}

	files, err := filepath.Glob(filepath.Join(dir, "*"+extension))
	if err != nil || len(files) != len(l.segments) {
		t.Fatalf("%d files for %d segments, %v", len(files), len(l.segments), err)
	}
}

// TestReadersWhileItIsWritten has readers of any speed beside a writer whose log is short: each sees a run without a gap, or
// is told where it goes on.
func TestReadersWhileItIsWritten(t *testing.T) {
	const commits = 3000
	l := openTest(t, t.TempDir(), [identitySize]byte{}, 0)
	defer func() { _ = l.Close() }()

	var mu sync.Mutex
	newest := market.Seq(0)
	var readers sync.WaitGroup
	for reader := range 4 {
		readers.Go(func() {
			gaps := 0
			for next := market.Seq(1); next <= commits; {
				mu.Lock()
				to := newest
				mu.Unlock()
				err := l.Read(context.Background(), next, to, func(seq market.Seq, payload []byte) error {
					if seq != next || !bytes.HasPrefix(payload, fmt.Append(nil, seq, "-")) {
						return fmt.Errorf("reader %d: commit %d where %d is due", reader, seq, next)
					}
					next++
					return nil
				})
				var older *OlderError
				if errors.As(err, &older) && older.Oldest > next {
					next = older.Oldest
					gaps++
				} else if err != nil {
					t.Error(err)
					return
				}
			}

			t.Logf("reader %d: %d gaps", reader, gaps)
		})
	}

	r := rand.New(rand.NewPCG(5, 6))
	for seq := market.Seq(1); seq <= commits; seq++ {
		payload := payloadOf(r, seq)
		l.Append(seq, 1<<20, func(dst []byte) []byte { return append(dst, payload...) })
		mu.Lock()
		newest = seq
		mu.Unlock()
	}

	readers.Wait()
}

// TestWhatCannotBeWritten: a failed append begins the log anew, and the next one is held again.
func TestWhatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	l := openTest(t, dir, [identitySize]byte{}, 0)
	add := func(seq market.Seq) {
		l.Append(seq, 1<<20, func(dst []byte) []byte { return append(dst, "commit"...) })
	}
	add(1)
	add(2)
	if err := l.file.Close(); err != nil { // the next write fails
		t.Fatal(err)
	}

	add(3)
	if l.Oldest() != 4 || !l.failed {
		t.Fatalf("after a failure the log begins at %d", l.Oldest())
	}
	add(4)
	var got []market.Seq
	err := l.Read(t.Context(), 4, 4, func(seq market.Seq, _ []byte) error { got = append(got, seq); return nil })
	if err != nil || !slices.Equal(got, []market.Seq{4}) {
		t.Fatal(got, err)
	}

	if err := l.Read(t.Context(), 3, 4, nil); err == nil {
		t.Fatal("a commit that could not be written is not missed")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestDamageWhileOpen: a record that is damaged after the opening is given up with all before it, and not the rest.
func TestDamageWhileOpen(t *testing.T) {
	dir := t.TempDir()
	l := openTest(t, dir, [identitySize]byte{}, 0)
	for seq := market.Seq(1); seq <= 5; seq++ {
		l.Append(seq, 1<<20, func(dst []byte) []byte { return append(dst, "commit"...) })
	}

	name := segmentName(dir, 1)
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}

	data[l.segments[0].starts[2]+recordHeader]++ // the third
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var got []market.Seq
	keep := func(seq market.Seq, _ []byte) error { got = append(got, seq); return nil }
	var older *OlderError
	if err := l.Read(t.Context(), 1, 5, keep); !errors.As(err, &older) || older.Oldest != 4 {
		t.Fatalf("%v after %v", err, got)
	}

	if got = nil; l.Read(t.Context(), 4, 5, keep) != nil || !slices.Equal(got, []market.Seq{4, 5}) {
		t.Fatal(got)
	}
}

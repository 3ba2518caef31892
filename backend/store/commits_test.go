package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/commitlog"
	"spinscope/backend/market"
)

// TestCommitsEqualWhatWasPublished commits at random, with restarts, crashes inside a commit and a log that is short, and
// reads the log: every commit comes whole and once, in order, or the answer is that it is older than the log.
func TestCommitsEqualWhatWasPublished(t *testing.T) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := newProperty(t, seed)
			p.options.logBytes = []int64{0, 256 << 10, 150 << 10}[seed%3]
			p.store.options.logBytes = p.options.logBytes
			var published []*market.Commit
			older := 0
			for range 120 {
				c := p.commit()
				for i := range c.Events {
					c.Events[i].ReceivedAt = int64(p.IntN(1 << 40))
				}

				if p.IntN(12) == 0 {
					first := *c
					p.crash(c)
					if c.Seq > first.Seq { // the first was small enough to be taken, and another came after it
						published = append(published, &first)
					}
				}

				if err := p.store.Commit(c); err != nil {
					t.Fatal(err)
				}
				p.model.apply(c)
				published = append(published, c)
				if p.IntN(15) == 0 {
					p.reopen()
				}

				older += p.compareCommits(published)
			}

			if p.options.logBytes > 0 && older == 0 {
				t.Error("nothing ever left the log")
			}
			if err := p.store.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// logged is what the log holds from a seq on.
func (p *property) logged(from market.Seq) (list []*market.Commit, err error) {
	err = p.store.Commits(p.t.Context(), from, func(c *market.Commit) error {
		list = append(list, c)
		return nil
	})
	return list, err
}

// compareCommits returns 1 when what it asked for was too old.
func (p *property) compareCommits(published []*market.Commit) int {
	p.t.Helper()
	newest, oldest := p.store.Seq(), p.store.OldestCommit()
	from := market.Seq(1 + p.IntN(int(newest)+1))
	got, err := p.logged(from)
	if from < oldest {
		var older *commitlog.OlderError
		if !errors.As(err, &older) || older.Oldest != oldest || len(got) > 0 {
			p.t.Fatalf("from %d, before %d: %d commits, %v", from, oldest, len(got), err)
		}
		return 1
	}

	if err != nil || len(got) != int(newest+1-from) {
		p.t.Fatalf("from %d to %d: %d commits, %v", from, newest, len(got), err)
	}
	for i, c := range got {
		want := *published[int(from)-1+i]
		want.OpenCandles = nil
		p.sameCreations(c, &want)
		if !sameCommit(c, &want) {
			p.t.Fatalf("commit %d:\n got %+v\nwant %+v", want.Seq, c, want)
		}
	}

	return 0
}

// sameCreations sees to it that a token's creation is the one that was published or, where that was stored already, the one
// that is stored now; the tests change it all the time.
func (p *property) sameCreations(got, want *market.Commit) {
	want.Tokens = append([]market.Token(nil), want.Tokens...)
	for i := range min(len(got.Tokens), len(want.Tokens)) {
		if want.Tokens[i].Created == nil || reflect.DeepEqual(got.Tokens[i].Created, want.Tokens[i].Created) {
			continue
		}
		now, _, err := p.store.Token(want.Tokens[i].Mint)
		if err != nil {
			p.t.Fatal(err)
		}
		want.Tokens[i].Created = now.Created
	}
}

// sameCommit compares commits as their encodings, in which an empty list is none.
func sameCommit(a, b *market.Commit) bool {
	return bytes.Equal(AppendCommit(nil, a), AppendCommit(nil, b))
}

// TestDecodedCommitsMakeTheStore: a store that takes in the decoded commits of another is that store, row by row.
func TestDecodedCommitsMakeTheStore(t *testing.T) {
	p := newProperty(t, 3)
	copied := openTest(t, Options{LogLength: p.options.LogLength, chunkRows: 7, markRows: 2, maxCached: 3})
	for range 150 {
		c := p.commit()
		if err := p.store.Commit(c); err != nil {
			t.Fatal(err)
		}
		p.model.apply(c)
		decoded, err := DecodeCommit(AppendCommit(nil, c))
		if err != nil {
			t.Fatal(err)
		}

		if err := copied.Commit(decoded); err != nil {
			t.Fatal(err)
		}
	}

	if got, want := allRows(t, copied), allRows(t, p.store); !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows, the original has %d", len(got), len(want))
		for key, value := range want {
			if got[key] != value {
				t.Fatalf("row %x is %x, the original's %x", key, got[key], value)
			}
		}
	}

	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
}

// allRows are the rows of a store but for its identity.
func allRows(t *testing.T, s *Store) map[string]string {
	t.Helper()
	rows := map[string]string{}
	txn := s.db.NewTransactionAt(s.state.at(), false)
	defer txn.Discard()

	it := txn.NewIterator(badger.IteratorOptions{})
	defer it.Close()

	for it.Rewind(); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		if bytes.Equal(key, keyIdentity) {
			continue
		}
		value, err := it.Item().ValueCopy(nil)
		if err != nil {
			t.Fatal(err)
		}
		rows[string(key)] = string(value)
	}

	return rows
}

// TestLogOfAnEarlierProgram: a program that does not know the log commits beside it, and leaves its files; what it committed
// is older than the log, and so is what came before.
func TestLogOfAnEarlierProgram(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	fill(t, s, 5, 3)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	files, err := filepath.Glob(filepath.Join(dir, "*.commits"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	kept, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}

	s = openTest(t, Options{Dir: dir})
	fill(t, s, 2, 3)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(files[0], kept, 0o600); err != nil { // as if the two had come without it
		t.Fatal(err)
	}

	s = openTest(t, Options{Dir: dir})
	var older *commitlog.OlderError
	if err := s.Commits(t.Context(), 3, nil); !errors.As(err, &older) || older.Oldest != 8 {
		t.Fatal(err)
	}

	fill(t, s, 2, 3)
	var seqs []market.Seq
	err = s.Commits(t.Context(), 8, func(c *market.Commit) error {
		seqs = append(seqs, c.Seq)
		return nil
	})
	if err != nil || !reflect.DeepEqual(seqs, []market.Seq{8, 9}) {
		t.Fatal(seqs, err)
	}

	if err := s.Commits(t.Context(), 11, nil); !errors.Is(err, ErrSeq) {
		t.Fatalf("beyond the store: %v", err)
	}
}

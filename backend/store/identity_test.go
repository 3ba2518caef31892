package store

import (
	"errors"
	"regexp"
	"testing"

	"github.com/dgraph-io/badger/v4"
)

// What a store is called stays over clean stops, and over a crash, which leaves the files as they are.
func TestIdentityStays(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(small(Options{Dir: dir}))
	if err != nil {
		t.Fatal(err)
	}

	id := s.ID()
	if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
		t.Errorf("the store calls itself %q", id)
	}
	if again := openTest(t, Options{}).ID(); again == id {
		t.Errorf("two stores are called %s", id)
	}

	for range 3 {
		fill(t, s, 3, 20)
		crashed := t.TempDir()
		writeFiles(t, crashed, readFiles(t, dir))
		if got := openTest(t, Options{Dir: crashed}).ID(); got != id {
			t.Errorf("after a crash the store calls itself %s, before %s", got, id)
		}

		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(small(Options{Dir: dir})); err != nil {
			t.Fatal(err)
		}

		if s.ID() != id {
			t.Errorf("after a restart the store calls itself %s, before %s", s.ID(), id)
		}
	}

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A store as earlier versions made it has no identity: the first opening gives it one, which stays, and changes nothing
// else that counts.
func TestOlderStoreGetsAnIdentity(t *testing.T) {
	dir := t.TempDir()
	raw := func(rows map[string][]byte) {
		t.Helper()
		o := small(Options{Dir: dir}).withDefaults()
		db, err := badger.OpenManaged(badgerOptions(&o))
		if err != nil {
			t.Fatal(err)
		}

		txn := db.NewTransactionAt(latest, true)
		for key, value := range rows {
			if err := txn.Set([]byte(key), value); err != nil {
				t.Fatal(err)
			}
		}

		if err := errors.Join(txn.CommitAt(1, nil), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	raw(map[string][]byte{"xf": appendFormat(nil, formatVersion), "xs": appendState(nil, &state{skew: 1, logFrom: 1})})

	s := openTest(t, Options{Dir: dir})
	fill(t, s, 5, 20)
	first := s.ID()

	// As if everything so far had been written by such a version.
	if err := s.maintain(func(w *writer) error { return w.del(keyIdentity) }); err != nil {
		t.Fatal(err)
	}
	before := s.State()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	var id string
	for range 3 {
		s = openTest(t, Options{Dir: dir})
		if id == "" {
			id = s.ID()
		}
		if s.ID() != id || len(id) != 2*identitySize || id == first {
			t.Errorf("the store calls itself %q, before %q", s.ID(), id)
		}

		if s.State() != before {
			t.Errorf("its state is %+v, was %+v", s.State(), before)
		}
		if problems, err := s.Audit(t.Context()); err != nil || len(problems) != 0 {
			t.Errorf("audit: %v %v", problems, err)
		}

		fill(t, s, 1, 3)
		before = s.State()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUnreadableIdentity(t *testing.T) {
	s := openTest(t, Options{})
	for _, value := range [][]byte{{}, {9}, appendIdentity(nil, newIdentity())[:9], appendIdentity(nil, make([]byte, identitySize+1))} {
		if _, err := decodeIdentity(value); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%x: %v", value, err)
		}
	}
	if err := s.maintain(func(w *writer) error { return w.put(keyIdentity, []byte{recordVersion}) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(small(Options{Dir: s.options.Dir})); !errors.Is(err, ErrCorrupt) {
		t.Errorf("opened with an unreadable identity: %v", err)
	}
}

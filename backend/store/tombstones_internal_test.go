package store

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// TestNothingIsDroppedBeforeATableIsBelow: a deletion is kept while the row that it deletes may be on its way down, and dropped
// some time after there is a table below.
func TestNothingIsDroppedBeforeATableIsBelow(t *testing.T) {
	options := badger.DefaultOptions(t.TempDir()).WithLogger(nil).WithMemTableSize(1 << 20).WithNumLevelZeroTables(2).WithValueThreshold(64 << 10)
	db, err := badger.OpenManaged(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })

	var kept tombstones
	start := time.Now()
	if kept.mayDrop(db, start) || hasLower(db) {
		t.Fatal("a new store lets drop at once")
	}

	// Rows until some have gone down.
	value := make([]byte, 4000)
	for at := uint64(1); !hasLower(db); at++ {
		if at > 20_000 {
			t.Fatal("no table came below")
		}
		tx := db.NewTransactionAt(at, true)
		if err := tx.Set(binary.BigEndian.AppendUint64([]byte{'e'}, at), value); err != nil {
			t.Fatal(err)
		}
		if err := tx.CommitAt(at, nil); err != nil {
			t.Fatal(err)
		}
	}

	for _, step := range []struct {
		after time.Duration
		want  bool
	}{
		{500 * time.Millisecond, false}, // it is not looked so often
		{time.Second, false},            // seen now
		{time.Second + keepTime - 1, false},
		{time.Second + keepTime, true},
		{time.Second, true},
	} {
		if got := kept.mayDrop(db, start.Add(step.after)); got != step.want {
			t.Errorf("after %v: %v", step.after, got)
		}
	}

	var opened tombstones
	opened.begin(db)
	if !opened.mayDrop(db, start) {
		t.Error("a store that has a table below when it is opened does not let drop")
	}
}

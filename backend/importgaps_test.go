package backend_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/store"
)

// TestImportTakesGapsOver imports a file with gaps, twice: those that the store can know nothing of are left out, and
// one whose transaction is stored is none. What was imported is exported again.
func TestImportTakesGapsOver(t *testing.T) {
	origin := recordedMarket(t, 11, 100)
	text, err := os.ReadFile(exported(t, origin, export.JSONL).Path)
	if err != nil {
		t.Fatal(err)
	}

	opened, err := store.Open(store.Options{Dir: filepath.Join(origin.DataDir, "mainnet")})
	if err != nil {
		t.Fatal(err)
	}
	var last market.Event
	if err := opened.EventsAfter(market.Position{}, func(e *market.Event) error { last = *e; return nil }); err != nil {
		t.Fatal(err)
	}

	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
	gap := func(from, to market.Slot, state, cause string) string {
		return fmt.Sprintf(`{"event_type":"Gap","from_slot":%d,"to_slot":%d,"state":%q,"cause":%q,"from_time":5}`+"\n", from, to, state, cause)
	}
	missing := market.Signature{9}
	lines := gap(0, 900, "open", "history before backfill_limit") + gap(0, 950, "unfillable", "older than retention_days") +
		gap(1001, 1001, "open", "transaction not available: "+missing.String()) +
		gap(last.Slot, last.Slot, "open", "transaction not available: "+last.Signature.String()) +
		gap(1003, 1003, "unfillable", "transaction without logs") + gap(1003, 1003, "unfillable", "transaction without logs")
	file := offline.Recorded{Path: filepath.Join(t.TempDir(), "gaps.jsonl"), Format: export.JSONL}
	if err := os.WriteFile(file.Path, append([]byte(lines), text...), 0o600); err != nil {
		t.Fatal(err)
	}

	copied := marketIn(t.TempDir())
	if result := importFile(t, copied, file); result.Gaps != 2 || int(result.Read) != strings.Count(string(text), "\n") {
		t.Fatalf("%+v", result)
	}
	if result := importFile(t, copied, file); result.Gaps != 0 || result.Stored != 0 {
		t.Fatalf("again: %+v", result)
	}

	again, err := os.ReadFile(exported(t, copied, export.JSONL).Path)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(again), `"event_type":"Gap"`); got != 2 || !strings.Contains(string(again), missing.String()) {
		t.Errorf("%d gaps exported again: %.2000s", got, again)
	}
}

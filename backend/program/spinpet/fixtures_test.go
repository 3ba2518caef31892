package spinpet

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata/golden")

// shared is where the recordings that may not be copied lie, beside the repository.
const shared = "../../../../shared/fixtures"

// recording reads a fixture in any of its three forms: a raw notification, a transaction's fields, or its meta object.
func recording(t testing.TB, path string) market.Transaction {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	type value struct {
		Signature   string          `json:"signature"`
		Slot        uint64          `json:"slot"`
		BlockTime   int64           `json:"blockTime"`
		Err         json.RawMessage `json:"err"`
		Logs        []string        `json:"logs"`
		LogMessages []string        `json:"logMessages"`
	}
	var file struct {
		value
		Raw string `json:"raw"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}

	found := file.value
	if file.Raw != "" {
		var message struct {
			Params struct {
				Result struct {
					Context struct{ Slot uint64 } `json:"context"`
					Value   value                 `json:"value"`
				} `json:"result"`
			} `json:"params"`
		}
		if err := json.Unmarshal([]byte(file.Raw), &message); err != nil {
			t.Fatal(err)
		}

		found = message.Params.Result.Value
		found.Slot = message.Params.Result.Context.Slot
	}

	tx := market.Transaction{
		Slot:      market.Slot(found.Slot),
		BlockTime: found.BlockTime,
		Failed:    len(found.Err) > 0 && string(found.Err) != "null",
		Logs:      append(found.Logs, found.LogMessages...),
	}
	if found.Signature != "" {
		if tx.Signature, err = market.ParseSignature(found.Signature); err != nil {
			t.Fatal(err)
		}
	}

	if len(tx.Logs) == 0 {
		t.Fatalf("%s holds no logs", path)
	}
	return tx
}

// reading is what a golden file holds: a recording as readers of three programs see it.
type reading struct {
	Failed   bool
	Deployed seen
	Early    seen
	Foreign  seen // of a program that the recording does not name
}

// seen is what a reader of one program finds in it.
type seen struct {
	Report program.Report
	Events []eventText
}

type eventText struct {
	Kind  string
	Event market.Event
}

func read(tx *market.Transaction, id market.Pubkey) seen {
	events, report := newReader(id).Read(nil, tx)
	result := seen{Report: report}
	for i := range events {
		result.Events = append(result.Events, eventText{events[i].Kind().String(), events[i]})
	}
	return result
}

// golden compares what is read from a recording with testdata/golden.
func golden(t *testing.T, name string, tx *market.Transaction) {
	t.Helper()
	got, err := json.MarshalIndent(reading{
		Failed:   tx.Failed,
		Deployed: read(tx, ProgramID),
		Early:    read(tx, EarlyProgramID),
		Foreign:  read(tx, market.Pubkey{1, 2, 3}),
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}

	got = append(got, '\n')
	path := filepath.Join("testdata", "golden", strings.ReplaceAll(name, string(filepath.Separator), "_"))
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}

	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s reads as\n%s\nand not as in %s", name, got, path)
	}
}

func TestGenuineVM(t *testing.T) {
	paths, err := filepath.Glob("testdata/svm/*.json")
	if err != nil || len(paths) != 10 {
		t.Fatalf("%d recordings, want 10 (%v)", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			tx := recording(t, path)
			golden(t, "svm_"+filepath.Base(path), &tx)
		})
	}
}

func TestSharedRecordings(t *testing.T) {
	needShared(t)
	names := []string{
		"spinpet-JBMm-sell-liquidation-truncated.json", "tensorswap-buysell-collision.json",
		"pump-2RqhBZyk.json", "pump-AUvnh9oF.json", "pump-iurqm3R8.json", "pump-cpi-sell-logsNotification.json",
		"carbon/simple_tx.json", "carbon/cpi_tx.json", "carbon/nested_cpi_tx.json",
		"spinpet-serverlog/01_49427_64tqvoGX.json", "spinpet-serverlog/02_49431_2Lu2Mumt.json",
		"spinpet-serverlog/03_49433_tvU5G57U.json", "spinpet-serverlog/04_49434_51VfmV8Q.json",
		"spinpet-serverlog/05_49435_54xGTjGz.json",
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			tx := recording(t, filepath.Join(shared, name))
			golden(t, name, &tx)
		})
	}
}

func needShared(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(shared); err != nil {
		t.Skipf("SKIPPED: the recordings are not at %s: %v", shared, err)
	}
}

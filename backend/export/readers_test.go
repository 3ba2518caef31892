package export_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/examples/exampletest"
)

// TestAnalystsReadFiles has pyarrow, DuckDB, pandas and Polars open exports of every kind, compare each value with the CSV of
// the same rows, and write the events anew, which must read back as what they were. They read a dataset by days as one
// table, with its day as a date.
func TestAnalystsReadFiles(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 700)
	dir := t.TempDir()
	args := []string{dir}
	for _, kind := range []export.Kind{export.Candles, export.Trades, export.Orders, export.Gaps, export.Events} {
		args = append(args, string(kind))
		for _, format := range []export.Format{export.CSV, export.Parquet, export.Arrow} {
			if err := os.WriteFile(filepath.Join(dir, string(kind)+"."+string(format)), write(t, source, request(kind, format)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}

	days := export.Dataset{Dir: filepath.Join(dir, "days"), Request: request(export.Trades, export.Parquet)}
	for _, since := range []bool{false, true} {
		if _, err := days.Write(t.Context(), export.PartsOf(source), since, nil); err != nil {
			t.Fatal(err)
		}
	}

	here, err := filepath.Abs(filepath.Join("testdata", "readers"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exampletest.PythonIn(t.Context(), t, here, "check.py", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	want := readEach(t, write(t, source, request(export.Events, export.Parquet)), export.Parquet)
	again, err := filepath.Glob(filepath.Join(dir, "again-*.parquet"))
	if err != nil || len(again) != 8 {
		t.Fatal(again, err)
	}

	for _, path := range again {
		if strings.HasSuffix(path, "-lz4.parquet") {
			refused(t, path, "compressed with LZ4_RAW, which is not read: write it with zstd")
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := readEach(t, data, export.Parquet); !reflect.DeepEqual(got, want) {
			t.Errorf("%s has other events", filepath.Base(path))
		}
	}
}

// refused expects that a file is not read, and why.
func refused(t *testing.T, path, why string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	err = export.ReadEvents(t.Context(), file, export.Parquet, func(*export.Read) error { return nil })
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("%s: %v", filepath.Base(path), err)
	}
}

// TestOlderParquetReads reads a file of the version that wrote unsigned columns, and doubles beside texts.
func TestOlderParquetReads(t *testing.T) {
	var read [2][]export.Read
	for i, format := range []export.Format{export.JSONL, export.Parquet} {
		data, err := os.ReadFile(filepath.Join("testdata", "v0", "old."+string(format)))
		if err != nil {
			t.Fatal(err)
		}
		read[i] = readEach(t, data, format)
	}
	if len(read[0]) != 91 || !reflect.DeepEqual(read[0], read[1]) {
		t.Errorf("%d and %d events, or others", len(read[0]), len(read[1]))
	}
}

// TestParquetRefusesWhatDoesNotFit writes numbers that its columns cannot hold; the other formats have every digit.
func TestParquetRefusesWhatDoesNotFit(t *testing.T) {
	huge := market.Price{Hi: 1 << 63}
	source := &memory{candles: []market.Candle{{Time: 60, Open: huge}}}
	var out strings.Builder
	if _, err := export.Write(t.Context(), &out, source, request(export.Candles, export.Parquet), nil); err == nil ||
		!strings.Contains(err.Error(), "open "+huge.String()+" does not fit its column in Parquet: export as CSV or JSON Lines") {
		t.Error(err)
	}
	if rows := readCSV(t, write(t, source, request(export.Candles, export.CSV))); rows[0]["open"] != huge.String() {
		t.Error(rows)
	}
}

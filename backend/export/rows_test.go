package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"spinscope/backend/export"
)

// cells is a line's fields by column: absent, nil for null, or a text.
type cells map[string]*string

// TestEveryLineStandsForItself takes fields away from an export, makes them null or empty, puts the columns in any
// order, and expects each line to be read as in a file of its own: nothing of one line shows in another.
func TestEveryLineStandsForItself(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	source := randomSource(random, 140)
	columns, lines := eventLines(t, source)
	for round := range 6 {
		damaged := make([]cells, len(lines))
		for i, line := range lines {
			damaged[i] = cells{}
			for name, text := range line {
				empty := ""
				switch random.IntN(4 + 8*(round%3)) { // from one field in two to one in ten
				case 0:
				case 1:
					damaged[i][name] = nil
				case 2:
					damaged[i][name] = &empty
				default:
					damaged[i][name] = text
				}
			}
		}

		for i := range lines { // one field at a time is gone, so that what is left is an event
			if i%2 == round%2 {
				damaged[i] = cells{}
				lost := columns[random.IntN(len(columns))]
				if random.IntN(2) == 0 {
					lost = []string{"name", "symbol", "uri"}[random.IntN(3)]
				}
				for name, text := range lines[i] {
					if name != lost {
						damaged[i][name] = text
					}
				}
			}
		}

		random.Shuffle(len(columns), func(i, j int) { columns[i], columns[j] = columns[j], columns[i] })
		for _, format := range export.ReadFormats() {
			together := readEach(t, render(t, format, columns, damaged), format)
			if len(together) != len(damaged) {
				t.Fatalf("%s: %d lines of %d", format, len(together), len(damaged))
			}
			whole := 0
			for i := range damaged {
				if format == export.Parquet && i%10 != round%10 { // a writer for each line takes long
					continue
				}
				alone := readEach(t, render(t, format, columns, damaged[i:i+1]), format)[0]
				alone.Line = together[i].Line
				if fmt.Sprint(together[i].Err) != fmt.Sprint(alone.Err) || !reflect.DeepEqual(together[i].Event, alone.Event) || !reflect.DeepEqual(together[i].Gap, alone.Gap) {
					t.Fatalf("%s line %d:\n got %+v %+v\nwant %+v %+v", format, i+1, together[i], together[i].Event.Body, alone, alone.Event.Body)
				}
				if alone.Err == nil {
					whole++
				}
			}

			if format != export.Parquet && whole < len(damaged)/10 || whole == len(damaged) {
				t.Fatalf("%s: %d of %d lines are events: the test tries too little", format, whole, len(damaged))
			}
		}
	}
}

// eventLines are an export's columns and lines.
func eventLines(t *testing.T, source *memory) (columns []string, lines []cells) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(write(t, source, request(export.Events, export.CSV)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		line := cells{}
		for i, name := range rows[0] {
			if row[i] != "" {
				line[name] = &row[i]
			}
		}
		lines = append(lines, line)
	}
	return rows[0], lines
}

// render writes lines in a format, by its own library.
func render(t *testing.T, format export.Format, columns []string, lines []cells) []byte {
	t.Helper()
	var out bytes.Buffer
	switch format {
	case export.CSV:
		w := csv.NewWriter(&out)
		_ = w.Write(columns)
		for _, line := range lines {
			row := make([]string, len(columns))
			for i, name := range columns {
				if text := line[name]; text != nil {
					row[i] = *text
				}
			}
			_ = w.Write(row)
		}
		w.Flush()
	case export.JSONL:
		for _, line := range lines {
			out.WriteByte('{')
			first := true
			for _, name := range columns {
				text, ok := line[name]
				if !ok {
					continue
				}

				if !first {
					out.WriteByte(',')
				}
				first = false
				value, err := json.Marshal(text)
				if err != nil {
					t.Fatal(err)
				}

				out.WriteString(strconv.Quote(name) + ":" + string(value))
			}

			out.WriteString("}\n")
		}
	case export.Parquet:
		var fields []reflect.StructField
		for i, name := range columns {
			fields = append(fields, reflect.StructField{
				Name: fmt.Sprint("C", i), Type: reflect.TypeFor[*string](), Tag: reflect.StructTag(`parquet:"` + name + `,optional"`),
			})
		}

		w := parquet.NewGenericWriter[any](&out, parquet.NewSchema("x", parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface())))
		for _, line := range lines {
			row := parquet.Row{}
			for i, name := range columns {
				if text := line[name]; text != nil {
					row = append(row, parquet.ByteArrayValue([]byte(*text)).Level(0, 1, i))
				} else {
					row = append(row, parquet.NullValue().Level(0, 0, i))
				}
			}
			if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
				t.Fatal(err)
			}
		}

		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}

	return out.Bytes()
}

// readEach is what every line of a file is read as.
func readEach(t *testing.T, data []byte, format export.Format) (reads []export.Read) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read
	if err := export.ReadEvents(context.WithoutCancel(t.Context()), file, format, func(r *export.Read) error {
		reads = append(reads, *r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return slices.Clip(reads)
}

// TestLayoutsWithoutAFieldAreRefused takes one field from the longer layouts of two events: what is left must not be
// taken for the shorter layout.
func TestLayoutsWithoutAFieldAreRefused(t *testing.T) {
	columns, lines := eventLines(t, randomSource(rand.New(rand.NewPCG(5, 6)), 28))
	for kind, names := range map[string][]string{
		"TokenCreated": {"pool_token_account", "params_account", "swap_fee"},
		"PartialClose": {"margin_init_sol_amount", "realized_sol_amount"},
	} {
		for _, name := range names {
			for _, line := range lines {
				if *line["event_type"] != kind || line[name] == nil {
					continue
				}
				kept := line[name]
				line[name] = nil
				read := readEach(t, render(t, export.CSV, columns, []cells{line}), export.CSV)[0]
				if read.Err == nil {
					t.Errorf("%s without %s: %+v", kind, name, read.Event.Body)
				}
				line[name] = kept
			}
		}
	}
}

// TestRowsOfAFileAreCounted counts what was written, of each kind and format, packed and without rows, and refuses files that
// are cut off where that shows.
func TestRowsOfAFileAreCounted(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(3, 8)), 20_000) // more than a batch of Arrow
	dir := t.TempDir()
	for _, kind := range export.Kinds() {
		for _, ending := range []string{"csv", "jsonl", "parquet", "arrow", "csv.gz", "jsonl.zst"} {
			path := filepath.Join(dir, string(kind)+"."+ending)
			format, err := export.NamedFormat(path, "")
			if err != nil {
				t.Fatal(err)
			}

			want, err := export.File(t.Context(), path, source, request(kind, format), nil)
			if err != nil {
				t.Fatal(err)
			}
			if rows, err := export.RowsIn(path, format); err != nil || rows != want || want == 0 {
				t.Errorf("%s: %d rows, %v; %d were written", path, rows, err, want)
			}
		}
	}

	for _, format := range export.Formats() {
		path := filepath.Join(dir, "empty."+string(format))
		if _, err := export.File(t.Context(), path, &memory{}, request(export.Candles, format), nil); err != nil {
			t.Fatal(err)
		}
		if rows, err := export.RowsIn(path, format); err != nil || rows != 0 {
			t.Errorf("%s: %d rows, %v", path, rows, err)
		}
	}

	for _, name := range []string{"trades.parquet", "trades.arrow", "trades.csv.gz", "trades.jsonl.zst", "absent.csv"} {
		path := filepath.Join(dir, name)
		format, _ := export.NamedFormat(path, "")
		if info, err := os.Stat(path); err == nil {
			if err := os.Truncate(path, info.Size()/2); err != nil {
				t.Fatal(err)
			}
		}
		if rows, err := export.RowsIn(path, format); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %d rows, %v", path, rows, err)
		}
	}
}

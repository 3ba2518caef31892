package export_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/zstd"
)

// TestNamesSayTheFormat tries endings in every case, behind each other, unknown ones, and ones that contradict.
func TestNamesSayTheFormat(t *testing.T) {
	for _, c := range []struct {
		name        string
		asked, want export.Format
		packed      export.Compression
		refused     string
	}{
		{"x.csv", "", export.CSV, "", ""},
		{"x.CSV", "", export.CSV, "", ""},
		{"x.jsonl", "", export.JSONL, "", ""},
		{"x.ndjson", "", export.JSONL, "", ""},
		{"x.JSON", "", export.JSONL, "", ""},
		{"/tmp/a.b/x.Parquet", "", export.Parquet, "", ""},
		{"x.arrow", "", export.Arrow, "", ""},
		{"x.feather", "", export.Arrow, "", ""},
		{"x.arrow.zst", "", "", "", "mapped into memory by its readers: leave out .zst"},
		{"x.csv.gz", "", export.CSV, export.Gzip, ""},
		{"x.NDJSON.ZST", "", export.JSONL, export.Zstd, ""},
		{"x.gz", "", "", export.Gzip, ""},
		{"x.zst", export.JSONL, export.JSONL, export.Zstd, ""},
		{"/a.b/x", "", "", "", ""},
		{"x", export.Parquet, export.Parquet, "", ""},
		{"x.dat", export.CSV, export.CSV, "", ""},
		{"x.xlsx", "", "", "", ".xlsx is no format that is known: end it in .csv"},
		{"x.xlsx.gz", "", "", "", ".xlsx"},
		{"x.csv.bz2", "", "", "", ".bz2"},
		{"x.csv", export.Parquet, "", "", "its name says csv, and parquet was asked for"},
		{"x.parquet.gz", "", "", "", "compressed inside: leave out .gz"},
		{"x.gz", export.Parquet, "", "", "compressed inside"},
	} {
		got, err := export.NamedFormat(c.name, c.asked)
		if c.refused != "" {
			if err == nil || !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v, %v", c.name, got, err)
			}
			continue
		}
		if packed := export.NamedCompression(c.name); err != nil || got != c.want || packed != c.packed {
			t.Errorf("%s: %q %q, %v", c.name, got, packed, err)
		}
	}
}

// TestCompressedFilesReadBack writes files that their names have compressed, opens them with other tools' readers, and
// reads their events, also under a name that says nothing, and with a byte order mark in front.
func TestCompressedFilesReadBack(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 2100)
	unpack := map[export.Compression]func(io.Reader) (io.Reader, error){
		export.Plain: func(r io.Reader) (io.Reader, error) { return r, nil },
		export.Gzip:  func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		export.Zstd: func(r io.Reader) (io.Reader, error) {
			unpacked, done, err := zstd.NewReader(r)
			t.Cleanup(done)
			return unpacked, err
		},
	}
	for _, format := range []export.Format{export.CSV, export.JSONL} {
		plain := write(t, source, request(export.Events, format))
		want := readEach(t, plain, format)
		for compression, open := range unpack {
			path := filepath.Join(t.TempDir(), "x."+string(format))
			if compression != export.Plain {
				path += "." + string(compression)
			}
			if _, err := export.File(t.Context(), path, source, request(export.Events, format), nil); err != nil {
				t.Fatal(err)
			}

			packed, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			reader, err := open(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}

			if text, err := io.ReadAll(reader); err != nil || !bytes.Equal(text, plain) {
				t.Errorf("%s: %d bytes of %d, %v", path, len(text), len(plain), err)
			}
			if got := readEach(t, packed, format); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: other events", path)
			}

			if compression != export.Plain && len(packed) > len(plain)/2 {
				t.Errorf("%s: %d bytes of %d", path, len(packed), len(plain))
			}
		}

		marked := append([]byte("\xef\xbb\xbf"), plain...)
		if got := readEach(t, marked, format); !reflect.DeepEqual(got, want) {
			t.Errorf("%s with a byte order mark: other events", format)
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(marked)
		_ = w.Close()
		if got := readEach(t, packed.Bytes(), format); !reflect.DeepEqual(got, want) {
			t.Errorf("%s compressed with a byte order mark: other events", format)
		}
	}
}

// TestFilesThatCannotBeReadSayWhy gives text of other encodings and compressed files that were cut.
func TestFilesThatCannotBeReadSayWhy(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 300)
	plain := write(t, source, request(export.Events, export.JSONL))
	var zipped, zstandard bytes.Buffer
	gz := gzip.NewWriter(&zipped)
	_, _ = gz.Write(plain)
	_ = gz.Close()

	zst, _ := zstd.NewWriter(&zstandard)
	_, _ = zst.Write(plain)
	_ = zst.Close()
	wide := []byte("\xff\xfe")
	for _, b := range plain {
		wide = append(wide, b, 0)
	}

	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"UTF-16":         {wide, "UTF-16: save it as UTF-8"},
		"a cut gzip":     {zipped.Bytes()[:zipped.Len()/2], "unexpected EOF"},
		"a gzip's head":  {zipped.Bytes()[:5], "unpack gzip"},
		"a cut zstd":     {zstandard.Bytes()[:zstandard.Len()/2], "unexpected EOF"},
		"a gzip of tail": {append(bytes.Clone(zipped.Bytes()), "tail of another kind"...), "gzip: invalid header"},
		"a JSON array":   {append([]byte("["), plain...), "one JSON array"},
	} {
		for _, format := range []export.Format{export.CSV, export.JSONL} {
			if format == export.CSV && name == "a JSON array" {
				continue
			}
			path := filepath.Join(t.TempDir(), "x")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}

			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			err = export.ReadEvents(t.Context(), file, format, func(*export.Read) error { return nil })
			_ = file.Close()
			if err == nil || !strings.Contains(err.Error(), c.want) && !errors.Is(err, export.ErrNotEvents) {
				t.Errorf("%s as %s: %v", name, format, err)
			}
		}
	}
}

// TestMintsFollowByAddress exports all of a source whose mints came in any order.
func TestMintsFollowByAddress(t *testing.T) {
	source := &memory{gaps: []market.Gap{{Mint: key(7)}, {Mint: key(3)}, {Mint: key(5)}}}
	source.mints = []market.Pubkey{key(7), key(3), key(5)}
	req := request(export.Gaps, export.CSV)
	req.Mints = nil
	rows := readCSV(t, write(t, source, req))
	if len(rows) != 3 || rows[0]["mint"] != key(3).String() || rows[1]["mint"] != key(5).String() || rows[2]["mint"] != key(7).String() {
		t.Error(rows)
	}
}

// TestOrdersHaveOneUnitOfTime compares the times of orders with the seconds they were made of.
func TestOrdersHaveOneUnitOfTime(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 2)
	for i := range source.orders[false] {
		source.orders[false][i].LatestTradeTime = 1_760_000_000
	}
	rows := readCSV(t, write(t, source, request(export.Orders, export.CSV)))
	if rows[0]["latest_trade_time"] != "1760000000" {
		t.Error(rows[0])
	}
}

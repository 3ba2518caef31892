package export_test

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/parquet-go/parquet-go"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/wire"
)

// capped is a market of three coins: one counted by its account, one of another pair by its creation, one of which nothing is known.
func capped(size int) *memory {
	source := randomSource(rand.New(rand.NewPCG(11, 12)), size)
	source.mints = []market.Pubkey{key(1), key(2), key(3)}
	source.pairs = map[market.Pubkey]market.Pair{key(2): market.MustPair(0, key(9), 3, 18)}
	source.supplies = map[market.Pubkey]market.Supply{
		key(1): {Mint: key(1), Units: math.MaxUint64, Source: market.SupplyOfAccount, At: 1_755_000_123},
		key(2): {Mint: key(2), Units: 987_654_321, Source: market.SupplyOfCreation, At: 7},
		key(3): {Mint: key(3)},
	}
	for i := range source.candles {
		source.candles[i].Volume.Hi = 0
	}
	for i := range source.events {
		if trade, ok := source.events[i].Body.(*spinpet.BuySell); ok {
			trade.Mint = key(1 + uint64(i/7)%3)
		}
	}
	return source
}

// worth is what people get who multiply the decimals of a price and of a supply by hand.
func worth(t *testing.T, price string, s market.Supply, decimals int) float64 {
	t.Helper()
	one, ok := new(big.Rat).SetString(price)
	supply, known := new(big.Rat).SetString(market.U64(s.Units).Decimal(decimals))
	if !ok || !known {
		t.Fatalf("%q × %d", price, s.Units)
	}
	value, _ := one.Mul(one, supply).Float64()
	return value
}

// TestMarketCaps: with the switch, files of candles, trades and events have one column more at their end, price × supply to the
// last bit, empty where there is no price or the supply is not known, and are the same otherwise; all formats have the same.
func TestMarketCaps(t *testing.T) {
	source := capped(1500)
	decimals := map[string]int{key(1).String(): market.TokenDecimals, key(2).String(): 3}
	for kind, names := range map[export.Kind][2]string{
		export.Candles: {"mint", "close"}, export.Trades: {"mint", "price"}, export.Events: {"mint_account", "price_exact"},
	} {
		plain := request(kind, export.CSV)
		plain.Mints = nil
		req := plain
		req.MarketCap = true

		before, lines := strings.Split(string(write(t, source, plain)), "\n"), strings.Split(string(write(t, source, req)), "\n")
		if len(before) != len(lines) || lines[0] != before[0]+",market_cap" {
			t.Fatalf("%s: %d lines of %d, %s", kind, len(lines), len(before), lines[0])
		}

		rows := readCSV(t, write(t, source, req))
		filled, empty := 0, 0
		var caps []*float64
		for _, row := range rows {
			var mint market.Pubkey
			if row[names[0]] != "" {
				mint, _ = market.ParsePubkey(row[names[0]])
			}

			s := source.supplies[mint]
			if s.Source == market.SupplyUnknown || row[names[1]] == "" {
				if row["market_cap"] != "" {
					t.Fatalf("%s: %v", kind, row)
				}
				caps = append(caps, nil)
				empty++
				continue
			}

			got, err := strconv.ParseFloat(row["market_cap"], 64)
			if want := worth(t, row[names[1]], s, decimals[row[names[0]]]); err != nil || got != want {
				t.Fatalf("%s: %s of %s is worth %s, not %v: %v", kind, row[names[0]], row[names[1]], row["market_cap"], want, err)
			}
			caps = append(caps, &got)
			filled++
		}
		if filled < 400 || empty < 50 {
			t.Errorf("%s: %d filled, %d empty", kind, filled, empty)
		}

		lined := req
		lined.Format = export.JSONL
		for i, line := range readJSONL(t, write(t, source, lined)) {
			value, there := line["market_cap"]
			if there != (caps[i] != nil) {
				t.Fatalf("%s: JSON line %d: %v", kind, i, line)
			}
			if there {
				if got, err := strconv.ParseFloat(value.(interface{ String() string }).String(), 64); err != nil || got != *caps[i] {
					t.Fatalf("%s: JSON line %d: %v", kind, i, value)
				}
			}
		}

		packed := req
		packed.Format = export.Parquet
		if got := parquetCaps(t, write(t, source, packed)); !reflect.DeepEqual(got, caps) {
			t.Errorf("%s: other caps in Parquet", kind)
		}
		packed.Format = export.Arrow
		if got := arrowCaps(t, write(t, source, packed)); !reflect.DeepEqual(got, caps) {
			t.Errorf("%s: other caps in Arrow", kind)
		}
	}
}

func parquetCaps(t *testing.T, data []byte) (caps []*float64) {
	t.Helper()
	type row struct {
		MarketCap *float64 `parquet:"market_cap,optional"`
	}
	rows, err := parquet.Read[row](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		caps = append(caps, rows[i].MarketCap)
	}
	return caps
}

func arrowCaps(t *testing.T, data []byte) (caps []*float64) {
	t.Helper()
	file, err := ipc.NewFileReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // of memory

	at := file.Schema().NumFields() - 1
	if name := file.Schema().Field(at).Name; name != "market_cap" {
		t.Fatalf("the last column is %s", name)
	}
	for i := range file.NumRecords() {
		batch, err := file.RecordBatch(i)
		if err != nil {
			t.Fatal(err)
		}
		column := batch.Column(at).(*array.Float64)
		for j := range column.Len() {
			if column.IsNull(j) {
				caps = append(caps, nil)
			} else {
				caps = append(caps, new(column.Value(j)))
			}
		}
	}
	return caps
}

// TestManifestSaysBySupplies: the manifest of a file with market caps says by which supplies they are; that of another is as it was.
func TestManifestSaysBySupplies(t *testing.T) {
	source := capped(70)
	req := request(export.Trades, export.CSV)
	req.Mints, req.MarketCap = append(source.mints, key(4), key(1)), true
	path := filepath.Join(t.TempDir(), "x.csv")
	m, err := export.FileWithManifest(t.Context(), path, source, req, nil)
	if want := (wire.ExportSupplies{Accounts: 1, Creations: 1, Unknown: 2, ReadFrom: 1_755_000_123, ReadTo: 1_755_000_123}); err != nil || m.MarketCap == nil || *m.MarketCap != want {
		t.Errorf("%+v, %v", m.MarketCap, err)
	}

	req.MarketCap = false
	if m, err = export.FileWithManifest(t.Context(), path, source, req, nil); err != nil || m.MarketCap != nil {
		t.Errorf("%+v, %v", m.MarketCap, err)
	}

	for _, kind := range []export.Kind{export.Orders, export.Gaps} {
		req := request(kind, export.CSV)
		req.MarketCap = true
		if _, err := export.FileWithManifest(t.Context(), path, source, req, nil); !errors.Is(err, export.ErrMarketCap) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestEventsWithMarketCapsReadBack: the column is passed over by whoever reads events.
func TestEventsWithMarketCapsReadBack(t *testing.T) {
	source := capped(700)
	for _, format := range export.ReadFormats() {
		req := request(export.Events, format)
		want, _ := readBack(t, write(t, source, req), format)
		req.MarketCap = true
		got, bad := readBack(t, write(t, source, req), format)
		if len(bad) > 0 || len(got) != len(source.events) || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %d events of %d, bad %v", format, len(got), len(source.events), bad)
		}
	}
}

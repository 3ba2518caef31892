package export_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/wire"
)

// memory is a source in memory, in the order the interface asks for.
type memory struct {
	candles []market.Candle
	events  []market.Event
	orders  map[bool][]market.Order
	gaps    []market.Gap
	mints   []market.Pubkey // nil: key(1)
	pairs   map[market.Pubkey]market.Pair
	fail    error

	supplies map[market.Pubkey]market.Supply
	short    error // of the counts in the end

	id      string
	commits []market.Commit // all there were, of which the log has those from oldest on
	oldest  int
	horizon int64
}

func (m *memory) CandleSeries(_ context.Context, _ market.Pubkey, _ market.Interval, from, to int64, limit int) ([]market.Candle, bool, error) {
	var page []market.Candle
	for _, c := range m.candles {
		if c.Time >= from && c.Time <= to && len(page) < limit {
			page = append(page, c)
		}
	}
	return page, false, m.fail
}

func (m *memory) EventsAfter(_ context.Context, _ market.Pubkey, after market.Position, limit int) ([]market.Event, error) {
	var page []market.Event
	for _, e := range m.events {
		if e.Position.Compare(after) > 0 && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, m.fail
}

func (m *memory) AllEventsAfter(ctx context.Context, after market.Position, limit int) ([]market.Event, error) {
	return m.EventsAfter(ctx, market.Pubkey{}, after, limit)
}

func (m *memory) OrdersOf(_ context.Context, _ market.Pubkey, short bool, offset, limit int) ([]market.Order, error) {
	orders := m.orders[short][min(offset, len(m.orders[short])):]
	return orders[:min(limit, len(orders))], m.fail
}

func (m *memory) CountEvents(context.Context, *market.Pubkey) error { return m.short }

func (m *memory) CountCandles(context.Context, market.Pubkey, market.Interval, int64, int64) error {
	return m.short
}

func (m *memory) Gaps(context.Context, *market.Pubkey, *market.GapState) ([]market.Gap, error) {
	return m.gaps, m.fail
}

func (m *memory) Programs() (programs []market.Program) {
	for i := range m.events {
		if id := m.events[i].Program(); !slices.Contains(programs, id) {
			programs = append(programs, id)
		}
	}
	return programs
}

func (m *memory) Pair(mint market.Pubkey) market.Pair { return m.pairs[mint] }

func (m *memory) Supplies(_ context.Context, mints []market.Pubkey) (list []market.Supply, err error) {
	for _, mint := range mints {
		if one, ok := m.supplies[mint]; ok {
			list = append(list, one)
		}
	}
	return list, m.fail
}

func (m *memory) KnownMints() []market.Pubkey {
	if m.mints != nil {
		return m.mints
	}
	return []market.Pubkey{key(1)}
}

func (m *memory) TimesAround(_ context.Context, from, to market.Slot) (before, after int64, err error) {
	for _, e := range m.events {
		if e.Slot < from {
			before = e.BlockTime
		}
		if e.Slot > to && after == 0 {
			after = e.BlockTime
		}
	}
	return before, after, nil
}

func (m *memory) ID() string { return m.id }

func (m *memory) Seq() market.Seq { return market.Seq(len(m.commits)) }

func (m *memory) Horizon() int64 { return m.horizon }

// Commits gives the commits from the one that the log begins at.
func (m *memory) Commits(_ context.Context, from market.Seq, fn func(*market.Commit) error) error {
	if int(from)-1 < m.oldest {
		return errors.New("older than the log")
	}
	for i := int(from) - 1; i < len(m.commits); i++ {
		if err := fn(&m.commits[i]); err != nil {
			return err
		}
	}
	return nil
}

func key(n uint64) (k market.Pubkey) {
	for i := range k {
		k[i] = byte(n>>(8*(i%8))) + byte(i)
	}
	return k
}

func price(random *rand.Rand) market.Price {
	return market.Price{Hi: random.Uint64() >> (20 + random.IntN(44)), Lo: random.Uint64()}
}

func randomSource(random *rand.Rand, size int) *memory {
	m := &memory{orders: map[bool][]market.Order{}, gaps: []market.Gap{
		{From: 0, To: 7, Cause: "history before backfill_limit", Seq: 3}, {From: 9, To: 9, Cause: "cut", State: market.GapUnfillable, Mint: key(1), Seq: 4},
	}}
	for i := range size {
		m.candles = append(m.candles, market.Candle{
			Time: int64(1_755_000_000 + 60*i), Open: price(random), High: price(random), Low: price(random), Close: price(random),
			Volume: market.U128{Hi: uint64(random.IntN(3)), Lo: random.Uint64()}, QuoteVolume: market.U64(random.Uint64()),
			BuyVolume: market.U64(random.Uint64()), Trades: random.Uint64N(9), Final: i < size-1,
		})
		e := market.Event{
			Position:  market.Position{Slot: market.Slot(100 + i/3), Index: uint32(i % 3), Ordinal: uint16(i % 2)},
			BlockTime: int64(1_755_000_000 + i), Owner: key(uint64(i)), Scale: 28, Price: price(random),
		}
		e.Signature[3] = byte(i)

		terms := market.Terms{
			OrderType: uint8(1 + i%2), Mint: key(1), User: key(uint64(i)), LockLpStartPrice: market.U128(price(random)),
			LockLpSolAmount: random.Uint64(), StartTime: random.Uint32(), MarginInitSolAmount: 7, BorrowFee: 2000, RealizedSolAmount: 8,
		}
		closing := spinpet.Close{Payer: key(2), UserSolAccount: key(3), Mint: key(1), FinalTokenAmount: random.Uint64(), Order: key(9), LatestPrice: market.U128(e.Price)}
		switch i % 7 {
		case 0:
			e.Body = &spinpet.BuySell{Payer: key(4), Mint: key(1), IsBuy: i%2 == 0, TokenAmount: random.Uint64(), SolAmount: uint64(i), LatestPrice: market.U128(e.Price)}
		case 1:
			e.Body = &spinpet.LongShort{Payer: key(4), Mint: key(1), Order: key(5), LatestPrice: market.U128(e.Price), Terms: terms}
		case 2:
			e.Body = &spinpet.FullClose{Close: closing}
		case 3:
			e.Body = &spinpet.PartialClose{Close: closing, Terms: terms, Long: i%2 == 0}
		case 4:
			e.Body, e.Price, e.Scale = &spinpet.ForceLiquidate{Payer: key(4), Mint: key(1), Order: key(5)}, market.Price{}, 0
		case 5:
			e.Body, e.Price, e.Scale = &spinpet.MilestoneDiscount{Payer: key(4), Mint: key(1), Curve: key(6), SwapFee: 500}, market.Price{}, 0
		case 6:
			e.Body, e.Price, e.Scale = &spinpet.TokenCreated{Payer: key(4), Mint: key(1), Name: "=cmd|' /C calc'!A0", Symbol: "a,\"b\"\n", URI: "ipfs://x"}, market.Price{}, 0
		}

		m.events = append(m.events, e)
		order := market.Order{Address: key(uint64(i)), MintAccount: key(1), Terms: terms, Scale: 26, LatestPrice: price(random), LatestTradeTime: int64(i)}
		m.orders[i%2 == 1] = append(m.orders[i%2 == 1], order)
	}

	return m
}

func request(kind export.Kind, format export.Format) export.Request {
	from, to := export.Always()
	return export.Request{Kind: kind, Format: format, Mints: []market.Pubkey{key(1)}, Interval: market.M1, From: from, To: to}
}

func write(t *testing.T, source export.Source, req export.Request) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := export.Write(t.Context(), &out, source, req, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// digits turns an exact decimal back into the integer it was written from.
func digits(t *testing.T, text string, decimals int) market.U128 {
	t.Helper()
	whole, fraction, _ := strings.Cut(text, ".")
	x, err := market.ParseU128(whole + fraction + strings.Repeat("0", decimals-len(fraction)))
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return x
}

func readCSV(t *testing.T, data []byte) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	records := make([]map[string]string, 0, len(rows))
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, name := range rows[0] {
			record[name] = row[i]
		}
		records = append(records, record)
	}
	return records
}

func readJSONL(t *testing.T, data []byte) []map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var records []map[string]any
	for {
		var record map[string]any
		if err := decoder.Decode(&record); errors.Is(err, io.EOF) {
			return records
		} else if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
}

// Every digit survives: what is read back is the integer that was stored, and as a float it is the wire's number.
func TestCandlesKeepEveryDigit(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(1, 2)), 12_500) // more than two chunks
	records := readCSV(t, write(t, source, request(export.Candles, export.CSV)))
	lines := readJSONL(t, write(t, source, request(export.Candles, export.JSONL)))
	if len(records) != len(source.candles) || len(lines) != len(source.candles) {
		t.Fatalf("got %d and %d rows, want %d", len(records), len(lines), len(source.candles))
	}

	for i, want := range source.candles {
		onWire := wire.HistoryCandle(want, market.Pair{})
		for _, field := range []struct {
			name     string
			exact    market.U128
			decimals int
			float    float64
		}{
			{"open", market.U128(want.Open), 28, onWire.Open},
			{"high", market.U128(want.High), 28, onWire.High},
			{"low", market.U128(want.Low), 28, onWire.Low},
			{"close", market.U128(want.Close), 28, onWire.Close},
			{"volume", want.Volume, 6, onWire.Volume},
			{"quote_volume", want.QuoteVolume, 9, onWire.QuoteVolume},
			{"buy_volume", want.BuyVolume, 6, onWire.BuyVolume},
		} {
			number := fmt.Sprint(lines[i][field.name])
			if got := records[i][field.name]; digits(t, got, field.decimals) != field.exact || number != got {
				t.Fatalf("candle %d %s: csv %s, jsonl %s, want %v", i, field.name, got, number, field.exact)
			}
			if float, err := strconv.ParseFloat(number, 64); err != nil || float != field.float {
				t.Fatalf("candle %d %s: %s reads as %v, the wire has %v", i, field.name, number, float, field.float)
			}
		}

		if records[i]["time"] != strconv.FormatInt(want.Time, 10) || records[i]["is_final"] != strconv.FormatBool(want.Final) ||
			records[i]["mint"] != key(1).String() || records[i]["interval"] != "m1" {
			t.Fatalf("candle %d: %v", i, records[i])
		}
	}
}

func TestRangeIsInclusive(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(1, 2)), 50)
	req := request(export.Candles, export.CSV)
	req.From, req.To = source.candles[10].Time, source.candles[20].Time
	if got := readCSV(t, write(t, source, req)); len(got) != 11 || got[0]["time"] != strconv.FormatInt(req.From, 10) {
		t.Errorf("candles: %d rows", len(got))
	}
	req = request(export.Events, export.JSONL)
	req.From, req.To = source.events[10].BlockTime, source.events[20].BlockTime
	if got := readJSONL(t, write(t, source, req)); len(got) != 11 {
		t.Errorf("events: %d rows", len(got))
	}
}

// A line of an events export is the wire's event plus the three fields that complete it.
func TestEventsAreTheWiresEvents(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(3, 4)), 1400)
	source.gaps = nil // TestGapsOfEvents has them
	lines := readJSONL(t, write(t, source, request(export.Events, export.JSONL)))
	records := readCSV(t, write(t, source, request(export.Events, export.CSV)))
	if len(lines) != len(source.events) || len(records) != len(source.events) {
		t.Fatalf("got %d and %d rows, want %d", len(lines), len(records), len(source.events))
	}

	for i := range source.events {
		e := &source.events[i]
		decoder := json.NewDecoder(bytes.NewReader(wire.NewEvent(e).AppendJSON(nil)))
		decoder.UseNumber()
		want := map[string]any{}
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}

		want["index"] = json.Number(strconv.Itoa(int(e.Index)))
		want["block_time"] = json.Number(strconv.FormatInt(e.BlockTime, 10))
		if e.Scale != 0 {
			want["price_decimals"] = json.Number(strconv.Itoa(int(e.Scale)))
		}

		if got, want := fmt.Sprint(lines[i]), fmt.Sprint(want); got != want {
			t.Fatalf("event %d:\ngot  %s\nwant %s", i, got, want)
		}
		for name, value := range want {
			text := fmt.Sprint(value)
			if strings.HasPrefix(text, "=") {
				text = "'" + text
			}
			if records[i][name] != text {
				t.Fatalf("event %d: csv %s is %q, want %q", i, name, records[i][name], text)
			}
		}
	}
}

func TestTradesAndOrders(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(5, 6)), 2100)
	trades := 0
	records := readCSV(t, write(t, source, request(export.Trades, export.CSV)))
	for i := range source.events {
		want, ok := source.events[i].Trade()
		if !ok {
			continue
		}
		got := records[trades]
		trades++
		side := map[bool]string{true: "buy", false: "sell"}[want.Buy]
		if digits(t, got["price"], 28) != market.U128(want.Price) || digits(t, got["token_amount"], 6) != market.U64(want.Base) ||
			digits(t, got["sol_amount"], 9) != market.U64(want.Quote) || got["side"] != side {
			t.Fatalf("trade %d: got %v, want %v", i, got, want)
		}
	}

	if trades != len(records) {
		t.Errorf("got %d trades, want %d", len(records), trades)
	}
	orders := readJSONL(t, write(t, source, request(export.Orders, export.JSONL)))
	if len(orders) != len(source.orders[false])+len(source.orders[true]) {
		t.Fatalf("got %d orders", len(orders))
	}

	first := source.orders[false][0]
	if orders[0]["lock_lp_start_price"] != first.Terms.LockLpStartPrice.String() || fmt.Sprint(orders[0]["lock_lp_sol_amount"]) != strconv.FormatUint(first.Terms.LockLpSolAmount, 10) {
		t.Errorf("first order: %v", orders[0])
	}
}

func TestParquetReadsBack(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(7, 8)), 1500)
	data := write(t, source, request(export.Candles, export.Parquet))
	type row struct {
		Time    *int64    `parquet:"time,optional"`
		Open    *[16]byte `parquet:"open,optional,decimal(28:38)"`
		Volume  *[16]byte `parquet:"volume,optional,decimal(6:38)"`
		Trades  *int64    `parquet:"trades,optional"`
		IsFinal *bool     `parquet:"is_final,optional"`
	}
	number := func(b *[16]byte) market.U128 {
		return market.U128{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
	}
	rows, err := parquet.Read[row](bytes.NewReader(data), int64(len(data)))
	if err != nil || len(rows) != len(source.candles) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}

	for i, want := range source.candles {
		got := rows[i]
		if *got.Time != want.Time || number(got.Open) != market.U128(want.Open) || number(got.Volume) != want.Volume || *got.Trades != int64(want.Trades) || *got.IsFinal != want.Final {
			t.Fatalf("candle %d: %+v", i, got)
		}
	}

	for _, kind := range export.Kinds() {
		data := write(t, source, request(kind, export.Parquet))
		file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil || file.NumRows() == 0 {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestBadRequests(t *testing.T) {
	for name, change := range map[string]func(*export.Request){
		"kind":   func(r *export.Request) { r.Kind = "klines" },
		"format": func(r *export.Request) { r.Format = "xlsx" },
		"range":  func(r *export.Request) { r.From, r.To = 2, 1 },
	} {
		req := request(export.Candles, export.CSV)
		change(&req)
		path := filepath.Join(t.TempDir(), "x")
		if _, err := export.File(t.Context(), path, &memory{}, req, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s: left a file", name)
		}
	}
}

func TestEmptyExportHasItsHeader(t *testing.T) {
	if got := string(write(t, &memory{}, request(export.Candles, export.CSV))); got != "mint,interval,time,timestamp,open,high,low,close,volume,quote_volume,buy_volume,trades,is_final\n" {
		t.Errorf("%q", got)
	}
	if got := write(t, &memory{}, request(export.Events, export.JSONL)); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestFileIsWholeOrAbsent(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 3000)
	dir := t.TempDir()
	path := filepath.Join(dir, "candles.csv")
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	_, err := export.File(ctx, path, source, request(export.Candles, export.CSV), func(p export.Progress) {
		if p.Rows >= 1000 {
			cancel()
		}
	})
	if content, _ := os.ReadFile(path); string(content) != "before" {
		t.Errorf("an ended export changed the file")
	}

	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	source.fail = errors.New("disk gone")
	if _, err := export.File(t.Context(), path, source, request(export.Events, export.JSONL), nil); !errors.Is(err, source.fail) {
		t.Errorf("got %v", err)
	}

	source.fail = nil
	var last int64
	rows, err := export.File(t.Context(), path, source, request(export.Candles, export.CSV), func(p export.Progress) { last = p.Rows })
	if err != nil || rows != 3000 || last != 3000 {
		t.Errorf("rows %d, progress %d, %v", rows, last, err)
	}

	content, err := os.ReadFile(path)
	if err != nil || len(readCSV(t, content)) != 3000 {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}

	if _, err := export.File(t.Context(), filepath.Join(dir, "no", "such"), source, request(export.Candles, export.CSV), nil); err == nil {
		t.Error("wrote into a directory that is not there")
	}
}

type brokenWriter struct{ left int }

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestWriterErrorEndsTheExport(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 3000)
	for _, format := range export.Formats() {
		if _, err := export.Write(t.Context(), &brokenWriter{left: 100}, source, request(export.Candles, format), nil); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: got %v", format, err)
		}
	}
}

// A list that was read page by page and has fewer rows than were counted fails its export.
func TestShortListsEndTheExport(t *testing.T) {
	short := errors.New("fewer rows than were counted")
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 3000)
	for _, kind := range []export.Kind{export.Candles, export.Events, export.Trades} {
		for _, mints := range [][]market.Pubkey{nil, {key(1)}} {
			req := request(kind, export.JSONL)
			req.Mints = mints
			for _, source.short = range []error{nil, short} {
				if _, err := export.Write(t.Context(), io.Discard, source, req, nil); !errors.Is(err, source.short) {
					t.Errorf("%s of %d mints: %v, want %v", kind, len(mints), err, source.short)
				}
			}
		}
	}
}

func TestNamesAreSafe(t *testing.T) {
	req := request(export.Candles, export.CSV)
	if got := req.Name(); got != "spinscope-"+key(1).String()[:8]+"-candles-m1.csv" {
		t.Error(got)
	}
	req.Mints = append(req.Mints, key(2))
	req.Kind, req.Format = export.Events, export.JSONL
	if got := req.Name(); got != "spinscope-2-mints-events.jsonl" {
		t.Error(got)
	}
}

func TestLastSecondOfTime(t *testing.T) {
	source := &memory{candles: append(make([]market.Candle, 999), market.Candle{Time: math.MaxInt64})}
	if rows, err := export.Write(t.Context(), io.Discard, source, request(export.Candles, export.CSV), nil); err != nil || rows != 1000 {
		t.Error(rows, err)
	}
}

func BenchmarkCandlesCSV(b *testing.B) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 999)
	for b.Loop() {
		if _, err := export.Write(b.Context(), io.Discard, source, request(export.Candles, export.CSV), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// A request that names no mint is for all of them.
func TestAllMints(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(1, 2)), 20)
	for _, kind := range export.Kinds() {
		req := request(kind, export.JSONL)
		named := write(t, source, req)
		req.Mints = nil
		if got := write(t, source, req); !bytes.Equal(got, named) || len(got) == 0 {
			t.Errorf("%s: %s", kind, got)
		}
	}
	req := request(export.Candles, export.Parquet)
	if req.Mints = nil; req.Name() != "spinscope-all-candles-m1.parquet" {
		t.Error(req.Name())
	}
}

// The documented columns are the written ones.
func TestColumnsAreDocumented(t *testing.T) {
	docs, err := os.ReadFile("../../docs/rest.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range export.Kinds() {
		header := strings.TrimSpace(string(write(t, &memory{}, request(kind, export.CSV))))
		_, row, found := strings.Cut(string(docs), "\n| "+string(kind)+" | ")
		row, _, _ = strings.Cut(row, " |\n")
		for _, note := range []string{" (buy or sell)", " (SOL per token)", " (whole tokens)", " (SOL)"} {
			row = strings.ReplaceAll(row, note, "")
		}
		if want := strings.ReplaceAll(header, ",", ", "); !found || row != want {
			t.Errorf("%s: docs/rest.md has\n%s\nwritten is\n%s", kind, row, want)
		}
	}
}

// Gaps of the whole program come once, those of a mint with it; those surely out of range are left out.
func TestGaps(t *testing.T) {
	source := &memory{gaps: []market.Gap{
		{From: 5, To: 5, Cause: "cut, later", State: market.GapUnfillable, Mint: key(2), Seq: 9},
		{From: 6, To: 8, Cause: "limit", Seq: 2},
		{From: 9, To: 9, Cause: "cut", State: market.GapFilled, Mint: key(1), Seq: 11},
	}}
	for _, slot := range []market.Slot{5, 6, 8, 9} {
		source.events = append(source.events, market.Event{Position: market.Position{Slot: slot}, BlockTime: 1000 + int64(slot)})
	}

	rows := map[string]string{
		"limit": ",6,8,open,limit,2,1005,1009\n", "cut": key(1).String() + ",9,9,filled,cut,11,1008,\n",
		"later": key(2).String() + ",5,5,unfillable,\"cut, later\",9,,1006\n",
	}
	for _, c := range []struct {
		from, to int64
		gaps     []string
	}{
		{math.MinInt64, math.MaxInt64, []string{"limit", "cut", "later"}},
		{1, 1004, []string{"later"}},
		{1006, 1007, []string{"limit", "later"}},
		{1009, 1009, []string{"limit", "cut"}},
		{1010, 2000, []string{"cut"}},
	} {
		req := request(export.Gaps, export.CSV)
		req.Mints, req.From, req.To = append(req.Mints, key(2)), c.from, c.to
		want := []string{"mint,from_slot,to_slot,state,cause,seq,from_time,to_time\n"}
		for _, gap := range c.gaps {
			want = append(want, rows[gap])
		}
		if got := string(write(t, source, req)); got != strings.Join(want, "") {
			t.Errorf("%d to %d: got\n%s\nwant\n%s", c.from, c.to, got, want)
		}
	}
}

// An export of events tells of its gaps, and they are read back; what was filled is no gap.
func TestGapsOfEvents(t *testing.T) {
	for _, format := range export.ReadFormats() {
		source := randomSource(rand.New(rand.NewPCG(9, 9)), 30)
		missing := market.Gap{From: 103, To: 104, Cause: "not, \"available\"", State: market.GapOpen, Mint: key(1)}
		source.gaps = append(source.gaps, missing, market.Gap{From: 105, To: 105, Cause: "once", State: market.GapFilled},
			market.Gap{From: 105, To: 105, Cause: "of another", Mint: key(2)})
		data := write(t, source, request(export.Events, format))
		events, bad := readBack(t, data, format)
		if len(events) != 30 || len(bad) > 0 {
			t.Fatalf("%s: %d events, bad %v", format, len(events), bad)
		}

		want := []market.Gap{source.gaps[0], source.gaps[1], missing}
		want[0].Seq, want[1].Seq = 0, 0
		if got := gapsIn(t, data, format); !slices.Equal(got, want) {
			t.Errorf("%s: got %+v, want %+v", format, got, want)
		}

		if format == export.JSONL && !strings.Contains(string(data), `{"event_type":"Gap","mint_account":"`+key(1).String()+
			`","from_slot":103,"to_slot":104,"state":"open","cause":"not, \"available\"","from_time":1755000008,"to_time":1755000015}`) {
			t.Errorf("%s", data)
		}
	}
}

// A file with coins of several pairs has digits for all of them, in each format, and refuses a coin that came to the market
// after it was begun: its units are not those of the columns.
func TestParquetOfSeveralPairs(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(7, 8)), 1500)
	for i := range source.candles {
		source.candles[i].Volume.Hi = 0
	}

	source.mints = []market.Pubkey{key(1), key(2)}
	source.pairs = map[market.Pubkey]market.Pair{key(2): market.MustPair(0, key(9), 8, 18)}
	req := request(export.Candles, export.Parquet)
	req.Mints = nil
	data := write(t, source, req)
	type row struct {
		Mint        *string   `parquet:"mint,optional,dict"`
		Volume      *[16]byte `parquet:"volume,optional,decimal(8:38)"`
		QuoteVolume *[16]byte `parquet:"quote_volume,optional,decimal(18:38)"`
		Decimals    *int64    `parquet:"quote_decimals,optional"`
	}
	number := func(b *[16]byte) market.U128 {
		return market.U128{Hi: binary.BigEndian.Uint64(b[:8]), Lo: binary.BigEndian.Uint64(b[8:])}
	}
	rows, err := parquet.Read[row](bytes.NewReader(data), int64(len(data)))
	if err != nil || len(rows) != 2*len(source.candles) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}

	for i, got := range rows {
		want := source.candles[i%len(source.candles)]
		decimals, volume, quote := int64(18), want.Volume, want.QuoteVolume
		if *got.Mint == key(1).String() {
			decimals = 9
			volume, _ = volume.Mul64(100)
			quote, _ = quote.Mul64(1e9)
		}
		if number(got.Volume) != volume || number(got.QuoteVolume) != quote || *got.Decimals != decimals {
			t.Fatalf("row %d: %+v of %+v", i, got, want)
		}
	}

	req.Kind, req.Format = export.Orders, export.CSV
	orders := readCSV(t, write(t, source, req))
	for i, row := range orders {
		symbol, decimals := "SOL", "9"
		if (i >= len(orders)/2) == (bytes.Compare(source.mints[1][:], source.mints[0][:]) > 0) { // mint by mint, by address
			symbol, decimals = source.pairs[key(2)].QuoteSymbol(), "18"
		}
		if row["quote_symbol"] != symbol || row["quote_decimals"] != decimals || row["program"] != "spinpet" || row["margin_sol_amount"] == "" {
			t.Fatalf("order %d: %v", i, row)
		}
	}

	req.Kind, req.Format = export.Candles, export.Parquet

	source.pairs[key(1)] = market.MustPair(0, key(9), 8, 18)
	source.candles[0].Volume = market.U128{Hi: 1 << 63}
	source.pairs[key(2)] = market.MustPair(0, key(9), 18, 2)
	if _, err := export.Write(t.Context(), io.Discard, source, req, nil); err == nil || !strings.Contains(err.Error(), "volume of ") {
		t.Errorf("a volume beyond its column: %v", err)
	}
}

// late is a market that comes to hold another pair while it is exported.
type late struct {
	*memory
	asked int
}

func (l *late) Pair(mint market.Pubkey) market.Pair {
	if l.asked++; l.asked > 1 {
		return market.MustPair(0, key(9), 3, 2)
	}
	return l.memory.Pair(mint)
}

func TestPairThatComesLateIsRefused(t *testing.T) {
	for _, kind := range []export.Kind{export.Candles, export.Trades, export.Orders} {
		source := &late{memory: randomSource(rand.New(rand.NewPCG(7, 8)), 15)}
		if _, err := export.Write(t.Context(), io.Discard, source, request(kind, export.CSV), nil); err == nil || !strings.Contains(err.Error(), "export it again") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

package export_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// readBack reads a file's events; bad lines by number.
func readBack(t *testing.T, data []byte, format export.Format) (events []market.Event, bad map[int64]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events."+string(format))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}

	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read

	bad = map[int64]string{}
	if err := export.ReadEvents(t.Context(), file, format, func(r *export.Read) error {
		if r.Err != nil {
			bad[r.Line] = r.Err.Error()
			return nil
		}
		if r.Gap == nil {
			events = append(events, r.Event)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	return events, bad
}

// gapsIn reads a file's gaps.
func gapsIn(t *testing.T, data []byte, format export.Format) (gaps []market.Gap) {
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

	if err := export.ReadEvents(t.Context(), file, format, func(r *export.Read) error {
		if r.Gap != nil && r.Err == nil {
			gaps = append(gaps, *r.Gap)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	return gaps
}

// TestBadGapsAreNamed reads rows of gaps that cannot be.
func TestBadGapsAreNamed(t *testing.T) {
	good := `{"event_type":"Gap","from_slot":5,"to_slot":7,"state":"open","cause":"x"}`
	for _, change := range [][3]string{
		{`"from_slot":5`, `"from_slot":9`, "from_slot 9"},
		{`"open"`, `"replaced"`, "state"},
		{`"to_slot":7,`, ``, "to_slot: missing"},
		{`"x"`, `"` + strings.Repeat("x", 501) + `"`, "cause"},
		{`"from`, `"mint_account":"0","from`, "mint_account"},
		{`,"cause":"x"`, ``, "cause: missing"},
	} {
		_, bad := readBack(t, []byte(good+"\n"+strings.Replace(good, change[0], change[1], 1)+"\n"), export.JSONL)
		if len(bad) != 1 || !strings.Contains(bad[2], change[2]) {
			t.Errorf("%s: %v", change[1], bad)
		}
	}
}

// TestEventsReadBack writes events with texts that every format has to take care of and reads the same ones.
func TestEventsReadBack(t *testing.T) {
	for _, format := range export.ReadFormats() {
		source := randomSource(rand.New(rand.NewPCG(9, 9)), 2100)
		for i, name := range []string{"", "=1", "'=1", "''=1", "'", "a\r\nb", " x", "\"", "\t", "ünï", "a,b", "-", "\n"} {
			created, ok := source.events[6+7*i].Body.(*spinpet.TokenCreated)
			if !ok {
				t.Fatal("the source changed")
			}
			created.Name, created.Symbol, created.URI = name, name+"x", name+name
			created.Early = i%2 == 0
		}

		source.events[3].Provisional = true
		got, bad := readBack(t, write(t, source, request(export.Events, format)), format)
		if len(bad) > 0 || len(got) != len(source.events) {
			t.Fatalf("%s: %d events of %d, bad %v", format, len(got), len(source.events), bad)
		}

		for i, want := range source.events {
			want.Owner, want.Price = market.Pubkey{}, market.Price{}
			if partial, ok := want.Body.(*spinpet.PartialClose); ok && !partial.Long { // the short layout has not these
				short := *partial
				short.Terms.MarginInitSolAmount, short.Terms.RealizedSolAmount = 0, 0
				want.Body = &short
			} else if opened, ok := want.Body.(*spinpet.LongShort); ok {
				short := *opened
				short.Terms.MarginInitSolAmount, short.Terms.RealizedSolAmount = 0, 0
				want.Body = &short
			}

			if !reflect.DeepEqual(got[i], want) {
				t.Fatalf("%s event %d:\n got %+v %+v\nwant %+v %+v", format, i, got[i], got[i].Body, want, want.Body)
			}
		}
	}
}

// TestBadLinesAreNamed damages lines of a file and expects exactly those to be named, with the column.
func TestBadLinesAreNamed(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 14)
	source.gaps = nil
	lines := strings.Split(string(write(t, source, request(export.Events, export.JSONL))), "\n")
	damage := func(line int, old, text string) {
		t.Helper()
		if !strings.Contains(lines[line-1], old) {
			t.Fatalf("line %d has no %s: %s", line, old, lines[line-1])
		}
		lines[line-1] = strings.Replace(lines[line-1], old, text, 1)
	}
	damage(1, `"token_amount":`, `"token_amount":-1,"x":`)
	damage(2, `"order_type":`, `"order_type":7,"x":`)
	damage(3, `"order_pda":"`, `"order_pda":"0O`)
	damage(4, `"slot":`, `"slot":"many","x":`)
	damage(5, `"signature":`, `"signatur":`)
	damage(6, `"event_type":"MilestoneDiscount"`, `"event_type":"Other"`)
	damage(7, `{`, ``)
	damage(8, `"is_buy":`, `"is_buy":1,"x":`)
	damage(9, `"latest_price":"`, `"latest_price":"1.5`)
	damage(10, `"block_time":`, `"block_time":0,"x":`)
	damage(11, `"price_decimals":`, `"price_decimals":99,"x":`)
	damage(12, `"mint_account":"`, `"mint_account":{},"x":"`)

	got, bad := readBack(t, []byte(strings.Join(lines, "\n")), export.JSONL)
	if len(got) != 2 || len(bad) != 12 {
		t.Fatalf("%d events, bad %v", len(got), bad)
	}
	for line, word := range map[int64]string{
		1: "token_amount", 2: "order_type", 3: "order_pda", 4: "slot", 5: "signature: missing", 6: "event_type", 7: "JSON",
		8: "is_buy", 9: "latest_price", 10: "block_time", 11: "price_decimals", 12: "mint_account",
	} {
		if !strings.Contains(bad[line], word) {
			t.Errorf("line %d: %q does not name %s", line, bad[line], word)
		}
	}
}

// TestOtherFilesAreRefused gives files of another kind.
func TestOtherFilesAreRefused(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 14)
	for _, format := range export.ReadFormats() {
		path := filepath.Join(t.TempDir(), "candles")
		if err := os.WriteFile(path, write(t, source, request(export.Candles, format)), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		err = export.ReadEvents(t.Context(), file, format, func(r *export.Read) error { return r.Err })
		if !errors.Is(err, export.ErrNotEvents) {
			t.Errorf("%s: %v", format, err)
		}
		_ = file.Close()
	}
}

// TestDamagedParquet changes bytes all over a file: it is read, or refused, and nothing panics.
func TestDamagedParquet(t *testing.T) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 60)
	whole := write(t, source, request(export.Events, export.Parquet))
	path := filepath.Join(t.TempDir(), "damaged.parquet")
	refused := 0
	for i := 0; i < len(whole); i += max(1, len(whole)/300) {
		damaged := bytes.Clone(whole)
		damaged[i] ^= byte(1 + i%255)
		if i%7 == 0 {
			damaged = damaged[:i]
		}

		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}

		if err := export.ReadEvents(t.Context(), file, export.Parquet, func(*export.Read) error { return nil }); err != nil {
			refused++
		}
		_ = file.Close()
	}

	if refused < 50 {
		t.Errorf("%d damaged files were refused", refused)
	}
}

// FuzzReadEvents reads anything, in every format, and writes again what it understood.
func FuzzReadEvents(f *testing.F) {
	source := randomSource(rand.New(rand.NewPCG(9, 9)), 14)
	for i, format := range export.ReadFormats() {
		var out strings.Builder
		if _, err := export.Write(f.Context(), &out, source, request(export.Events, format), nil); err != nil {
			f.Fatal(err)
		}
		f.Add(i, []byte(out.String()))
	}

	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, which int, data []byte) {
		format := export.ReadFormats()[uint(which)%2] //nolint:gosec // Parquet is parquet-go's
		path := filepath.Join(dir, fmt.Sprint(os.Getpid()))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}

		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close() //nolint:errcheck // only read

		_ = export.ReadEvents(t.Context(), file, format, func(r *export.Read) error {
			if r.Err == nil && r.Gap == nil && (r.Event.Body == nil || r.Event.BlockTime <= 0) || r.Gap != nil && r.Err == nil && r.Gap.From > r.Gap.To {
				t.Fatalf("line %d: %+v", r.Line, r.Event)
			}
			return nil
		})
	})
}

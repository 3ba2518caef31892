package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestCandlesMove(t *testing.T) {
	need(t)
	d := newDesk(t, "LANG=C") // under which the webview has no proper locale
	a := d.open()
	a.ready()
	a.chooseBusiest()
	d.focus(title)
	a.interval("1", "s1")

	first, seen := a.paint(), a.now()
	if first.up+first.down < 200 {
		t.Fatalf("hardly any pixel has a candle's colour: %+v", first)
	}
	d.until("the page gets updates", func() bool {
		now, _ := a.view()
		return now.Updates > seen.Updates && now.Last != nil && now.Last.Time > seen.Last.Time
	})
	d.until("the legend shows the newest candle", func() bool {
		var shown string
		err := a.page.eval(`document.querySelector('[data-testid="legend-close"]').dataset.value`, &shown)
		now, _ := a.view()
		value, _ := strconv.ParseFloat(shown, 64)
		return err == nil && now.Last != nil && value == now.Last.Close && now.Last.Time > seen.Last.Time
	})
	d.until("the candles on the screen move", func() bool {
		now := a.paint()
		return now.hash != first.hash && now.up+now.down > 200
	})
	d.keepPicture()
}

// chooseBusiest shows the token with the most trades of the last minutes, so that something moves.
func (a *app) chooseBusiest() {
	a.d.t.Helper()
	var mints struct{ Mints []string }
	get(a.d.t, a.base()+"/api/mints?limit=1000", &mints)
	busiest, highest := "", int64(-1)
	for _, mint := range mints.Mints {
		var recent struct{ Klines []candle }
		get(a.d.t, a.base()+"/api/kline?interval=m1&limit=10&mint="+mint, &recent)
		trades := int64(0)
		for _, c := range recent.Klines {
			if c.Time > time.Now().Add(-10*time.Minute).Unix() {
				trades += c.Trades
			}
		}
		if trades > highest {
			busiest, highest = mint, trades
		}
	}

	row := fmt.Sprintf(`document.querySelector('[data-testid="token-row"][data-mint="%s"]')`, busiest)
	a.d.until("its row is clicked", func() bool {
		var clicked bool
		return a.page.eval(fmt.Sprintf(`(row => row ? (row.click(), true) : false)(%s)`, row), &clicked) == nil && clicked
	})
	a.d.until("it is shown", func() bool {
		now, ok := a.view()
		return ok && now.Mint == busiest && now.Phase == "ready" && now.Bars > 0
	})
}

// interval presses a key and waits until the page shows that interval.
func (a *app) interval(key, interval string) {
	a.d.t.Helper()
	a.d.key(key)
	a.d.until("the page shows "+interval, func() bool { return a.shows(interval) })
}

func (a *app) shows(interval string) bool {
	now, ok := a.view()
	var pressed bool
	err := a.page.eval(`document.querySelector('[data-testid="interval-`+interval+`"]')?.getAttribute('aria-pressed') === 'true'`, &pressed)
	return ok && err == nil && pressed && now.Interval == interval && now.Phase == "ready" && now.Bars > 0
}

// now is what the page shows, which has a newest candle.
func (a *app) now() (shown view) {
	a.d.t.Helper()
	a.d.until("the page shows candles", func() bool {
		var ok bool
		shown, ok = a.view()
		return ok && shown.Last != nil
	})
	return shown
}

// exportDialog is the title of the dialog that asks for the file.
const exportDialog = "Export to File"

func TestExport(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	a.chooseBusiest() // it has many candles
	d.focus(title)
	a.interval("2", "s5")

	shown := a.now()
	path := filepath.Join(d.home, "typed.csv")
	a.export(path)
	rows := readCandles(t, path, shown.Mint, "s5")
	compare(t, rows, candles(t, a.base(), shown.Mint, "s5"))
	if m := a.exported(path); m.Kind != "candles" || m.Interval != "s5" || m.Rows != len(rows) || len(m.Mints) != 1 || m.Mints[0] != shown.Mint {
		t.Errorf("the manifest says %+v of %d rows", m, len(rows))
	}
	a.keepShots("dark", "light")

	t.Log("the ending is added; the button has the focus still")
	d.until("it can be pressed again", func() bool { return a.focused() == "export-begin" })
	d.focus(title)
	a.save("Return", exportDialog, filepath.Join(d.home, "second"))
	readCandles(t, filepath.Join(d.home, "second.csv"), shown.Mint, "s5")

	t.Log("a changed mind")
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	a.toExport()
	d.key("Return")
	d.focus(exportDialog)
	d.key("Escape")
	a.closed(exportDialog)
	a.unchanged(path, before)

	t.Log("all that the menu does not name: every trade, as Parquet")
	a.press("export-kind-trades")
	a.press("export-which-all")
	a.press("export-format-parquet")
	all := filepath.Join(d.home, "all.parquet")
	a.toExport()
	a.save("Return", exportDialog, all)
	if m := a.exported(all); m.Kind != "trades" || m.Format != "parquet" || len(m.Mints) != 0 || m.Rows < len(rows) {
		t.Errorf("the manifest says %+v", m)
	}
	if text, err := os.ReadFile(all); err != nil || !bytes.HasPrefix(text, []byte("PAR1")) || !bytes.HasSuffix(text, []byte("PAR1")) {
		t.Errorf("%s is no Parquet: %v", all, err)
	}

	// A place that takes no files, with a name that a careless printf would trip over.
	if err := os.Symlink("/proc/self/fd", filepath.Join(d.home, "100%s%n")); err != nil {
		t.Fatal(err)
	}
	a.toExport()
	a.save("Return", exportDialog, filepath.Join(d.home, "100%s%n", "file.parquet"))
	d.until("the dialog says why there is no file", func() bool { return a.holds("export-outcome", "100%s%n") })
	a.keepShot("failed")

	t.Log("a name that says another format")
	a.toExport()
	a.save("Return", exportDialog, filepath.Join(d.home, "other.csv"))
	d.until("the dialog says what to do", func() bool { return a.holds("export-refused", "end it in .csv, .jsonl") })
	if list, err := filepath.Glob(filepath.Join(d.home, "other.csv*")); err != nil || len(list) > 0 {
		t.Errorf("written all the same: %q %v", list, err)
	}

	d.focus(title)
	d.key("Escape")
	d.until("the dialog is gone", func() bool { return !a.has("export-dialog") })
	d.key("ctrl+q")
	if code := a.exit(patience); code != 0 {
		t.Errorf("exit code %d\n%s", code, a.output)
	}
}

// toExport shows the export dialog, as the menu does, with its button in focus.
func (a *app) toExport() {
	a.d.t.Helper()
	a.d.focus(title)
	if !a.has("export-dialog") {
		a.d.key("ctrl+e")
	}
	a.d.until("a file can be chosen", func() bool { return a.has("export-begin") })
	a.ask(`(document.querySelector('[data-testid="export-begin"]').focus(), true)`, new(bool))
}

// export writes what the dialog proposes.
func (a *app) export(path string) {
	a.d.t.Helper()
	a.d.focus(title)
	a.d.key("ctrl+e")
	a.d.until("Return chooses a file", func() bool { return a.focused() == "export-begin" })
	a.save("Return", exportDialog, path)
}

// manifest is what stands beside an exported file.
type manifest struct {
	Kind, Format, Interval string
	Mints                  []string
	Rows                   int
}

// exported waits until the window says that the file is written, and reads its manifest.
func (a *app) exported(path string) (m manifest) {
	a.d.t.Helper()
	a.d.until("the window says that it is written", func() bool {
		return a.count(`[data-testid="export-outcome"][data-state="done"]`) == 1 && a.holds("export-outcome", path)
	})
	text, err := os.ReadFile(path + ".manifest.json")
	if err != nil {
		a.d.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		a.d.t.Fatal(err)
	}
	return m
}

// readCandles reads an exported file once it is there. It is put in place whole.
func readCandles(t *testing.T, path, mint, interval string) (rows []candle) {
	t.Helper()
	d := &desk{t: t}
	d.until(path+" is there", func() bool { _, err := os.Stat(path); return err == nil })
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}

	defer file.Close()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}

	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}

	for _, line := range lines[1:] {
		if line[column["mint"]] != mint || line[column["interval"]] != interval {
			t.Fatalf("a row of %s %s in an export of %s %s", line[column["mint"]], line[column["interval"]], mint, interval)
		}
		number := func(name string) float64 {
			value, err := strconv.ParseFloat(line[column[name]], 64)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return value
		}
		rows = append(rows, candle{
			Time: int64(number("time")), Open: number("open"), High: number("high"), Low: number("low"), Close: number("close"),
			Volume: number("volume"), Quote: number("quote_volume"), Buy: number("buy_volume"), Trades: int64(number("trades")),
			IsFinal: line[column["is_final"]] == "true",
		})
	}

	return rows
}

// compare wants the exported final candles to be the API's, each of them and no other.
func compare(t *testing.T, rows, api []candle) {
	t.Helper()
	var final []candle
	for _, row := range rows {
		if row.IsFinal {
			final = append(final, row)
		}
	}

	if len(final) < 50 {
		t.Fatalf("only %d final candles exported", len(final))
	}
	if len(api) < len(final) {
		t.Fatalf("%d final candles exported, the API has %d", len(final), len(api))
	}

	for i, row := range final { // both oldest first
		if row != api[i] {
			t.Fatalf("row %d: exported %+v, the API says %+v", i, row, api[i])
		}
	}
}

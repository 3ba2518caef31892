package e2e

import (
	"encoding/csv"
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

	d.focus(title)
	a.export(filepath.Join(d.home, "second")) // the ending is added
	readCandles(t, filepath.Join(d.home, "second.csv"), shown.Mint, "s5")

	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	d.focus(title)
	d.key("ctrl+e")
	d.focus("Export History")
	d.key("Escape")
	a.closed("Export History")
	a.unchanged(path, before)

	// A place that takes no files, with a name that a careless printf would trip over.
	if err := os.Symlink("/proc/self/fd", filepath.Join(d.home, "100%s%n")); err != nil {
		t.Fatal(err)
	}
	d.focus(title)
	a.export(filepath.Join(d.home, "100%s%n", "file.csv"))
	d.focus("Export failed")
	d.keepPicture()
	d.key("Escape")
	a.closed("Export failed")

	d.focus(title)
	d.key("ctrl+q")
	if code := a.exit(patience); code != 0 {
		t.Errorf("exit code %d\n%s", code, a.output)
	}
}

func (a *app) export(path string) {
	a.d.t.Helper()
	a.save("ctrl+e", "Export History", path)
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

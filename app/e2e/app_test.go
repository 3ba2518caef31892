package e2e

import (
	"encoding/json"
	"fmt"
	"image"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spinscope/backend/porttest"
)

const title = "Spinscope"

// app is the program under test with its window.
type app struct {
	*process
	data      string // its data directory
	inspector string // HOST:PORT of the webview's inspector
	page      *inspector
}

// open starts the app, on a free port unless args say otherwise, and waits for its window.
func (d *desk) open(args ...string) *app {
	d.t.Helper()
	a := d.launch(args...)
	d.until("the window is there", func() bool {
		if !a.running() {
			d.t.Fatalf("the app ended: %s", a.output)
		}
		return len(d.windows(title)) > 0
	})
	return a
}

// launch starts the app and waits for nothing.
func (d *desk) launch(args ...string) *app {
	d.t.Helper()
	a := &app{data: filepath.Join(d.home, ".local", "share", "spinscope"), inspector: porttest.Free(d.t)}
	env := d.env
	d.env = append(env[:len(env):len(env)], "WEBKIT_INSPECTOR_HTTP_SERVER="+a.inspector)
	if !d.listens {
		args = append([]string{"--listen", "127.0.0.1:0"}, args...)
	}
	a.process = d.start("spinscope", os.Getenv("SPINSCOPE_DESKTOP"), args...)
	d.env = env
	d.t.Cleanup(func() {
		if d.t.Failed() {
			d.t.Logf("picture: %s\nlog of the app:\n%s", d.keepPicture(), a.output)
		}
	})
	return a
}

// ready waits until the history is read and the page has drawn its first candles.
func (a *app) ready() {
	a.d.t.Helper()
	base := a.base()
	a.d.until("the history is read", func() bool {
		var status struct {
			Connection string `json:"connection_status"`
			Backfill   struct{ Running bool }
		}
		get(a.d.t, base+"/api/events/status", &status)
		return status.Connection == "connected" && !status.Backfill.Running
	})
	a.attach()
	a.d.until("candles are drawn", func() bool {
		view, ok := a.view()
		return ok && view.Phase == "ready" && view.Link == "connected" && view.Bars > 0
	})
}

// attach connects to the page's inspector; again after the page's process was renewed.
func (a *app) attach() {
	a.d.t.Helper()
	if a.page != nil {
		a.page.close()
	}
	a.page = inspect(a.d, a.inspector)
}

// view is what the page says about itself in window.__spinscope.
type view struct {
	Mint     string   `json:"mint"`
	Interval string   `json:"interval"`
	Phase    string   `json:"phase"`
	Link     string   `json:"link"`
	Bars     int      `json:"bars"`
	Updates  int      `json:"updates"`
	Last     *candle  `json:"last"`
	Candles  []candle `json:"candles"`
}

func (a *app) view() (v view, ok bool) {
	ok = a.page.eval("window.__spinscope && {...window.__spinscope}", &v) == nil
	return v, ok && v.Phase != ""
}

// ask runs an expression in the page until it has a value.
func (a *app) ask(expression string, result any) {
	a.d.t.Helper()
	a.d.until("the page answers", func() bool { return a.page.eval(expression, result) == nil })
}

// body is all text of the page.
func (a *app) body() string {
	var text string
	_ = a.page.eval("document.body.innerText", &text)
	return text
}

// chart is where the chart lies on the screen.
func (a *app) chart() image.Rectangle {
	a.d.t.Helper()
	return a.onScreen(`[data-testid="chart"]`)
}

// onScreen is where an element lies on the screen.
func (a *app) onScreen(selector string) image.Rectangle {
	a.d.t.Helper()
	var box struct{ X, Y, Width, Height, Inner float64 }
	a.ask(fmt.Sprintf(`(({x, y, width, height}) => ({x, y, width, height, inner: innerHeight}))(
		document.querySelector('%s').getBoundingClientRect())`, selector), &box)
	window := a.d.place(a.d.windows(title)[0])
	corner := image.Pt(window.Min.X+int(box.X), window.Max.Y-int(box.Inner)+int(box.Y)) // the menu bar is above the page
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(int(box.Width), int(box.Height)))}
}

// paint is what of the candles' colours is on the screen.
type paint struct {
	up, down int
	hash     uint64 // of where it is
}

// paint looks at the chart's pixels.
func (a *app) paint() (p paint) {
	a.d.t.Helper()
	var colours [2]string
	a.ask(`['--chart-up', '--chart-down'].map(name => getComputedStyle(document.documentElement).getPropertyValue(name).trim())`, &colours)
	var wanted [2][3]int
	for i, colour := range colours {
		if _, err := fmt.Sscanf(colour, "#%02x%02x%02x", &wanted[i][0], &wanted[i][1], &wanted[i][2]); err != nil {
			a.d.t.Fatalf("colour %q: %v", colour, err)
		}
	}

	area, shown := a.chart(), a.d.picture()
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, _ := shown.At(x, y).RGBA()
			is := func(c [3]int) bool {
				return near(int(r>>8), c[0]) && near(int(g>>8), c[1]) && near(int(b>>8), c[2])
			}
			switch {
			case is(wanted[0]):
				p.up++
			case is(wanted[1]):
				p.down++
			default:
				continue
			}

			p.hash = (p.hash ^ uint64(y*10_000+x)) * 1099511628211
		}
	}

	return p
}

func near(a, b int) bool { return max(a, b)-min(a, b) < 6 }

// base is the address of the app's server, once it answers there.
func (a *app) base() (base string) {
	a.d.t.Helper()
	a.d.until("the server answers at its address", func() bool {
		text, err := os.ReadFile(filepath.Join(a.data, "server.addr")) // perhaps of an earlier run
		if err != nil {
			return false
		}
		base = "http://" + strings.TrimSpace(string(text))
		response, err := http.Get(base + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return base
}

// candle is one of the API's, and one of the page's.
type candle struct {
	Time    int64   `json:"time"`
	Open    float64 `json:"open"`
	High    float64 `json:"high"`
	Low     float64 `json:"low"`
	Close   float64 `json:"close"`
	Volume  float64 `json:"volume"`
	Quote   float64 `json:"quote_volume"`
	Buy     float64 `json:"buy_volume"`
	Trades  int64   `json:"trades"`
	IsFinal bool    `json:"is_final"`
}

// candles are all stored candles as the API gives them, oldest first.
func candles(t *testing.T, base, mint, interval string) (all []candle) {
	t.Helper()
	for page := 1; ; page++ {
		var answer struct {
			Klines  []candle
			HasNext bool `json:"has_next"`
		}
		get(t, fmt.Sprintf("%s/api/kline?mint=%s&interval=%s&order_by=time_asc&limit=1000&page=%d", base, mint, interval, page), &answer)
		all = append(all, answer.Klines...)
		if !answer.HasNext {
			return all
		}
	}
}

// get asks the API and puts what it answers into data.
func get(t *testing.T, address string, data any) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer := struct {
		Success bool
		Message string
		Data    any
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || !answer.Success {
		t.Fatalf("%s: %v %s", address, err, answer.Message)
	}
}

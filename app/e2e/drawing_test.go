package e2e

import (
	"fmt"
	"image"
	"strconv"
	"testing"
)

// A line that is drawn by hand is there after a restart, the line of an alert is moved by hand, and alerts are silent until
// the person wants to hear them.
func TestDrawing(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	a.board()

	d.focus(title)
	d.key("alt+h")
	d.until("the tool is in hand", a.says(`document.querySelector('[data-testid="draw-hint"]') !== null`))
	box := a.chart()
	d.press(at(box, 0.4, 0.3))
	d.until("the line is drawn", a.says(drawn+` === '1'`))
	var mint string
	a.ask("window.__spinscope.mint", &mint)
	kept := fmt.Sprintf(`localStorage.getItem('spinscope.drawings.%s')`, mint)
	var before string
	a.ask(kept, &before)
	d.keepPicture()
	d.key("Escape")

	var price float64
	a.ask(fmt.Sprintf(`JSON.parse(%s).drawings[0].points[0].price`, kept), &price)
	var list struct{ Rules []struct{ Price string } }
	a.ask(fmt.Sprintf(`(window.go.app.App.SaveAlert({id: 'moved', kind: 'price_above', symbol: %q, price: %q, created_at: 0}), 1)`,
		mint, strconv.FormatFloat(price, 'f', 20, 64)), new(int))
	d.key("a") // the list is read, and the rules with it
	d.until("the alert has a line", a.says(`document.querySelector('[data-testid="chart"]').dataset.alerts === '1'`))

	// The two lie over each other, and what was drawn is taken before alerts.
	d.key("shift+n")
	d.key("Delete")
	d.until("the drawn line is gone", a.says(drawn+` === '0'`))
	d.until("the alert waits for a higher price", func() bool {
		// With the tools the chart has another place, and the market moves its scale: a drag may miss the line.
		box := a.chart()
		var height float64
		a.ask(fmt.Sprintf("window.__spinscope.heightOf(%g)", price), &height)
		top := at(box, 0.4, 0)
		d.drag(top.Add(image.Pt(0, int(height))), top.Add(image.Pt(0, int(height/2))))

		list.Rules = nil
		get(t, a.base()+"/api/alerts", &list)
		now, _ := strconv.ParseFloat(list.Rules[0].Price, 64)
		return now > 1.001*price
	})
	d.keepPicture()
	d.key("ctrl+z")
	d.until("the drawn line is back", a.says(drawn+` === '1'`))

	// The next trades of any coin fire it, and nothing is heard.
	a.ask(`(window.go.app.App.SaveAlert({id: 'any', kind: 'percent_move', percent: 0.01, window_seconds: 60, direction: 'both', created_at: 0}), 1)`,
		new(int))
	d.until("an alert is told", a.says(`document.querySelector('[data-testid="toast"][data-kind="alert"]') !== null`))
	if !a.says(`window.__spinscope.sounds === 0`)() {
		t.Error("an alert was heard, and nobody had asked for it")
	}
	d.until("the alerts are silent", a.says(`document.querySelector('[data-testid="alert-sound"]')?.getAttribute('aria-pressed') === 'false'`))
	a.ask(`(document.querySelector('[data-testid="alert-sound"]').click(), 1)`, new(int))
	d.until("it is heard once it is on", a.says(`window.__spinscope.sounds > 0`))

	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()

	b := d.open()
	b.ready()
	b.board()
	d.until("the line is there after a restart", b.says(fmt.Sprintf(`window.__spinscope.mint === %q && %s === '1'`, mint, drawn)))
	var after string
	b.ask(kept, &after)
	if drawings(before) != drawings(after) {
		t.Errorf("%s became %s", before, after)
	}
	d.focus(title)
	d.key("ctrl+q")
	b.endsCleanly()
}

const drawn = `document.querySelector('[data-testid="drawn"]')?.dataset.count`

// drawings is what is kept without the time when it was.
func drawings(kept string) string {
	for i := range kept {
		if kept[i] == '[' {
			return kept[i:]
		}
	}
	return kept
}

// board waits until the chart can be drawn on.
func (a *app) board() {
	a.d.t.Helper()
	a.d.until("the chart can be drawn on", a.says(drawn+` !== undefined`))
}

// says is whether an expression is true in the page.
func (a *app) says(expression string) func() bool {
	return func() bool {
		var is bool
		return a.page.eval(expression, &is) == nil && is
	}
}

// at is a place of a rectangle, in parts of its width and height.
func at(box image.Rectangle, across, down float64) image.Point {
	return box.Min.Add(image.Pt(int(float64(box.Dx())*across), int(float64(box.Dy())*down)))
}

// press clicks at a place of the screen. xdotool's --sync would wait here, and in drag, for as long as the pointer is there already.
func (d *desk) press(place image.Point) {
	d.t.Helper()
	d.try("xdotool", "mousemove", fmt.Sprint(place.X), fmt.Sprint(place.Y), "click", "1")
}

// drag moves the pointer from one place of the screen to another with its button down.
func (d *desk) drag(from, to image.Point) {
	d.t.Helper()
	d.try("xdotool", "mousemove", fmt.Sprint(from.X), fmt.Sprint(from.Y), "mousedown", "1")
	half := from.Add(to).Div(2)
	for _, place := range []image.Point{half, to} {
		d.try("xdotool", "mousemove", fmt.Sprint(place.X), fmt.Sprint(place.Y))
	}
	d.try("xdotool", "mouseup", "1")
}

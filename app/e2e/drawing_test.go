package e2e

import (
	"fmt"
	"image"
	"testing"
)

// A line that is drawn by hand is there after a restart, and alerts are silent until the person wants to hear them. That the line
// of an alert is moved by hand is tested in the browser (frontend/e2e/drawing.test.mjs).
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

	d.key("a") // the alerts, where their sound is switched
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

// press clicks at a place of the screen.
func (d *desk) press(place image.Point) {
	d.t.Helper()
	d.try("xdotool", "mousemove", "--sync", fmt.Sprint(place.X), fmt.Sprint(place.Y), "click", "1")
}

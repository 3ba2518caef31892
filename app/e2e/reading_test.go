package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// What the real webview draws of a price can be read at one device pixel, in the list, the header and at the axis; what is
// measured is what the browser tests measure.
func TestPricesCanBeRead(t *testing.T) {
	need(t)
	source, err := os.ReadFile("../../frontend/e2e/glyphs.mjs")
	if err != nil {
		t.Fatal(err)
	}

	functions := strings.ReplaceAll(string(source), "export function", "function")
	d := newDesk(t)
	a := d.open()
	a.ready()
	a.chooseBusiest()
	var scale float64
	if a.ask("devicePixelRatio", &scale); scale != 1 {
		t.Fatalf("%v device pixels for one", scale)
	}

	type drawn struct{ Text, Font string }
	readable := func(what string, shown drawn) {
		t.Helper()
		text, _ := json.Marshal(map[string]string{"text": shown.Text, "font": shown.Font})
		var worst struct {
			Share, Height float64
			Pair, Text    string
		}
		a.ask(fmt.Sprintf(`(() => { %s; return unlike(%s) })()`, functions, text), &worst)
		t.Logf("%s: %+v", what, worst)
		if worst.Share <= 0.12 || worst.Height < 7 {
			t.Errorf("%s: %+v", what, worst)
		}
	}
	for _, id := range []string{"token-price", "price", "legend-close"} {
		var shown drawn
		a.ask(fmt.Sprintf(`(node => { const { fontSize, fontFamily, fontWeight } = getComputedStyle(node)
			return { text: node.textContent.trim(), font: [fontWeight, fontSize, fontFamily].join(' ') } })(
			document.querySelector('[data-testid=%q]'))`, id), &shown)
		readable(id, shown)
	}

	a.ask(fmt.Sprintf(`(() => { %s; watchAxis(); return 1 })()`, functions), new(int))
	d.focus(title)
	var axis drawn
	d.until("the axis is drawn", func() bool {
		d.key("f")
		return a.page.eval("window.axisPrice", &axis) == nil && axis.Text != ""
	})
	readable("axis", axis)
	d.keepPicture()
	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
}

package e2e

import (
	"fmt"
	"image"
	"slices"
	"strings"
	"testing"
	"time"
)

// elsewise makes the page hear other answers than the server gives: a gap whose cause is long, candles that were
// corrected, and, when window.down says so, a cluster that cannot be reached.
const elsewise = `(() => {
	const real = window.fetch
	window.fetch = async (url, ...rest) => {
		const answer = await real(url, ...rest)
		const { pathname } = new URL(url, location.href)
		const path = ['/api/gaps', '/api/kline/status', '/api/kline', '/api/events/status'].find((path) => pathname === path)
		if (!path) return answer
		const { data, ...whole } = await answer.json()
		if (path === '/api/gaps') {
			const cause = 'the transaction ' + '5itr8'.repeat(17) + 'wEt could not be read'
			Object.assign(data, { gaps: [{ from_slot: 1, to_slot: 1e12, cause, state: 'open', seq: 1 }], total: 1 })
		}
		if (path === '/api/kline/status') data.stats.gaps_open = 1
		if (path === '/api/kline') for (const candle of data.klines) if (candle.is_final) candle.corrected = true
		if (path === '/api/events/status' && window.down)
			Object.assign(data, { connection_status: 'reconnecting', last_error: 'no route to host', failures: 3 })
		return new Response(JSON.stringify({ ...whole, data }), { status: answer.status, headers: { 'Content-Type': 'application/json' } })
	}
	return 1
})()`

// In the real webview, with a real pointer: a gap's tip stays in its box, the reason of what was corrected can be read at
// the candle, no tooltip of the system is as wide as a pane, and what is told of an outage leaves the chart where it is.
func TestWhatExplainsStaysInItsPlace(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	a.chooseBusiest()
	window := d.focus(title)
	a.ask(elsewise, new(int))
	a.interval("6", "m5") // read anew, with those answers
	d.until("the gap is drawn", func() bool { return a.count(`[data-testid="chart"][data-gaps="1"]`) == 1 })

	type box struct{ Text, Inside string }
	tip := func() (shown box) {
		_ = a.page.eval(`(tip => tip && { text: tip.textContent, inside: (({ left, right, top, bottom }, { scrollWidth, clientWidth }, chart) =>
			left >= chart.left && right <= chart.right && top >= chart.top - 1 && bottom <= chart.bottom && scrollWidth <= clientWidth ? 'yes' : 'no')(
			tip.getBoundingClientRect(), tip, document.querySelector('[data-testid="chart"]').getBoundingClientRect()) })(
			document.querySelector('[data-testid="tip"]'))`, &shown)
		return shown
	}

	// The pointer goes through the chart until all of the texts have been told.
	texts := map[string]bool{}
	wanted := []string{"could not be read", "changed this candle after it had closed"}
	area, step := a.chart(), 0
	d.until("gap and correction are told", func() bool {
		step++
		at := area.Min.Add(image.Pt(area.Dx()*(30+step*7%45)/100, area.Dy()*(15+step*3%60)/100))
		d.point(at)
		d.until("the page has followed", func() bool {
			var done bool
			a.ask(`(window.frames2 = 0, requestAnimationFrame(() => requestAnimationFrame(() => (window.frames2 = 2))), true)`, &done)
			return a.page.eval("window.frames2 === 2", &done) == nil && done
		})

		shown := tip()
		for _, text := range wanted {
			if strings.Contains(shown.Text, text) {
				texts[text] = true
				if shown.Inside != "yes" {
					t.Fatalf("%q leaves the chart or its box", shown.Text)
				}
			}
		}

		return len(texts) == len(wanted)
	})
	a.keepShot("tip")

	// The badge in the legend tells the same to the keyboard.
	d.point(d.place(window).Min.Add(image.Pt(3, 400)))
	d.key("Left", "Left", "Left")
	d.until("the badge tells why", func() bool {
		var reason string
		err := a.page.eval(`(badge => badge && (badge.focus(), getComputedStyle(badge, '::after').content))(document.querySelector('[data-testid="legend-corrected"]'))`, &reason)
		return err == nil && strings.Contains(reason, "after it had closed")
	})

	// What the system opens beside a trade on which the pointer rests.
	d.key("Escape")
	row := a.onScreen(`[data-testid="trade"]:nth-child(4)`)
	before := d.shown()
	d.point(row.Min.Add(image.Pt(row.Dx()/2-3, row.Dy()/2)))
	time.Sleep(50 * time.Millisecond) // it rests only when it has moved
	d.point(row.Min.Add(image.Pt(row.Dx()/2, row.Dy()/2)))
	d.until("a tooltip opens", func() bool {
		for _, one := range d.shown() {
			if slices.Contains(before, one) {
				continue
			}
			size := d.place(one).Size()
			t.Logf("a tooltip of %v", size)
			if size.X > 500 {
				t.Errorf("a tooltip %d pixels wide", size.X)
			}
			return true
		}

		return false
	})
	a.keepShot("tooltip")
	d.point(d.place(window).Min.Add(image.Pt(3, 400)))

	places := func() (list string) {
		a.ask(`[...document.querySelectorAll('[data-testid="chart"] canvas')].map(canvas => (({ x, y, width, height }) =>
			[x, y, width, height].join())(canvas.getBoundingClientRect())).join(' ')`, &list)
		return list
	}
	at := places()
	a.ask("window.down = true", new(bool))
	d.until("the outage is told", func() bool { return a.has("banner") })
	if now := places(); now != at {
		t.Errorf("the chart moved from %s to %s", at, now)
	}

	a.keepShot("banner")
	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
}

// point moves the pointer to a place on the screen.
func (d *desk) point(at image.Point) {
	d.try("xdotool", "mousemove", fmt.Sprint(at.X), fmt.Sprint(at.Y))
}

// shown are all windows in sight, tooltips too.
func (d *desk) shown() []string {
	return strings.Fields(d.try("xdotool", "search", "--onlyvisible", "--name", ".*"))
}

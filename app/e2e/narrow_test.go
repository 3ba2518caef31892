package e2e

import (
	"fmt"
	"testing"
)

// In the real webview: charts keep their order, a message does not cover the card of a trade, a box looks as it is, and a
// narrow window shows one panel at a time.
func TestWindowGivesEverythingItsPlace(t *testing.T) {
	need(t)
	d := newDesk(t)
	a := d.open()
	a.ready()
	shows := func(expression string) func() bool {
		return func() (is bool) {
			a.ask(expression, &is)
			return is
		}
	}

	var look struct{ First, Shown string }
	if a.ask(`({ first: document.querySelector('[data-testid="token-row"]').dataset.mint, shown: window.__spinscope.mint })`, &look); look.First != look.Shown {
		t.Errorf("the first look opens %s, the first of the list is %s", look.Shown, look.First)
	}

	intervals := func() (list string) {
		a.ask(`[...document.querySelectorAll('[data-testid="chart"]')].map(({dataset}) => dataset.interval).join()`, &list)
		return list
	}
	window := d.focus(title)
	d.key("alt+4")
	d.until("four charts are shown", func() bool { return a.count(`[data-testid="chart"][data-phase="ready"]`) == 4 })

	before := intervals()
	d.key("ctrl+bracketright")
	d.key("alt+1")
	d.until("one chart is shown", func() bool { return a.count(`[data-testid="chart"]`) == 1 })
	d.key("alt+4")
	d.until("four are shown in their order", func() bool { return intervals() == before })
	d.key("alt+1")

	d.until("there are trades", func() bool { return a.count(`[data-testid="trade"]`) > 0 })
	a.ask(`(document.querySelector('[data-testid="trade"]').click(), 1)`, new(any))
	d.until("a trade has its card", func() bool { return a.has("trade-card") })
	a.press("copy-account")
	d.until("the message and the card lie apart", shows(`(() => {
		const [card, message] = ['trade-card', 'toast'].map((id) => document.querySelector('[data-testid="' + id + '"]')?.getBoundingClientRect())
		return !!card && !!message && (message.right <= card.left || message.bottom <= card.top)
	})()`))

	d.key("ctrl+n")
	d.until("the form is there, for one alert", shows(`document.querySelector('[data-testid="alert-once"]')?.checked === true`))
	tick := `getComputedStyle(document.querySelector('[data-testid="alert-once"]'), '::before').content`
	d.until("the box has its tick", shows(tick+` !== 'none'`))
	a.press("alert-once")
	d.until("and none when it is not ticked", shows(tick+` === 'none'`))
	a.press("alert-cancel")

	visible := func(id string) string {
		return fmt.Sprintf(`!!document.querySelector('[data-testid=%q]')?.checkVisibility({visibilityProperty: true})`, id)
	}
	d.try("xdotool", "windowsize", window, "1000", "700")
	d.until("a wide window shows all panels", shows(visible("token-search")+` && `+visible("side-trades")+` && `+visible("interval-m1")))
	for _, width := range []string{"880", "760"} {
		d.try("xdotool", "windowsize", window, width, "560")
		d.until("the window is "+width+" wide", shows(`innerWidth === `+width))
		for _, panel := range []struct {
			name, shows string
			hides       [2]string
		}{
			{"tokens", "token-search", [2]string{"side-trades", "interval-m1"}},
			{"side", "side-trades", [2]string{"token-search", "interval-m1"}},
			{"chart", "interval-m1", [2]string{"token-search", "side-trades"}},
		} {
			d.until("a narrow window has panels", shows(visible("panel-"+panel.name)))
			a.press("panel-" + panel.name)
			d.until("one panel is shown: "+panel.name,
				shows(visible(panel.shows)+` && !`+visible(panel.hides[0])+` && !`+visible(panel.hides[1])))
		}
	}

	// What the toolbar has no room for is in a menu; alone, the chart has room for everything.
	missing := func() (list []string) {
		a.ask(`['log', 'fit', 'layers', 'volume', 'reset'].filter((name) => !(document.querySelector('[data-testid="toggle-' + name + '"]') ??
			document.querySelector('[data-testid="' + name + '"]'))?.checkVisibility({visibilityProperty: true}))`, &list)
		return list
	}
	d.until("the smallest window has all buttons", func() bool { return len(missing()) == 0 })
	a.keepShot("smallest")
	d.try("xdotool", "windowsize", window, "910", "600")
	d.until("beside the other panels it has not", func() bool { return a.has("more") && len(missing()) > 0 })

	names := missing()
	a.press("more")
	d.until("the menu is open", shows(`document.querySelector('[role="menu"]') !== null`))
	for _, name := range names {
		if !a.has("more-" + name) {
			t.Errorf("%s is neither in the toolbar nor in its menu", name)
		}
	}

	a.keepShot("menu")
	a.press("more-" + names[0])
	d.until("the menu is gone", shows(`document.querySelector('[role="menu"]') === null`))
	d.keepPicture()
	d.focus(title)
	d.key("ctrl+q")
	a.endsCleanly()
}
